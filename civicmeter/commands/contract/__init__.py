"""`civicmeter contract`: what contracts pay; a file each subcommand."""

import click

from civicmeter.commands.contract.settle import settle_command
from civicmeter.commands.contract.trial import try_command


@click.group("contract")
def command() -> None:
    """Settle a contract's month; try terms that are being negotiated."""


command.add_command(settle_command)
command.add_command(try_command)
