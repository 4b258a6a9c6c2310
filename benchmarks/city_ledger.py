"""A city's ledger to ask questions of: 1,500 institutions, 7,500 meters, twelve months.

Ten institutions' months are computed in truth (as in `bench_process`); the others and the other
months are theirs under other names, every value scaled by a share of its own, since only the
answers are measured here. All months but the last are closed. CIVICMETER_BENCH_METERS makes it
smaller.
"""

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from api.views import VIEWS
from benchmarks import bench_process
from benchmarks.bench_process import EACH, METERS, MONTH, NOW
from domain.calendar import Month
from domain.figures import DayValue, Figure, MonthResult
from domain.registry import Registry
from processing.months.job import process
from store.ledger.canonical import digest
from store.ledger.port import Ledger
from store.ledger.sql import tables as t
from store.ledger.sql.answers import keep_views
from store.ledger.sql.engine import writing
from store.ledger.sql.ledger import SqlLedger
from store.ledger.sql.results import insert_result
from store.opening import open_ledger
from store.readings.sqlite import SqliteReadingStore

TEMPLATES, MONTHS = 10, 12


def registry() -> Registry:
    """The city's registry."""
    return bench_process._registry(METERS // EACH)


def fill(folder: Path) -> tuple[SqliteReadingStore, Ledger]:
    """The store (a month's readings of the first ten institutions) and the whole city's ledger."""
    city = registry()
    few = bench_process._registry(TEMPLATES)
    store = SqliteReadingStore(folder / "readings.db")
    bench_process._fill(store, few)
    with_templates = open_ledger(f"sqlite:///{folder / 'templates.db'}")
    with_templates.save_registry(few)
    templates = list(process(store, with_templates, months=[MONTH], now=NOW))
    with_templates.close_connections()
    ledger = SqlLedger(f"sqlite:///{folder / 'ledger.db'}")
    ledger.save_registry(city)
    _keep(ledger, _city(templates, city))
    return store, ledger


def _keep(ledger: SqlLedger, results: Iterator[MonthResult]) -> None:
    """All in one transaction: 18,000 of them wait for the disk for ten minutes."""
    with writing(ledger._engine) as connection:
        for result in results:
            found = digest(result)
            number = insert_result(connection, result, found)
            keep_views(connection, VIEWS, result, found)
            open_month = result.month == MONTH
            place = {"institution": result.institution, "month": str(result.month)}
            state = {"standing_id": None if open_month else number, "computed_at": NOW}
            state |= {"computed_id": number if open_month else None, "revision": not open_month}
            connection.execute(t.month_state.insert(), {**place, **state})
            if not open_month:
                signed = {"code_version": "", "signed_by": "benchmark", "reason": ""}
                row = {"number": 1, "result_id": number, "digest": found, "closed_at": NOW}
                connection.execute(t.revision.insert(), {**place, **signed, **row})


def _city(templates: list[MonthResult], city: Registry) -> Iterator[MonthResult]:
    chance = random.Random(7)
    for k, institution in enumerate(city.institutions):
        template = templates[k % len(templates)]
        for back in range(MONTHS):
            yield _as(template, institution.id, MONTH.plus(-back), chance.uniform(0.5, 1.5))


def _as(template: MonthResult, institution: str, month: Month, share: float) -> MonthResult:
    def named(text: str) -> str:
        return text.replace(template.institution, institution)

    def figure(f: Figure) -> Figure:
        value = None if f.value is None else f.value * share
        findings = tuple(replace(x, subject=named(x.subject)) for x in f.findings)
        return replace(f, value=value, subject=named(f.subject), findings=findings)

    def day(d: DayValue) -> DayValue:
        value = None if d.value is None else d.value * share
        return replace(d, value=value, subject=named(d.subject))

    # Of the last month only: nothing that is measured reads them.
    days = map(day, template.days if month == MONTH else ())
    return MonthResult(
        institution=institution,
        month=month,
        figures=tuple(map(figure, template.figures)),
        days=tuple(days),
        findings=tuple(replace(x, subject=named(x.subject)) for x in template.findings),
        models=(),
    )
