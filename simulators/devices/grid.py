"""The time grid a month is simulated on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property, lru_cache, reduce
from typing import TypeVar
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from domain.calendar import Month, to_ms

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Numbers = TypeVar("Numbers", Floats, Ints)
_DAY_MS = 86_400_000


@dataclass(frozen=True)
class Grid:
    """Equal steps over one local month: step i is ``[edges_ms[i], edges_ms[i + 1])``.

    A month with a daylight-saving change simply has more or fewer steps. Its arrays are
    computed once and read-only; `grid` gives the same grid to all who share a month.
    """

    month: Month
    timezone: str
    step_s: int

    @cached_property
    def start_ms(self) -> int:
        return to_ms(self.month.interval(self.timezone)[0])

    @cached_property
    def steps(self) -> int:
        start, end = self.month.interval(self.timezone)
        return int((end - start).total_seconds()) // self.step_s

    @cached_property
    def edges_ms(self) -> Ints:
        """Borders of the steps, one more than there are steps."""
        return fixed(self.start_ms + 1000 * self.step_s * np.arange(self.steps + 1, dtype=np.int64))

    @cached_property
    def middles_ms(self) -> Ints:
        return fixed(self.edges_ms[:-1] + 500 * self.step_s)

    @cached_property
    def local_ms(self) -> Ints:
        """Middles of the steps as local wall-clock milliseconds since 1970."""
        return fixed(self.middles_ms + _offsets_ms(self.middles_ms, self.timezone))

    @cached_property
    def hour_of_day(self) -> Floats:
        """Local hour at the middle of each step, 0 ≤ h < 24."""
        return fixed((self.local_ms % _DAY_MS) / 3_600_000)

    @cached_property
    def day_index(self) -> Ints:
        """Which local day of the month each step is in, from 0."""
        first = (self.month.first_day - date(1970, 1, 1)).days
        return fixed(self.local_ms // _DAY_MS - first)

    @cached_property
    def days(self) -> int:
        """How many local days the month has."""
        return len(self.month.days())

    def each_step(self, per_day: Floats) -> Floats:
        """A day's value on each of its steps."""
        return per_day.take(self.day_index)

    def by_day(self, per_step: Floats) -> Floats:
        """Sums of a per-step amount over the month's local days."""
        return np.bincount(self.day_index, per_step, minlength=self.days).astype(np.float64)


@lru_cache(maxsize=32)
def grid(month: Month, timezone: str, step_s: int) -> Grid:
    """The grid of a month, the same object for everybody who asks."""
    return Grid(month, timezone, step_s)


def summed(per_step: Floats, every: int) -> Floats:
    """Sums of so many steps each; numpy's own sum over a short axis takes many times as long."""
    return total([per_step[i::every] for i in range(every)])


def total(parts: Sequence[Floats]) -> Floats:
    """The sum of equally long arrays (at least one), added in their order; one is its own sum."""
    return reduce(np.add, parts)


def fixed(values: Numbers) -> Numbers:
    """The same array, which from now on nobody can change: many share it."""
    values.flags.writeable = False
    return values


def _offsets_ms(at_ms: Ints, timezone: str) -> Ints:
    """UTC offsets; a month has at most one change, found by its hour."""
    zone = ZoneInfo(timezone)
    hours = at_ms // 3_600_000
    found: dict[int, int] = {}
    first, last = _offset(int(hours[0]), zone), _offset(int(hours[-1]), zone)
    if first == last:
        return np.full(len(at_ms), first, dtype=np.int64)
    for hour in np.unique(hours):
        found[int(hour)] = _offset(int(hour), zone)
    return np.array([found[int(h)] for h in hours], dtype=np.int64)


def _offset(hour: int, zone: ZoneInfo) -> int:
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(hours=hour)
    offset = at.astimezone(zone).utcoffset()
    return 0 if offset is None else int(offset.total_seconds()) * 1000
