"""A password, typed at a prompt or read from a file; never an argument, which others see in the list
of processes."""

from pathlib import Path

import click

from domain.errors import ConfigError
from domain.people import password_problem

PASSWORD_FILE = click.option(
    "--password-file",
    metavar="FILE",
    help="A file that holds the password in its first line, - for the standard input; left out: "
    "typed at a prompt.",
)


def password_hash(login: str, file: str | None) -> str:
    """The hash of what is typed or read. Raises ConfigError for a password that will not do."""
    from api.access.passwords import hashed

    password = _typed() if file is None else _read(file)
    if problem := password_problem(password, login):
        raise ConfigError(problem)
    return hashed(password)


def _typed() -> str:
    text: str = click.prompt("password", hide_input=True, confirmation_prompt=True, err=True)
    return text


def _read(file: str) -> str:
    try:
        with click.open_file(file, encoding="utf-8") as opened:
            return str(opened.readline()).rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        name = "the standard input" if file == "-" else str(Path(file))
        raise ConfigError(f"{name} cannot be read as a password: {error}") from error
