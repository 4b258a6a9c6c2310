"""What would become of readings if they were stored now, found without storing them."""

from collections.abc import Sequence

import numpy as np

from domain.calendar import from_ms
from domain.readings import Reading, Run, Series, joined
from store.readings.port import Conflict, ReadingStore, WriteResult


class Trial:
    """Answers as a store's `write_runs` would, and remembers what it has answered so far: of one
    body, the first value of a series and time counts."""

    def __init__(self, store: ReadingStore) -> None:
        self._store = store
        self._taken: dict[Series, dict[int, float]] = {}

    def repeated(self, runs: Sequence[Run]) -> list[Reading]:
        """As `write_runs`; tells which readings change nothing."""
        found: list[Reading] = []
        self._write(runs, found)
        return found

    def write_runs(self, runs: Sequence[Run]) -> WriteResult:
        """See ReadingStore.write_runs; nothing is written."""
        return self._write(runs, None)

    def _write(self, runs: Sequence[Run], same: list[Reading] | None) -> WriteResult:
        """`same` takes the readings that are repeated."""
        stored = repeated = 0
        conflicts: list[Conflict] = []
        for run in joined(runs):
            taken = self._taken.setdefault(Series(run.device, run.quantity), {})
            known = taken | self._stored(run)
            for reading in run.readings():
                there = known.get(reading.at_ms)
                if there is None:
                    known[reading.at_ms] = taken[reading.at_ms] = reading.value
                    stored += 1
                elif there == reading.value:
                    repeated += 1
                    if same is not None:
                        same.append(reading)
                else:
                    conflicts.append(Conflict(reading, there))
        return WriteResult(stored, repeated, tuple(conflicts))

    def _stored(self, run: Run) -> dict[int, float]:
        """What the store holds at the times of a run."""
        start, end = from_ms(min(run.at_ms)), from_ms(max(run.at_ms) + 1)
        ((_, at_ms, value),) = self._store.scan([Series(run.device, run.quantity)], start, end)
        same = np.isin(at_ms, np.asarray(run.at_ms))
        return dict(zip(at_ms[same].tolist(), value[same].tolist(), strict=True))
