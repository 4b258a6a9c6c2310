"""Who says so: the command line acts as the local administrator, on somebody's word."""

import getpass

import click

from domain.access import name_problem
from domain.errors import ConfigError

BY = click.option("--by", metavar="NAME", help="On whose word, for the audit trail; default: you.")


def name_of(by: str | None) -> str:
    """The name given, or the account's. Raises ConfigError for a name that cannot stand."""
    name = getpass.getuser() if by is None else by
    if problem := name_problem(name):
        raise ConfigError(problem)
    return name
