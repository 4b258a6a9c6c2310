"""`civicmeter person set-password LOGIN --by NAME`."""

from datetime import UTC, datetime

import click

from civicmeter.commands.person.typed import PASSWORD_FILE, password_hash
from civicmeter.wiring.pipeline import open_pipeline
from config.settings import Settings
from domain.access import name_problem
from domain.audit import LOCAL
from domain.errors import ConfigError
from domain.people import plain_login


@click.command("set-password")
@click.argument("login", metavar="LOGIN")
@PASSWORD_FILE
@click.option("--by", required=True, metavar="NAME", help="On whose word.")
@click.pass_obj
def set_password_command(
    settings: Settings, login: str, password_file: str | None, by: str
) -> None:
    """Give somebody another password; whoever is signed in as them is not any more."""
    login = plain_login(login)
    if problem := name_problem(by):
        raise ConfigError(problem)
    with open_pipeline(settings) as pipeline:
        if pipeline.ledger.person(login) is None:
            raise ConfigError(f"nobody signs in as {login}: civicmeter person list")
        password = password_hash(login, password_file)
        now = datetime.now(UTC)
        pipeline.ledger.set_password(login, password, at=now, actor=LOCAL.on_word_of(by))
    click.echo(f"{login} has another password; their sessions are over")
