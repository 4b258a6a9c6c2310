"""The readings around an instant, found in the store by seeks."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np
import pandas as pd

from domain.calendar import from_ms
from domain.readings import Series
from processing.curves.curve import Ints
from store.readings.port import ReadingStore

NEVER = int(np.iinfo(np.int64).min)
_INSTANT = timedelta(milliseconds=1)


class Around(NamedTuple):
    """The last reading at or before an instant and the first at or after it; `NEVER`: none."""

    before_ms: int
    before: float
    after_ms: int
    after: float


def look_around(
    store: ReadingStore, series: Sequence[Series], instants: Sequence[datetime]
) -> Iterator[list[Around]]:
    """What is around each instant, one series after another."""
    if not series or not instants:
        return
    table = store.registers_at(series, instants)
    columns = zip(
        _as_ms(table["before_at"]),
        table["before_value"].tolist(),
        _as_ms(table["after_at"]),
        table["after_value"].tolist(),
        strict=True,
    )
    found = [Around(*row) for row in columns]
    for k in range(len(series)):
        yield found[k * len(instants) : (k + 1) * len(instants)]


def outwards(
    store: ReadingStore, series: Series, first: tuple[int, float], left_out_ms: Ints, step: int
) -> list[tuple[int, float]]:
    """The readings from `first` (time, value) on, backwards (step −1) or forwards (+1), up to
    and with the nearest that is not left out."""
    left_out = set(left_out_ms.tolist())
    next_of: dict[int, tuple[int, float]] | None = None
    chain, (at_ms, value) = [], first
    while at_ms != NEVER:
        chain.append((at_ms, value))
        if at_ms not in left_out:
            break
        if next_of is None:  # all at once: they tend to lie side by side
            ahead = [t for t in left_out_ms.tolist() if (t - at_ms) * step >= 0]
            (found,) = look_around(store, [series], [from_ms(t) + step * _INSTANT for t in ahead])
            next_of = {
                t: (a.before_ms, a.before) if step < 0 else (a.after_ms, a.after)
                for t, a in zip(ahead, found, strict=True)
            }
        at_ms, value = next_of[at_ms]
    return chain


def _as_ms(times: "pd.Series[pd.Timestamp]") -> list[int]:
    """Milliseconds since the epoch; `NEVER` for NaT."""
    found: list[int] = times.to_numpy("datetime64[ms]").astype(np.int64).tolist()
    return found
