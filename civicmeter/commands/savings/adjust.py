"""`civicmeter savings adjust`: enter a non-routine adjustment."""

from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import click

from civicmeter.commands.savings.adjustments import RECOMPUTE, adjustment_line
from config.settings import Settings
from domain.adjustments import Adjustment
from domain.errors import ConfigError
from domain.places import Carrier

_DAY = click.DateTime(["%Y-%m-%d"])


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
    from processing.months.bookkeeping import enter_adjustment
    from processing.savings.entered_adjustments import approval, contract_of, formula_of

    content, now = evidence.read_bytes(), datetime.now(UTC)
    first, after = start.date(), end.date() if end else None
    with open_pipeline(settings) as pipeline:
        contract = contract_of(pipeline.registry, contract_id)
        if carrier is None and len(contract.carriers) > 1:
            raise ConfigError(f"--carrier: choose from {', '.join(contract.carriers)}")
        entered = enter_adjustment(
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
    click.echo(adjustment_line(entered))
    click.echo(
        RECOMPUTE
        if entered.status == "approved"
        else f"it counts after `civicmeter savings adjustments approve {entered.number} --by NAME`"
    )
