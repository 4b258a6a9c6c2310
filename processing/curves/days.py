"""Local days as edges in time, and how far of them time has come."""

from datetime import date
from functools import lru_cache

import numpy as np

from domain.calendar import days_between, local_midnight, to_ms
from processing.curves.curve import Ints


@lru_cache(maxsize=256)
def _day_edges(start: date, end: date, timezone: str) -> tuple[int, ...]:
    return tuple(to_ms(local_midnight(day, timezone)) for day in (*days_between(start, end), end))


def day_edges(start: date, end: date, timezone: str) -> Ints:
    """The instants at which the local days of [start, end) begin, and `end`'s: int64[n + 1]."""
    return np.array(_day_edges(start, end, timezone), np.int64)


def elapsed(edges_ms: Ints, now_ms: int, last_ms: int | None, interval_ms: int) -> Ints:
    """The edges, cut where time has not come to: at `now`, or at the last reading.

    The last reading counts while the next one is not late by more than one interval, so a
    running month is not called incomplete for the minutes since. Edges of finished time are
    left alone.
    """
    if edges_ms[-1] <= now_ms:
        return edges_ms
    limit = now_ms
    if last_ms is not None and now_ms - 2 * interval_ms <= last_ms <= now_ms:
        limit = last_ms
    kept = edges_ms[edges_ms < limit]
    return np.concatenate((kept, [limit])) if kept.size else edges_ms[:1]
