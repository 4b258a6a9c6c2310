"""`civicmeter savings adjustments`: non-routine adjustments seen, approved, withdrawn."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from config.settings import Settings
from domain.adjustments import Adjustment, Decision
from domain.errors import ConfigError
from domain.subjects import OfContract

if TYPE_CHECKING:
    from store.ledger.port import Ledger

RECOMPUTE = "run `civicmeter process --touched`; a running service does it by itself"


@click.group("adjustments")
def adjustments() -> None:
    """See, approve and withdraw non-routine adjustments."""


@adjustments.command("list")
@click.option("--contract", "contract_id", metavar="ID", help="Only of this contract.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def list_(settings: Settings, contract_id: str | None, as_json: bool) -> None:
    """Every adjustment, withdrawn ones too."""
    with _ledger(settings) as ledger:
        found = [a for a in ledger.adjustments() if contract_id in (None, a.contract)]
    if as_json:
        rows = [{**asdict(a), "status": a.status, "approver": a.approver} for a in found]
        click.echo(json.dumps(rows, ensure_ascii=False, default=str, indent=2))
        return
    for adjustment in found:
        click.echo(adjustment_line(adjustment))
    if not found:
        click.echo("no adjustments")


@adjustments.command("approve")
@click.argument("number", type=int)
@click.option("--by", required=True, metavar="NAME", help="Who approves: not who entered it.")
@click.option("--reason", default="", help="Why, if something is to be said.")
@click.pass_obj
def approve(settings: Settings, number: int, by: str, reason: str) -> None:
    """Approve an adjustment that waits: from now on it counts."""
    _decide(settings, number, Decision("approved", by, datetime.now(UTC), reason))


@adjustments.command("withdraw")
@click.argument("number", type=int)
@click.option("--by", required=True, metavar="NAME", help="Who withdraws it.")
@click.option("--reason", required=True, help="Why it no longer holds.")
@click.pass_obj
def withdraw(settings: Settings, number: int, by: str, reason: str) -> None:
    """Withdraw an adjustment: it stays readable and no longer counts."""
    _decide(settings, number, Decision("withdrawn", by, datetime.now(UTC), reason))


@adjustments.command("evidence")
@click.argument("number", type=int)
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), required=True, metavar="FILE"
)
@click.pass_obj
def evidence_(settings: Settings, number: int, out: Path) -> None:
    """Write the evidence file of an adjustment."""
    with _ledger(settings) as ledger:
        digest = next((a.evidence_sha256 for a in ledger.adjustments() if a.number == number), "")
        content = ledger.evidence(digest) if digest else None
    if content is None:
        known = f"only its SHA-256 {digest} is kept" if digest else "there is no such adjustment"
        raise ConfigError(f"no evidence file of adjustment {number}: {known}")
    out.write_bytes(content)
    click.echo(f"{out}: {len(content):,} bytes, SHA-256 {digest}")


def _decide(settings: Settings, number: int, decision: Decision) -> None:
    from processing.months.bookkeeping import decide_adjustment

    with _ledger(settings) as ledger:
        decided = decide_adjustment(ledger, number, decision)
    click.echo(adjustment_line(decided))
    click.echo(RECOMPUTE)


@contextmanager
def _ledger(settings: Settings) -> "Iterator[Ledger]":
    """The ledger alone; closed at the end."""
    from civicmeter.wiring.pipeline import make_folder
    from store.opening import open_ledger

    make_folder(settings.data)
    opened = open_ledger(settings.ledger_url)
    try:
        yield opened
    finally:
        opened.close_connections()


def adjustment_line(a: Adjustment) -> str:
    """All about an adjustment in a line."""
    until = f"to {a.end}" if a.end else "on"
    people = f"entered by {a.author}" + (f", approved by {a.approver}" if a.approver else "")
    return (
        f"{a.number:>4}  {a.status:9}  {OfContract(a.contract, a.carrier)}  from {a.start} {until}: "
        f"{a.formula} kWh a day; {a.reason} ({a.evidence}); {people}"
    )
