"""`civicmeter process`: compute the open months."""

from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

import click

from civicmeter.output import MonthTable, progress_line
from civicmeter.wiring.pipeline import Pipeline, open_pipeline
from config.in_use import tables_in_use
from config.settings import Settings
from domain.audit import PROCESSOR
from domain.calendar import Month
from domain.errors import CivicmeterError, ConfigError

if TYPE_CHECKING:
    from processing.months.job import Workers


@click.command("process")
@click.option(
    "--month", metavar="YYYY-MM", help="Only this month; otherwise every month with data."
)
@click.option("--institution", multiple=True, metavar="ID", help="Only these institutions.")
@click.option("--touched", is_flag=True, help="Only the months that late readings touched.")
@click.option(
    "--processes",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    metavar="N",
    help="Compute in so many processes; worth it from a hundred institutions on.",
)
@click.pass_obj
def command(
    settings: Settings,
    month: str | None,
    institution: tuple[str, ...],
    touched: bool,
    processes: int,
) -> None:
    """Compute the open months; a closed month that would change waits as a restatement."""
    from civicmeter.wiring.processing_rounds import process_touched
    from domain.figures.failing import failure_of
    from processing.months.job import process

    if touched and (month or institution):
        raise ConfigError("--touched says itself what to compute: leave --month and --institution")
    months = [Month.parse(month)] if month else None
    now = datetime.now(UTC)
    with open_pipeline(settings) as pipeline, progress_line() as progress:
        pipeline.ledger.audit_tables(PROCESSOR, tables_in_use())
        table = MonthTable(pipeline.registry)
        if touched:
            results = process_touched(pipeline, now)
        else:
            results = process(
                pipeline.store,
                pipeline.ledger,
                months=months,
                institutions=list(institution) or None,
                now=now,
                progress=progress,
                workers=_workers(pipeline, processes),
            )
        failed: dict[str, str] = {}
        for result in results:
            table.add(result)
            if error := failure_of(result):
                failed[result.institution] = error
        statuses = pipeline.ledger.statuses()
    click.echo(table.text(statuses))
    if failed:
        lines = [f"{institution}: {error}" for institution, error in failed.items()]
        raise CivicmeterError(
            f"{len(failed)} institutions could not be computed, all others were:\n  "
            + "\n  ".join(lines)
        )


def _workers(pipeline: Pipeline, processes: int) -> "Workers | None":
    """This process keeps the results, the others compute: none for a single one."""
    from processing.months.job import Workers
    from store.opening import open_ledger, open_reading_store

    if processes == 1:
        return None
    own = pipeline.settings
    directory = dict(pipeline.directory)
    return Workers(
        count=processes - 1,
        open_store=partial(open_reading_store, own.store_url, directory, token=own.influx_token),
        open_ledger=partial(open_ledger, own.ledger_url),
    )
