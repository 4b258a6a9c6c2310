"""`civicmeter process`: compute the open months."""

from datetime import UTC, datetime

import click

from civicmeter.output import month_table, progress_line
from civicmeter.wiring import open_pipeline
from config.settings import Settings
from domain.calendar import Month


@click.command("process")
@click.option(
    "--month", metavar="YYYY-MM", help="Only this month; otherwise every month with data."
)
@click.option("--institution", multiple=True, metavar="ID", help="Only these institutions.")
@click.pass_obj
def command(settings: Settings, month: str | None, institution: tuple[str, ...]) -> None:
    """Compute the open months; a closed month that would change waits as a restatement."""
    from processing.job import process

    months = [Month.parse(month)] if month else None
    with open_pipeline(settings) as pipeline, progress_line() as progress:
        results = process(
            pipeline.store,
            pipeline.ledger,
            months=months,
            institutions=list(institution) or None,
            now=datetime.now(UTC),
            progress=progress,
        )
        statuses = pipeline.ledger.statuses()
        registry = pipeline.registry
    click.echo(month_table(results, statuses, registry))
