"""`civicmeter statement`: what both sides sign; a file each subcommand."""

import click

from civicmeter.commands.statement.issue import issue_command
from civicmeter.commands.statement.refuse import refuse_command
from civicmeter.commands.statement.reproduce import reproduce_command
from civicmeter.commands.statement.seen import list_command
from civicmeter.commands.statement.sign import sign_command
from civicmeter.commands.statement.write import write_command


@click.group("statement")
def command() -> None:
    """Issue a contract's statement, sign it, reckon it again."""


for _subcommand in (
    issue_command,
    sign_command,
    refuse_command,
    list_command,
    write_command,
    reproduce_command,
):
    command.add_command(_subcommand)
