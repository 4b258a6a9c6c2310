"""`civicmeter restate YYYY-MM --institution ID`: what waits, why, how much money; and refusing it."""

from datetime import UTC, datetime
from functools import partial

import click

from civicmeter.by import name_of
from civicmeter.output import table_text
from civicmeter.wiring.issuing import changes, issue
from civicmeter.wiring.pipeline import Pipeline, open_pipeline
from civicmeter.wiring.trying import tried
from config.settings import Settings
from domain.calendar import Month
from domain.errors import ConfigError
from store.closing import Closable, closable, refuse_month, with_authors


@click.command("restate")
@click.argument("month", metavar="YYYY-MM")
@click.option("--institution", required=True, metavar="ID", help="Of which institution.")
@click.option("--refuse", is_flag=True, help="Leave what is signed; needs --reason.")
@click.option("--reason", default="", help="Why it is refused; kept for ever.")
@click.option("--by", metavar="NAME", help="Who refuses; default: you.")
@click.pass_obj
def command(
    settings: Settings, month: str, institution: str, refuse: bool, reason: str, by: str | None
) -> None:
    """Show what a waiting restatement would change: each figure, why, and what of it is paid.

    `civicmeter close YYYY-MM --institution ID --reason WHY` approves it; --refuse leaves the signed
    revision, and the same waits no more.
    """
    wanted = Month.parse(month)
    with open_pipeline(settings) as pipeline:
        ledger, registry = pipeline.ledger, pipeline.registry
        if institution not in registry.institution_by_id:
            known = ", ".join(registry.institution_by_id)
            raise ConfigError(f"no institution {institution!r}; there are: {known}")
        found = closable(ledger, registry, [institution], wanted, datetime.now(UTC))
        one = with_authors(ledger, registry, found)[institution]
        told, kept = _diff(pipeline, one)
        if not refuse:
            click.echo(told)
            return
        refusal = refuse_month(ledger, one, by=name_of(by), reason=reason, changes=kept)
    click.echo(
        f"{institution} {month}: refused by {refusal.by}, revision {refusal.revision} stays "
        f"(refused digest {refusal.digest[:16]})"
    )


def _diff(pipeline: Pipeline, one: Closable) -> tuple[str, str]:
    """As the page tells it; and as a refusal keeps it."""
    from api.closing.diffs import changes_kept, diff_rows, money_of
    from api.dependencies import Backend, Settling
    from api.telemetry import Telemetry

    backend = Backend(
        store=pipeline.store,
        ledger=pipeline.ledger,
        registries=pipeline.registries,
        telemetry=Telemetry(),
        settling=Settling(
            partial(changes, pipeline), partial(issue, pipeline), partial(tried, pipeline)
        ),
    )
    rows = diff_rows(backend, one, "en")
    if not rows:
        return f"no restatement of {one.institution} {one.month} waits", "[]"
    lines = [("figure", "subject", "was", "would be", "unit", "days", "why")]
    lines += [
        (
            r.name or "(the month itself)",
            r.subject,
            _said(r.standing_value),
            _said(r.pending_value),
            r.unit,
            str(r.days_changed),
            r.why_text,
        )
        for r in rows
    ]
    paid = [
        f"{m.agreement} {m.month}: {m.was_cny} CNY would be {m.now_cny} CNY"
        f" ({m.now_cny - m.was_cny:+}){'' if m.number else ', not issued yet'}"
        for m in money_of(backend, one)
    ]
    return "\n".join([table_text(lines), *(paid or ["no statement comes to another amount"])]), (
        changes_kept(rows)
    )


def _said(value: float | None) -> str:
    return "–" if value is None else f"{value:,.10g}"
