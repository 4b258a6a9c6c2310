"""`civicmeter person`: who signs in, and as what; a file each subcommand."""

import click

from civicmeter.commands.person.add import add_command
from civicmeter.commands.person.ending import lock_command, unlock_command
from civicmeter.commands.person.link import link_command
from civicmeter.commands.person.password import set_password_command
from civicmeter.commands.person.seen import list_command


@click.group("person")
def command() -> None:
    """Say who signs in with a password, and as what; lock them out."""


for _subcommand in (
    add_command,
    set_password_command,
    link_command,
    lock_command,
    unlock_command,
    list_command,
):
    command.add_command(_subcommand)
