"""A reading store that notes late readings, so that their months are recomputed."""

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


class NotingStore:
    """Passes everything on. After writing late readings it notes them in the ledger, and only
    then returns: so they are noted before anybody is told that they are stored.

    Which months they touch is the processor's to find. `now_ms` tells the time.
    """

    def __init__(self, store: ReadingStore, ledger: LateSeries, now_ms: Callable[[], int]) -> None:
        self._store = store
        self._ledger = ledger
        self._now_ms = now_ms

    def write(self, readings: Sequence[Reading]) -> WriteResult:
        """Repeated readings are noted too: the note of the first time may have failed."""
        result = self._store.write(readings)
        self._note((r.device, r.quantity, (r.at_ms,)) for r in readings)
        return result

    def write_runs(self, runs: Sequence[Run]) -> WriteResult:
        """As `write`."""
        result = self._store.write_runs(runs)
        self._note((r.device, r.quantity, r.at_ms) for r in runs)
        return result

    def _note(self, written: Iterator[tuple[str, str, Sequence[int]]]) -> None:
        before_ms = self._now_ms() - _ON_TIME_MS
        spans: dict[tuple[str, str, int], tuple[int, int]] = {}
        for device, quantity, times in written:
            if not times or min(times) >= before_ms:
                continue
            for at_ms in times:
                if at_ms < before_ms:
                    key = (device, quantity, at_ms // DAY_MS)
                    start, end = spans.get(key, (at_ms, at_ms))
                    spans[key] = (min(start, at_ms), max(end, at_ms))
        if spans:
            self._ledger.note_late(
                LateReadings(Series(device, quantity), *span)
                for (device, quantity, _), span in spans.items()
            )

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
