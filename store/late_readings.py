"""A reading store that notes late readings, so that their months are recomputed."""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from domain.calendar import DAY_MS
from domain.readings import Reading, Run, Series
from store.ledger.late_readings import LateReadings, LateSeries
from store.readings.port import ReadingStore, SeriesArrays, WriteResult

if TYPE_CHECKING:
    import pandas as pd

_ON_TIME_MS = DAY_MS
"""Readings no older than this belong to months that every round computes anyway."""
_REMEMBERED = 50_000
"""Notes that are remembered, some 8 MB."""
_Day = tuple[str, str, int]
"""Device, quantity and UTC day, counted from 1970."""


def _days_before(times_ms: Sequence[int], before_ms: int) -> list[int]:
    """The days, counted from 1970, of the times before an instant."""
    if len(times_ms) == 1:  # most are, where devices speak for themselves
        return [times_ms[0] // DAY_MS] if times_ms[0] < before_ms else []
    # They mostly come in order: sorting them then costs hardly anything, and nor does a day.
    ordered = sorted(times_ms)
    found, k, end = [], 0, bisect_left(ordered, before_ms)
    while k < end:
        found.append(ordered[k] // DAY_MS)
        k = bisect_left(ordered, (found[-1] + 1) * DAY_MS, k)
    return found


class NotingStore:
    """Passes everything on. After writing late readings it notes their series and days in the
    ledger, and only then returns: so they are noted before anybody is told that they are stored.

    Which months they touch is the processor's to find. It is told of whole days, so that a
    backfill notes each once: what is noted is remembered for as long as the ledger's version of
    the notes, asked for after every such write, says that no note was forgotten. A processor that
    forgets one after that finds these readings in the store when it computes the months that it
    has touched for it. `now_ms` tells the time.
    """

    def __init__(self, store: ReadingStore, ledger: LateSeries, now_ms: Callable[[], int]) -> None:
        self._store = store
        self._ledger = ledger
        self._now_ms = now_ms
        self._noted: dict[_Day, str] = {}
        """Under which version each day was noted."""

    def write(self, readings: Sequence[Reading]) -> WriteResult:
        """Repeated readings are noted too: the note of the first time may have failed."""
        before_ms = self._now_ms() - _ON_TIME_MS
        result = self._store.write(readings)
        self._note({(d, q, t // DAY_MS) for d, q, t, _ in readings if t < before_ms})
        return result

    def write_runs(self, runs: Sequence[Run]) -> WriteResult:
        """As `write`."""
        before_ms = self._now_ms() - _ON_TIME_MS
        result = self._store.write_runs(runs)
        days: set[_Day] = set()
        for device, quantity, times, _ in runs:
            days.update([(device, quantity, day) for day in _days_before(times, before_ms)])
        self._note(days)
        return result

    def _note(self, days: set[_Day]) -> None:
        if not days:
            return
        version = self._ledger.late_version()
        new = [day for day in days if self._noted.get(day) != version]
        if not new:
            return
        version = self._ledger.note_late(
            LateReadings(Series(device, quantity), day * DAY_MS, (day + 1) * DAY_MS - 1)
            for device, quantity, day in new
        )
        if len(self._noted) + len(new) > _REMEMBERED:
            self._noted.clear()
        self._noted.update(dict.fromkeys(new, version))

    def read(self, series: Sequence[Series], start: datetime, end: datetime) -> "pd.DataFrame":
        return self._store.read(series, start, end)

    def scan(
        self, series: Sequence[Series], start: datetime, end: datetime
    ) -> Iterator[SeriesArrays]:
        return self._store.scan(series, start, end)

    def count(self, series: Sequence[Series], start: datetime, end: datetime, most: int) -> int:
        return self._store.count(series, start, end, most)

    def latest(self, series: Sequence[Series] | None = None) -> "pd.DataFrame":
        return self._store.latest(series)

    def last_heard(self) -> dict[str, int]:
        return self._store.last_heard()

    def registers_at(
        self, series: Sequence[Series], instants: Sequence[datetime]
    ) -> "pd.DataFrame":
        return self._store.registers_at(series, instants)

    def series(self, only: Sequence[Series] | None = None) -> "pd.DataFrame":
        return self._store.series(only)

    def probe(self) -> None:
        self._store.probe()

    def close(self) -> None:
        self._store.close()
