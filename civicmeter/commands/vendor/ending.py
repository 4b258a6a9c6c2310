"""`civicmeter vendor rotate PREFIX` and `civicmeter vendor revoke PREFIX`."""

from datetime import UTC, datetime, timedelta

import click

from civicmeter.commands.vendor.issue_key import DAY, day_to_come, show
from civicmeter.wiring.pipeline import open_pipeline
from config.settings import Settings
from domain.access import name_problem
from domain.audit import LOCAL
from domain.errors import ConfigError
from domain.keys import digest_of, new_key_text


@click.command("rotate")
@click.argument("prefix", metavar="PREFIX")
@click.option(
    "--overlap-days",
    type=click.IntRange(0, 90),
    default=7,
    show_default=True,
    help="So long the old one goes on.",
)
@click.option("--expires", type=DAY, help="The first day (UTC) on which the new one holds no more.")
@click.option("--by", required=True, metavar="NAME", help="On whose word.")
@click.pass_obj
def rotate_command(
    settings: Settings, prefix: str, overlap_days: int, expires: datetime | None, by: str
) -> None:
    """Issue a key in another's place, for the same; both hold for some days."""
    if problem := name_problem(by):
        raise ConfigError(problem)
    now = datetime.now(UTC)
    text, new_prefix = new_key_text()
    until = day_to_come(expires.date()) if expires else None
    with open_pipeline(settings) as pipeline:
        old = pipeline.ledger.key(prefix)
        if old is None:
            raise ConfigError(f"no key begins with {prefix}: civicmeter vendor list")
        key = old.renewed(new_prefix, digest_of(text), now, until)
        pipeline.ledger.rotate_key(
            prefix,
            key,
            old_until=now + timedelta(days=overlap_days),
            actor=LOCAL.on_word_of(by),
        )
    show(key, text)


@click.command("revoke")
@click.argument("prefix", metavar="PREFIX")
@click.option("--reason", required=True, help="Kept for ever.")
@click.option("--by", required=True, metavar="NAME", help="On whose word.")
@click.pass_obj
def revoke_command(settings: Settings, prefix: str, reason: str, by: str) -> None:
    """End a key at once, in every process."""
    if problem := name_problem(by):
        raise ConfigError(problem)
    with open_pipeline(settings) as pipeline:
        now = datetime.now(UTC)
        pipeline.ledger.revoke_key(prefix, at=now, reason=reason, actor=LOCAL.on_word_of(by))
    click.echo(f"the key {prefix} is revoked")
