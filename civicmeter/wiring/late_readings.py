"""A reading store that notes which months late readings touch, so that they are recomputed."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

import pandas as pd

from domain.calendar import from_ms
from domain.readings import Reading, Run, Series, readings_of
from domain.registry import Registry
from processing.months.touched import touched
from processing.quality.corrections import amendments
from store.ledger.port import Ledger
from store.readings.port import ReadingStore, SeriesArrays, WriteResult

_ON_TIME_MS = 24 * 3_600_000
"""Readings no older than this belong to months that every round computes anyway."""


class NotingStore:
    """Passes everything on. After writing late readings it touches their months in the ledger,
    and only then returns: so they are noted before anybody is told that they are stored.

    `registry` gives the current registry, and must be cheap; `now_ms` tells the time.
    """

    def __init__(
        self,
        store: ReadingStore,
        ledger: Ledger,
        registry: Callable[[], Registry],
        now_ms: Callable[[], int],
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._registry = registry
        self._now_ms = now_ms

    def write(self, readings: Sequence[Reading]) -> WriteResult:
        """Repeated readings are noted too: the note of the first time may have failed."""
        result = self._store.write(readings)
        before_ms = self._now_ms() - _ON_TIME_MS
        self._note([r for r in readings if r.at_ms < before_ms])
        return result

    def write_runs(self, runs: Sequence[Run]) -> WriteResult:
        """As `write`."""
        result = self._store.write_runs(runs)
        before_ms = self._now_ms() - _ON_TIME_MS
        late = (run for run in runs if min(run.at_ms, default=before_ms) < before_ms)
        self._note([r for r in readings_of(late) if r.at_ms < before_ms])
        return result

    def _note(self, late: Sequence[Reading]) -> None:
        if late:
            self._ledger.touch(
                touched(
                    self._store,
                    ((r.series, r.at_ms) for r in late),
                    self._registry(),
                    amendments(self._ledger.corrections()),
                    from_ms(self._now_ms()),
                )
            )

    def read(self, series: Sequence[Series], start: datetime, end: datetime) -> pd.DataFrame:
        return self._store.read(series, start, end)

    def scan(
        self, series: Sequence[Series], start: datetime, end: datetime
    ) -> Iterator[SeriesArrays]:
        return self._store.scan(series, start, end)

    def latest(self, series: Sequence[Series] | None = None) -> pd.DataFrame:
        return self._store.latest(series)

    def registers_at(self, series: Sequence[Series], instants: Sequence[datetime]) -> pd.DataFrame:
        return self._store.registers_at(series, instants)

    def series(self) -> pd.DataFrame:
        return self._store.series()

    def close(self) -> None:
        self._store.close()
