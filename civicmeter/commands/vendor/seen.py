"""`civicmeter vendor list`."""

from datetime import UTC, datetime

import click

from civicmeter.output import table_text
from civicmeter.wiring.pipeline import open_pipeline
from config.settings import Settings
from domain.keys import Key


@click.command("list")
@click.pass_obj
def list_command(settings: Settings) -> None:
    """List who holds keys, and which: what each may do, on what, until when, when it was used."""
    with open_pipeline(settings) as pipeline:
        holders, keys = pipeline.ledger.holders(), pipeline.ledger.issued_keys()
    now = datetime.now(UTC)
    rows = [("holder", "key", "role", "person", "only", "state", "until", "last used")]
    for holder in holders:
        own = [key for key in keys if key.holder == holder.id]
        rows += [_row(f"{holder.id} ({holder.name})", key, now) for key in own]
        if not own:
            rows.append((f"{holder.id} ({holder.name})", "–", "", "", "", "", "", ""))
    click.echo(table_text(rows) if holders else "nobody holds a key yet: civicmeter vendor add …")


def _row(holder: str, key: Key, now: datetime) -> tuple[str, str, str, str, str, str, str, str]:
    narrowed = (key.institutions, key.contracts, key.devices)
    only = ", ".join(sorted(one for ids in narrowed if ids is not None for one in ids)) or "all"
    until = f"{key.expires_at:%Y-%m-%d}" if key.expires_at else "–"
    used = f"{key.last_used_at:%Y-%m-%d %H:%M}" if key.last_used_at else "never"
    return (holder, key.prefix, key.role, key.person or "–", only, key.state(now), until, used)
