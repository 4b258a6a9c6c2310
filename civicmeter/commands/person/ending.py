"""`civicmeter person lock LOGIN` and `civicmeter person unlock LOGIN`."""

from datetime import UTC, datetime

import click

from civicmeter.wiring.pipeline import open_pipeline
from config.settings import Settings
from domain.access import may_be_one_person, name_problem
from domain.audit import LOCAL
from domain.errors import ConfigError
from domain.keys import Key
from domain.people import Account, plain_login


@click.command("lock")
@click.argument("login", metavar="LOGIN")
@click.option("--reason", required=True, help="Kept for ever.")
@click.option("--revoke-keys", is_flag=True, help="End the keys in their name as well.")
@click.option("--by", required=True, metavar="NAME", help="On whose word.")
@click.pass_obj
def lock_command(settings: Settings, login: str, reason: str, revoke_keys: bool, by: str) -> None:
    """Let somebody sign in no more, and end their sessions at once, in every process."""
    if problem := name_problem(by):
        raise ConfigError(problem)
    login, now = plain_login(login), datetime.now(UTC)
    actor = LOCAL.on_word_of(by)
    with open_pipeline(settings) as pipeline:
        ledger = pipeline.ledger
        ledger.lock_person(login, at=now, reason=reason, actor=actor)
        click.echo(f"{login} is locked; their sessions are over")
        account = ledger.person(login)
        assert account is not None
        for key in ledger.issued_keys():
            if not _is_theirs(key, account) or key.state(now) not in ("valid", "early"):
                continue
            if revoke_keys:
                ledger.revoke_key(key.prefix, at=now, reason=reason, actor=actor)
                click.echo(f"the key {key.prefix} is revoked")
            else:
                click.echo(f"a key of theirs still holds: civicmeter vendor revoke {key.prefix} …")


def _is_theirs(key: Key, account: Account) -> bool:
    return key.holder == account.holder and may_be_one_person(key.person, account.person)


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
