"""`civicmeter vendor`: who may post, mend and see what; a file each subcommand."""

import click

from civicmeter.commands.vendor.add import add_command
from civicmeter.commands.vendor.ending import revoke_command, rotate_command
from civicmeter.commands.vendor.issue_key import issue_key_command
from civicmeter.commands.vendor.seen import list_command


@click.group("vendor")
def command() -> None:
    """Say who may post, mend and see what, and issue their keys."""


for _subcommand in (
    add_command,
    issue_key_command,
    rotate_command,
    revoke_command,
    list_command,
):
    command.add_command(_subcommand)
