"""`civicmeter audit`: the trail of who changed what, seen, verified, signed."""

import click

from civicmeter.commands.audit.checkpoint import checkpoint_command, new_key_command
from civicmeter.commands.audit.listing import list_command
from civicmeter.commands.audit.verify import verify_command


@click.group("audit")
def command() -> None:
    """See and verify who changed what; sign where the trail ends."""


for _subcommand in (list_command, verify_command, checkpoint_command, new_key_command):
    command.add_command(_subcommand)
