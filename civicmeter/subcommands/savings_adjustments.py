"""`civicmeter savings adjust|adjustments`: non-routine adjustments, entered, approved, withdrawn."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import click

from config.settings import Settings
from domain.adjustments import Adjustment, Decision
from domain.errors import ConfigError
from domain.places import Carrier

if TYPE_CHECKING:
    from store.ledger.port import Ledger


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


_DAY = click.DateTime(["%Y-%m-%d"])
_RECOMPUTE = "run `civicmeter process --touched`; a running service does it by itself"


@click.command("adjust")
@click.argument("contract_id", metavar="CONTRACT")
@click.option("--carrier", type=click.Choice([c.value for c in Carrier]), help="If it has several.")
@click.option("--from", "start", type=_DAY, required=True, help="First local day.")
@click.option("--to", "end", type=_DAY, help="The day after the last; without it, it goes on.")
@click.option("--per-day", type=float, metavar="KWH", help="kWh to add to each day.")
@click.option("--total", type=float, metavar="KWH", help="kWh to add from --from to --to.")
@click.option(
    "--formula", metavar="EXPR", help="kWh to add to each day, e.g. '0.08 * counterfactual'."
)
@click.option("--reason", required=True, help="What changed in the building.")
@click.option(
    "--evidence",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    required=True,
    metavar="FILE",
    help="Minutes, a plan, a photo: kept in the ledger.",
)
@click.option("--digest-only", is_flag=True, help="Keep only the evidence's name and SHA-256.")
@click.option("--author", required=True, help="Who enters it.")
@click.option("--approver", default="", help="Who approved it: somebody else. Without, it waits.")
@click.pass_obj
def adjust(
    settings: Settings,
    contract_id: str,
    carrier: str | None,
    start: datetime,
    end: datetime | None,
    per_day: float | None,
    total: float | None,
    formula: str | None,
    reason: str,
    evidence: Path,
    digest_only: bool,
    author: str,
    approver: str,
) -> None:
    """Enter a non-routine adjustment of a contract: what it adds to the counterfactual.

    A negative amount takes away. Figures without it stay beside those with it.
    """
    from civicmeter.wiring.pipeline import open_pipeline
    from processing.savings.entered_adjustments import approval, contract_of, enter, formula_of

    content, now = evidence.read_bytes(), datetime.now(UTC)
    first, after = start.date(), end.date() if end else None
    with open_pipeline(settings) as pipeline:
        contract = contract_of(pipeline.registry, contract_id)
        if carrier is None and len(contract.carriers) > 1:
            raise ConfigError(f"--carrier: choose from {', '.join(contract.carriers)}")
        entered = enter(
            pipeline.ledger,
            pipeline.registry,
            Adjustment(
                institution=contract.institution,
                contract=contract.id,
                carrier=carrier or contract.carriers[0],
                start=first,
                end=after,
                formula=formula_of(
                    first, after, formula=formula, per_day_kwh=per_day, total_kwh=total
                ),
                reason=reason,
                evidence=evidence.name,
                evidence_sha256=sha256(content).hexdigest(),
                author=author,
                entered_at=now,
                decisions=approval(approver, now),
            ),
            None if digest_only else content,
        )
    click.echo(_line(entered))
    click.echo(
        _RECOMPUTE
        if entered.status == "approved"
        else f"it counts after `civicmeter savings adjustments approve {entered.number} --by NAME`"
    )


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
        click.echo(_line(adjustment))
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
    from processing.savings.entered_adjustments import decide

    with _ledger(settings) as ledger:
        decided = decide(ledger, number, decision)
    click.echo(_line(decided))
    click.echo(_RECOMPUTE)


def _line(a: Adjustment) -> str:
    until = f"to {a.end}" if a.end else "on"
    people = f"entered by {a.author}" + (f", approved by {a.approver}" if a.approver else "")
    return (
        f"{a.number:>4}  {a.status:9}  {a.contract}/{a.carrier}  from {a.start} {until}: "
        f"{a.formula} kWh a day; {a.reason} ({a.evidence}); {people}"
    )
