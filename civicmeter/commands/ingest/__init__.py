"""`civicmeter ingest`: try a mapping; see, replay and purge what was kept aside."""

import click

from civicmeter.commands.ingest.check import check_command
from civicmeter.commands.ingest.dead_letters import dead_letters
from civicmeter.commands.ingest.waiting import waiting_devices


@click.group("ingest")
def command() -> None:
    """Try a mapping; see and replay what was kept aside."""


for _subcommand in (check_command, dead_letters, waiting_devices):
    command.add_command(_subcommand)
