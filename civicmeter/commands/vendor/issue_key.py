"""`civicmeter vendor issue-key ID [--role …] [--institution …] --by NAME`."""

from datetime import UTC, date, datetime

import click

from civicmeter.narrowing import NARROWING, require_known
from civicmeter.wiring.pipeline import open_pipeline
from config.settings import Settings
from domain.access import name_problem
from domain.audit import LOCAL
from domain.errors import ConfigError
from domain.keys import Key, Role, digest_of, new_key_text

DAY = click.DateTime(["%Y-%m-%d"])


@click.command("issue-key")
@click.argument("id", metavar="ID")
@click.option(
    "--role", type=click.Choice([r.value for r in Role]), default="vendor", show_default=True
)
@click.option("--person", default="", help="Whose own key it is; left out: a program's.")
@NARROWING
@click.option(
    "--from", "begins", type=DAY, help="The first day (UTC) on which it holds; left out: now."
)
@click.option("--expires", type=DAY, help="The first day (UTC) on which it holds no more.")
@click.option("--by", required=True, metavar="NAME", help="On whose word.")
@click.pass_obj
def issue_key_command(
    settings: Settings,
    id: str,
    role: str,
    person: str,
    institution: tuple[str, ...],
    contract: tuple[str, ...],
    device: tuple[str, ...],
    begins: datetime | None,
    expires: datetime | None,
    by: str,
) -> None:
    """Issue a key. It is shown once, here, and kept as a digest only."""
    for given in filter(None, (person, by)):
        if problem := name_problem(given):
            raise ConfigError(problem)
    text, prefix = new_key_text()
    key = Key(
        prefix=prefix,
        digest=digest_of(text),
        holder=id,
        role=Role(role),
        person=person,
        issued_at=day_to_come(begins.date()) if begins else datetime.now(UTC),
        expires_at=day_to_come(expires.date()) if expires else None,
        institutions=frozenset(institution) or None,
        contracts=frozenset(contract) or None,
        devices=frozenset(device) or None,
    )
    if key.expires_at is not None and key.expires_at <= key.issued_at:
        raise ConfigError("the key would have expired before it holds: give a later --expires")
    with open_pipeline(settings) as pipeline:
        require_known(pipeline.ledger.registry(), key, "the key")
        pipeline.ledger.issue_key(key, actor=LOCAL.on_word_of(by))
    show(key, text)


def day_to_come(day: date) -> datetime:
    """The instant at which a day begins (UTC), in the future. Raises ConfigError otherwise."""
    at = datetime(day.year, day.month, day.day, tzinfo=UTC)
    if at <= datetime.now(UTC):
        raise ConfigError(f"{day} is not in the future: give a day from tomorrow on")
    return at


def show(key: Key, text: str) -> None:
    """Tell the key, this once."""
    until = f"until {key.expires_at:%Y-%m-%d}" if key.expires_at else "until it is revoked"
    click.echo(f"key {key.prefix} of {key.holder}, {key.role}, {until}; it is shown only now:")
    click.echo(text)
