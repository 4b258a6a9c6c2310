"""Whether a register counts in the unit it counted in before it changed. Pure numpy.

Where a register changed (a reset, a jump, a meter that nobody registered) its height says nothing
of its unit: only how fast it counts does. What it brings after the change is compared with what
the same hours of the day brought before it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from processing.curves.curve import Floats, Ints

SCALES = (*(10.0**k for k in (1, 2, 3, 6, -1, -2, -3, -6)), 3.6, 1 / 3.6)
"""Slips of a unit, either way: decimals, k (kWh as Wh), M, and MJ for kWh."""

_HOUR_MS = 3_600_000
_DAY_MS = 24 * _HOUR_MS
_FACTOR = 5.5
"""Nobody uses so many times more or less from the day on which a meter is replaced unannounced."""
_BEFORE_MS, _AFTER_MS = 14 * _DAY_MS, 7 * _DAY_MS
"""How much on either side of a change is compared."""
_RETURN_MS, _AT_THE_END_MS = 7 * _DAY_MS, 2 * _DAY_MS
"""A register that counted in another unit is believed again after it has gone on so long; where
its readings end, so long."""
_LONG_AGO_MS = 60 * _DAY_MS
"""What was used longer ago says nothing: the season may have turned."""
_FEWEST_BEFORE, _FEWEST_AFTER = 10, 5
_MANY_DIGITS = 5.0


@dataclass(frozen=True, slots=True)
class Changed:
    """Readings [since, until) of a register that counts in `scale` times the unit of its beginning."""

    since: int
    until: int
    scale: float


def units(
    at: Ints, value: Floats, kept: Ints, changes: Mapping[int, float | None]
) -> list[Changed]:
    """How the register counts after each of its changes, in order.

    `kept`: the readings that count. `changes`: the readings at which it changed, and by what its
    height there says it is multiplied since (None: the height says nothing).
    """
    found: list[Changed] = []
    places = np.searchsorted(kept, np.array(sorted(changes), np.int64))
    bounds = np.concatenate(([0], places, [kept.size])).astype(np.int64)
    reference = _Steps.of(at, value, kept[: bounds[1]])
    scale = 1.0
    for start, end in zip(bounds[1:-1].tolist(), bounds[2:].tolist(), strict=True):
        epoch = _Steps.of(at, value, kept[start:end])
        by_height = changes[int(kept[start])]
        scale *= 1.0 if by_height is None else by_height
        times = _faster(reference, epoch)
        if times is not None:
            goes_on = epoch.lasts(_RETURN_MS if end < kept.size else _AT_THE_END_MS)
            scale = _by_rate(times, scale, goes_on, by_height is not None)
        until = int(kept[end]) if end < kept.size else at.size
        found.append(Changed(int(kept[start]), until, scale))
        if abs(scale - 1.0) < 1e-9:
            reference = reference.and_then(epoch)
    return found


def _by_rate(times: float, scale: float, goes_on: bool, height_told: bool) -> float:
    """The unit of a register that counts so many times faster than it once did, where so far
    `scale` was thought of."""
    if _apart(times, 1.0) > _FACTOR:
        nearest = min(SCALES, key=lambda other: _apart(times, other))
        return nearest if not height_told or _apart(times, scale) > _FACTOR else scale
    is_usual = _apart(times, 1.0) < _apart(times, scale)
    if height_told:
        is_usual = _apart(times, scale) > _FACTOR
    return 1.0 if is_usual and goes_on else scale


def _apart(times: float, scale: float) -> float:
    """How many times one is the other, whichever is larger."""
    return float(max(times / scale, scale / max(times, 1e-9)))


@dataclass(frozen=True, slots=True)
class _Steps:
    """Use between neighbouring readings: its start (ms), length (ms) and amount."""

    at: Ints
    length: Ints
    use: Floats

    @classmethod
    def of(cls, at: Ints, value: Floats, readings: Ints) -> "_Steps":
        when = at[readings]
        return cls(when[:-1], np.diff(when), np.maximum(np.diff(value[readings]), 0.0))

    def and_then(self, later: "_Steps") -> "_Steps":
        return _Steps(
            np.concatenate((self.at, later.at)),
            np.concatenate((self.length, later.length)),
            np.concatenate((self.use, later.use)),
        )

    def some(self, chosen: npt.NDArray[np.bool_]) -> "_Steps":
        return _Steps(self.at[chosen], self.length[chosen], self.use[chosen])

    def lasts(self, ms: int) -> bool:
        return bool(self.length.sum() >= ms)

    def hours(self) -> Ints:
        """The hour of the day (UTC) of each step's middle."""
        return (self.at + self.length // 2) // _HOUR_MS % 24


def _faster(before: _Steps, after: _Steps) -> float | None:
    """How many times more `after` brought than the same hours did before; None: nobody knows."""
    if before.at.size < _FEWEST_BEFORE or after.at.size < _FEWEST_AFTER:
        return None
    if after.at[0] - before.at[-1] > _LONG_AGO_MS:
        return None
    before = before.some(before.at >= before.at[-1] - _BEFORE_MS)
    after = after.some(after.at <= after.at[0] + _AFTER_MS)
    # Its largest step says nothing: it may be the rest of what happened when it changed.
    after = after.some(np.arange(after.at.size) != int(np.argmax(after.use)))
    expected = float((_usual_rate(before, after) * after.length).sum())
    used = before.use[before.use > 0]
    if not used.size or expected < _MANY_DIGITS * float(used.min()):
        return None
    times = float(after.use.sum()) / expected
    if times < 1.0 and not after.lasts(_DAY_MS):
        return None  # a pause of some hours
    return times


def _usual_rate(before: _Steps, wanted: _Steps) -> Floats:
    """The rate of each wanted step's hour of the day, by what was before."""
    mean = float(before.use.sum()) / max(int(before.length.sum()), 1)
    if np.median(before.length) > 2 * _HOUR_MS:
        return np.full(wanted.at.size, mean)
    hours = before.hours()
    use = np.bincount(hours, before.use, minlength=24)
    time = np.bincount(hours, before.length.astype(np.float64), minlength=24)
    rate = np.where(time > 0, use / np.maximum(time, 1.0), mean)
    short = wanted.length <= 2 * _HOUR_MS
    return np.where(short, rate[wanted.hours()], mean)
