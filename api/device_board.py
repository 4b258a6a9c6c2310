"""The completeness board: which devices are silent, stale or newly at nought; no HTML here."""

from collections.abc import Collection, Mapping
from datetime import datetime

from api.query import only_one
from domain.calendar import Month
from domain.figures import MonthResult
from domain.places import Institution
from domain.registry import Registry
from processing.quality.board import BOARD_NAMES, BoardRow, board
from store.ledger.port import Ledger
from store.readings.port import ReadingStore


def board_rows(
    store: ReadingStore,
    ledger: Ledger,
    registry: Registry,
    now: datetime,
    *,
    institutions: Mapping[str, Institution],
    month: Month | None = None,
) -> list[BoardRow]:
    """One row a device of the institutions, the worst first.

    `month` None: each institution's latest month. With a month given, institutions that have
    another one but not this are left out; those that have none at all are shown, for their
    devices have never been heard.
    """
    months = _months(ledger, institutions)
    shown = set(institutions) - set(months)
    wanted: dict[Month, set[str]] = {}
    for name, known in months.items():
        chosen = max(known) if month is None else month
        if chosen in known:
            wanted.setdefault(chosen, set()).add(name)
            shown.add(name)
    results = [r for m, names in wanted.items() for r in _results(ledger, names, m)]
    part = Registry(
        institutions=tuple(institutions.values()),
        devices=tuple(d for d in registry.devices if d.institution in shown),
    )
    return board(part, last_heard(store), results, now)


def _months(ledger: Ledger, institutions: Collection[str]) -> dict[str, set[Month]]:
    found: dict[str, set[Month]] = {}
    for status in ledger.statuses(only_one(institutions)):
        if status.institution in institutions:
            found.setdefault(status.institution, set()).add(status.month)
    return found


def _results(ledger: Ledger, names: set[str], month: Month) -> list[MonthResult]:
    results = ledger.results(only_one(names), month, month.plus(1), names=BOARD_NAMES, days=False)
    return [r for r in results if r.institution in names]


def last_heard(store: ReadingStore) -> dict[str, datetime]:
    """The time of each device's last reading, of whatever quantity."""
    latest = store.latest()
    newest = latest.groupby("device")["at"].max()
    return {str(device): at.to_pydatetime() for device, at in newest.items()}
