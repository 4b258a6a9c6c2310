"""All cases as institutions of one registry, through store, ledger and job, in one run."""

from datetime import UTC, datetime
from pathlib import Path

from domain.calendar import Month
from domain.figures import Figure
from domain.places import Institution
from domain.readings import Reading
from domain.registry import Registry
from processing.months.job import process
from store.opening import open_ledger
from store.readings.sqlite import SqliteReadingStore
from tests.field.case import Case

SEPTEMBER = Month(2026, 9)
NOW = datetime(2026, 10, 9, 16, tzinfo=UTC)


def september_figures(cases: tuple[Case, ...], folder: Path) -> dict[str, list[Figure]]:
    """September's figures by the institution, which has the case's name."""
    registry = Registry(
        institutions=tuple(Institution(c.name, c.name, c.name) for c in cases),
        devices=tuple(c.device for c in cases),
    )
    ledger = open_ledger(f"sqlite:///{folder / 'ledger.db'}")
    store = SqliteReadingStore(str(folder / "readings.db"))
    try:
        ledger.save_registry(registry.check())
        for case in cases:
            for quantity, (at, value) in case.said.items():
                pairs = zip(at.tolist(), value.tolist(), strict=True)
                readings = [Reading(case.device.id, quantity, t, v) for t, v in pairs]
                written = store.write(readings)
                assert written.stored == len(readings)
        results = list(process(store, ledger, months=[SEPTEMBER], now=NOW))
    finally:
        store.close()
        ledger.close_connections()
    return {r.institution: list(r.figures) for r in results}


def figure_of(case: Case, figures: dict[str, list[Figure]]) -> Figure:
    """The one figure a case is about."""
    (found,) = (f for f in figures[case.name] if (f.name, f.subject) == (case.figure, case.subject))
    return found
