"""What both reading stores share: time bounds, the frames they answer with, unstorable readings.

Pandas and numpy are imported where answers are made of them: who only writes, as the collector
does, never needs them.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from math import isfinite
from typing import TYPE_CHECKING, TypeVar

from domain.calendar import to_ms
from domain.readings import Reading, Run, Series, readings_of, runs_of
from store.readings.port import SeriesArrays

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

    Arrays = tuple[NDArray[np.int64], NDArray[np.float64]]
    """Times in ms and values."""

T = TypeVar("T")

NO_TIME = -(2**63)
"""The integer of NaT: stands for "no such reading" in arrays of milliseconds."""

# InfluxDB's nanoseconds must fit 64 bits: 1677-09-21 … 2262-04-11. The same for every engine,
# so that data can move between them.
MIN_MS = -9_223_372_036_854
MAX_MS = 9_223_372_036_854
_MS = timedelta(milliseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def floor_ms(at: datetime) -> int:
    """The last millisecond at or before an instant: the bound of "at or before"."""
    return min(max(to_ms(at), MIN_MS), MAX_MS)


def ceil_ms(at: datetime) -> int:
    """The first millisecond at or after an instant: both bounds of ``[start, end)``."""
    return min(max(-((_EPOCH - at) // _MS), MIN_MS), MAX_MS)


def split_unstorable(
    readings: Sequence[Reading],
) -> tuple[Sequence[Reading], tuple[tuple[Reading, str], ...]]:
    """The readings an engine can hold, and the others with the reason."""
    if all(isfinite(r[3]) and MIN_MS <= r[2] <= MAX_MS for r in readings):
        return readings, ()
    good: list[Reading] = []
    refused: list[tuple[Reading, str]] = []
    for r in readings:
        if not isfinite(r.value):
            refused.append((r, "the value is not a finite number"))
        elif not MIN_MS <= r.at_ms <= MAX_MS:
            refused.append((r, "the time is outside of the years 1678 to 2262"))
        else:
            good.append(r)
    return good, tuple(refused)


def split_unstorable_runs(
    runs: Sequence[Run],
) -> tuple[Sequence[Run], tuple[tuple[Reading, str], ...]]:
    """As `split_unstorable`, of runs; an empty run is left out."""
    if all(_storable(at_ms, value) for _, _, at_ms, value in runs):
        return runs, ()
    good, refused = split_unstorable(list(readings_of(runs)))
    return runs_of(good), refused


def _storable(at_ms: Sequence[int], value: Sequence[float]) -> bool:
    if not at_ms:
        return False
    # Times mostly come in order, and sorting what is in order is faster than min and max. A sum
    # is finite only if everything in it is.
    ordered = sorted(at_ms)
    return ordered[0] >= MIN_MS and ordered[-1] <= MAX_MS and isfinite(sum(value))


def times(at_ms: "ArrayLike") -> "pd.DatetimeIndex":
    """Milliseconds since the epoch as ``datetime64[ms, UTC]``; NO_TIME becomes NaT."""
    import numpy as np
    import pandas as pd

    return pd.DatetimeIndex(np.asarray(at_ms, dtype="int64").view("M8[ms]"), tz="UTC")


def readings_frame(parts: Iterable[SeriesArrays]) -> "pd.DataFrame":
    """Columns device, quantity, at, value from the arrays of each series, in their order."""
    import numpy as np
    import pandas as pd

    found = [p for p in parts if len(p.at_ms)]
    counts = [len(p.at_ms) for p in found]
    at_ms = np.concatenate([p.at_ms for p in found]) if found else np.empty(0, np.int64)
    value = np.concatenate([p.value for p in found]) if found else np.empty(0)
    return pd.DataFrame(
        {
            "device": _names((p.series.device for p in found), counts),
            "quantity": _names((p.series.quantity for p in found), counts),
            "at": times(at_ms),
            "value": value,
        }
    )


def latest_frame(rows: Sequence[tuple[str, str, int, float]]) -> "pd.DataFrame":
    """Columns device, quantity, at, value from one row (device, quantity, at_ms, value) each."""
    import numpy as np
    import pandas as pd

    return pd.DataFrame(
        {
            "device": _names(r[0] for r in rows),
            "quantity": _names(r[1] for r in rows),
            "at": times([r[2] for r in rows]),
            "value": np.array([r[3] for r in rows], dtype=float),
        }
    )


def last_of_devices(rows: Iterable[tuple[str, str, int, float]]) -> dict[str, int]:
    """The answer of `ReadingStore.last_heard` from the last reading of each series."""
    heard: dict[str, int] = {}
    for device, _, at_ms, _ in rows:
        heard[device] = max(heard.get(device, at_ms), at_ms)
    return heard


def series_frame(rows: Sequence[tuple[str, str, int, int, int]]) -> "pd.DataFrame":
    """The answer of `ReadingStore.series` from (device, quantity, count, first_ms, last_ms)."""
    import numpy as np
    import pandas as pd

    return pd.DataFrame(
        {
            "device": _names(r[0] for r in rows),
            "quantity": _names(r[1] for r in rows),
            "readings": np.array([r[2] for r in rows], dtype="int64"),
            "first_at": times([r[3] for r in rows]),
            "last_at": times([r[4] for r in rows]),
        }
    )


def registers_frame(
    series: Sequence[Series],
    instants: Sequence[datetime],
    before: "Arrays",
    after: "Arrays",
) -> "pd.DataFrame":
    """The answer of `ReadingStore.registers_at`; arrays are series by series, instant by instant."""
    import numpy as np
    import pandas as pd

    each = len(instants)
    counts = [each] * len(series)
    return pd.DataFrame(
        {
            "device": _names((s.device for s in series), counts),
            "quantity": _names((s.quantity for s in series), counts),
            "instant": times(np.tile([floor_ms(i) for i in instants], len(series))),
            "before_at": times(before[0]),
            "before_value": before[1],
            "after_at": times(after[0]),
            "after_value": after[1],
        }
    )


def in_order(series: Iterable[Series]) -> list[Series]:
    """The series without repetition, sorted by device and quantity."""
    return sorted({Series(*s) for s in series})


def _names(names: Iterable[str], counts: list[int] | None = None) -> "pd.Series[str]":
    import pandas as pd

    column = pd.Series(list(names), dtype="str")
    return column if counts is None else column.repeat(counts).reset_index(drop=True)


def chunks(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """The items in pieces of at most `size`."""
    for i in range(0, len(items), size):
        yield items[i : i + size]
