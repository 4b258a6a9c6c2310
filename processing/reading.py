"""Reads institutions out of the store: all of their history, or just what some months need."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import numpy as np
import pandas as pd

from domain.calendar import Month, to_ms
from domain.places import Contract, Institution
from domain.readings import Series
from domain.registry import Registry
from processing.contracts import baselines_due
from processing.curves import Floats, Ints
from processing.savings_figures import WINDOW_MONTHS
from processing.site import Site, build_site, wanted_series
from store.ledger import Ledger
from store.readings import ReadingStore

_FIRST = datetime(2000, 1, 1, tzinfo=UTC)
_BEFORE = timedelta(days=100)
"""More than doubtful zeros and bins are judged by (90 and 40 days)."""
_AFTER = timedelta(days=3)
_NEVER = int(np.iinfo(np.int64).min)


class Window(NamedTuple):
    """What is read, [start, end); the reading before and after it is added if `is_part`."""

    start: datetime
    end: datetime
    is_part: bool


class _Around(NamedTuple):
    """The readings of one series just before and just after a window; time `_NEVER`: none."""

    before_ms: int
    before: float
    after_ms: int
    after: float


class SiteReader:
    """Reads the sites of some institutions, each when asked for.

    What lies around the windows is found for all of them at once, by seeks; series that have
    no reading at all are not asked for again.
    """

    def __init__(
        self,
        store: ReadingStore,
        ledger: Ledger,
        registry: Registry,
        institutions: Sequence[Institution],
        months: Sequence[Month] | None,
        now: datetime,
    ) -> None:
        self._store, self._registry, self._now = store, registry, now
        self._windows = {
            i.id: _window(registry.contracts_of(i.id), ledger, i, months, now) for i in institutions
        }
        by_window: dict[Window, dict[Series, None]] = {}
        for institution in institutions:
            group = by_window.setdefault(self._windows[institution.id], {})
            group.update(dict.fromkeys(wanted_series(registry, institution)))
        self._found = {w: self._look_around(w, list(group)) for w, group in by_window.items()}

    def _look_around(self, window: Window, series: list[Series]) -> dict[Series, _Around]:
        """What lies around the window, of the series that have any reading."""
        if not series:
            return {}
        table = self._store.registers_at(series, [window.start, window.end])
        before_ms, after_ms = (_as_ms(table[c]) for c in ("before_at", "after_at"))
        before, after = (table[c].to_numpy(np.float64) for c in ("before_value", "after_value"))
        heard = (before_ms != _NEVER) | (after_ms != _NEVER)
        return {
            s: _Around(
                int(before_ms[2 * k]),
                float(before[2 * k]),
                int(after_ms[2 * k + 1]),
                float(after[2 * k + 1]),
            )
            for k, s in enumerate(series)
            if heard[2 * k] or heard[2 * k + 1]
        }

    def read(self, institution: Institution) -> Site:
        """Read the institution's series, one after another, and make their curves."""
        window = self._windows[institution.id]
        around = self._found[window]
        series = [s for s in wanted_series(self._registry, institution) if s in around]
        samples: dict[tuple[str, str], tuple[Ints, Floats]] = {}
        for s, at_ms, value in self._store.scan(series, window.start, window.end):
            if window.is_part:
                at_ms, value = self._with_neighbours(around[Series(*s)], window, at_ms, value)
            if at_ms.size:
                samples[(s[0], s[1])] = (at_ms, value)
        return build_site(self._registry, institution, samples)

    def _with_neighbours(
        self, around: _Around, window: Window, at_ms: Ints, value: Floats
    ) -> tuple[Ints, Floats]:
        if _NEVER < around.before_ms < to_ms(window.start):
            at_ms = np.concatenate(([around.before_ms], at_ms))
            value = np.concatenate(([around.before], value))
        if to_ms(window.end) <= around.after_ms < to_ms(self._now):
            at_ms = np.concatenate((at_ms, [around.after_ms]))
            value = np.concatenate((value, [around.after]))
        return at_ms, value


def _as_ms(times: pd.Series) -> Ints:
    """Milliseconds since the epoch; `_NEVER` for NaT."""
    return times.to_numpy("datetime64[ms]").astype(np.int64)


def _window(
    contracts: Sequence[Contract],
    ledger: Ledger,
    institution: Institution,
    months: Sequence[Month] | None,
    now: datetime,
) -> Window:
    """What the months' figures depend on: the months themselves, what their quality and savings
    are judged by. Everything, when no months are named or a baseline has yet to be fitted."""
    if not months or baselines_due(contracts, ledger, institution, now):
        return Window(_FIRST, now, False)
    first = min(months).plus(-WINDOW_MONTHS if contracts else 0)
    start = first.interval(institution.timezone)[0] - _BEFORE
    end = max(months).interval(institution.timezone)[1] + _AFTER
    return Window(start, max(min(end, now), start), True)
