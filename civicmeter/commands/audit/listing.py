"""`civicmeter audit list`: the entries of the trail, a sentence each."""

import json
from datetime import datetime

import click

from config.settings import Settings
from domain.errors import ConfigError
from domain.instants import InstantError, parse_instant


@click.command("list")
@click.option("--institution", multiple=True, metavar="ID", help="Only of these.")
@click.option("--contract", multiple=True, metavar="ID", help="Only of these.")
@click.option("--kind", multiple=True, metavar="KIND", help="Of objects: revision, correction …")
@click.option("--action", multiple=True, metavar="ACTION", help="close, enter, change …")
@click.option("--by", multiple=True, metavar="NAME", help="By whom, or on whose word.")
@click.option("--from", "start", metavar="TIME", help="First instant, RFC 3339 or a UTC day.")
@click.option("--to", "end", metavar="TIME", help="End, excluded.")
@click.option("--limit", type=click.IntRange(1, 1_000_000), default=100, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="For programs, a line an entry.")
@click.option("--lang", type=click.Choice(["zh", "en"]), default="en", show_default=True)
@click.pass_obj
def list_command(
    settings: Settings,
    institution: tuple[str, ...],
    contract: tuple[str, ...],
    kind: tuple[str, ...],
    action: tuple[str, ...],
    by: tuple[str, ...],
    start: str | None,
    end: str | None,
    limit: int,
    as_json: bool,
    lang: str,
) -> None:
    """Who did what to which object, when, from what to what: the newest first."""
    from api.rows.trail.entries import audit_row
    from civicmeter.wiring.pipeline import open_pipeline
    from store.ledger.audit import Wanted

    wanted = Wanted(
        institutions=institution,
        contracts=contract,
        kinds=kind,
        actions=action,
        people=by,
        start=_instant("--from", start),
        end=_instant("--to", end),
    )
    with open_pipeline(settings) as pipeline:
        entries = pipeline.ledger.audit_entries(wanted, limit=limit)
        total = pipeline.ledger.count_audit_entries(wanted)
    for entry in entries:
        row = audit_row(entry, lang)
        if as_json:
            click.echo(json.dumps(row.model_dump(mode="json"), ensure_ascii=False))
        else:
            click.echo(f"{row.number:>7}  {row.at:%Y-%m-%d %H:%M:%S} UTC  {row.sentence}")
    if not as_json:
        click.echo(f"{len(entries):,} of {total:,} entries")


def _instant(option: str, given: str | None) -> datetime | None:
    if given is None:
        return None
    try:
        return parse_instant(given, ms=True, bare_day=True)
    except InstantError as error:
        raise ConfigError(
            f"{option} {given!r}: write 2026-01-31 or 2026-01-31T08:00:00Z"
        ) from error
