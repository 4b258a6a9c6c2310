"""`civicmeter person lock LOGIN` and `civicmeter person unlock LOGIN`."""

from datetime import UTC, datetime

import click

from civicmeter.wiring.pipeline import open_pipeline
from config.settings import Settings
from domain.access import may_be_one_person, name_problem
from domain.audit import LOCAL
from domain.errors import ConfigError
from domain.people import plain_login


@click.command("lock")
@click.argument("login", metavar="LOGIN")
@click.option("--reason", required=True, help="Kept for ever.")
@click.option("--by", required=True, metavar="NAME", help="On whose word.")
@click.pass_obj
def lock_command(settings: Settings, login: str, reason: str, by: str) -> None:
    """Let somebody sign in no more, and end their sessions at once, in every process."""
    if problem := name_problem(by):
        raise ConfigError(problem)
    login, now = plain_login(login), datetime.now(UTC)
    with open_pipeline(settings) as pipeline:
        ledger = pipeline.ledger
        ledger.lock_person(login, at=now, reason=reason, actor=LOCAL.on_word_of(by))
        account, keys = ledger.person(login), ledger.issued_keys()
    click.echo(f"{login} is locked; their sessions are over")
    assert account is not None
    for key in keys:
        own = key.holder == account.holder and may_be_one_person(key.person, account.person)
        if own and key.state(now) != "revoked" and key.state(now) != "expired":
            click.echo(f"a key of theirs still holds: civicmeter vendor revoke {key.prefix} …")


@click.command("unlock")
@click.argument("login", metavar="LOGIN")
@click.option("--reason", required=True, help="Kept for ever.")
@click.option("--by", required=True, metavar="NAME", help="On whose word.")
@click.pass_obj
def unlock_command(settings: Settings, login: str, reason: str, by: str) -> None:
    """Let somebody who was locked sign in again."""
    if problem := name_problem(by):
        raise ConfigError(problem)
    login = plain_login(login)
    with open_pipeline(settings) as pipeline:
        pipeline.ledger.unlock_person(login, reason=reason, actor=LOCAL.on_word_of(by))
    click.echo(f"{login} may sign in again")
