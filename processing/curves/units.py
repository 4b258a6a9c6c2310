"""Whether a register counts in the unit it counted in before it changed. Pure numpy.

Where a register changed (a reset, a jump, a meter that nobody registered) its height says nothing
of its unit: only how fast it counts does. What it brings after the change is compared with what
the same hours of the day brought before it.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from domain.calendar import DAY_MS, HOUR_MS
from processing.curves.chain import Runs
from processing.curves.curve import Floats, Ints, noise

SCALES = (*(10.0**k for k in (1, 2, 3, 6, -1, -2, -3, -6)), 3.6, 1 / 3.6)
"""Slips of a unit, either way: decimals, k (kWh as Wh), M, and MJ for kWh."""

_FACTOR = 5.5
"""Nobody uses so many times more or less from the day on which a meter is replaced unannounced."""
_FACTOR_OF_RECORDS, _RECORD = 3.5, 1.25
"""Nor so many times more where it twice exceeds its highest rate so far by that much."""
_BEFORE_MS, _AFTER_MS = 14 * DAY_MS, 7 * DAY_MS
"""How much on either side of a change is compared."""
_RETURN_MS, _AT_THE_END_MS = 7 * DAY_MS, 2 * DAY_MS
"""A register that counted in another unit is believed again after it has gone on so long; where
its readings end, so long."""
_LONG_AGO_MS = 60 * DAY_MS
"""What was used longer ago says nothing: the season may have turned."""
_FEWEST_BEFORE, _FEWEST_AFTER = 10, 5
_HARDLY_ANY, _FACTOR_OF_HARDLY_ANY = 4, 30.0
"""With so few steps before, only so much more says something."""
_MANY_DIGITS = 5.0


_SIMILAR = 0.05
_NEARLY_ALL = 0.9
"""A stretch is another's copy in a wrong unit if so much of it is."""
_FEW = 3
"""A unit has come back after a longer slip if at least so many readings in a row say so; a rate
is known from at least so many steps."""

Limit = Callable[[int, int], Floats | float]
"""(earlier reading, later reading) → the most that can have been used between them."""


def copies(value: Floats, runs: Runs, limit: Limit, by_habit: Limit) -> npt.NDArray[np.bool_]:
    """Runs that would continue the readings before and after a stretch, if only their unit
    were another: from where the register seems multiplied to where it is divided again. The
    unit of what was before is right: two stretches are never each other's copies."""
    found, count = np.zeros(len(runs), dtype=bool), runs.last - runs.first + 1
    total = np.concatenate(([0], np.cumsum(count)))
    before, after = value[runs.last[:-1]], value[runs.first[1:]]
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        ratio = np.where(before > 0, after / before, 0.0)
        enters = [np.flatnonzero(np.abs(ratio / scale - 1) < _SIMILAR) for scale in SCALES]
        leaves = [np.flatnonzero(np.abs(ratio * scale - 1) < _SIMILAR) for scale in SCALES]
    for r, which in sorted((r, k) for k, some in enumerate(enters) for r in some.tolist()):
        later = leaves[which][leaves[which] > r]
        goes_on = count[later + 1] >= np.minimum(_FEW, total[later + 1] - total[r + 1])
        if goes_on.any() and not found[r]:
            inside = slice(r + 1, int(later[goes_on][0]) + 1)
            found[inside] |= _copied(value, runs, inside, SCALES[which], limit, by_habit)
    return found


def _copied(
    value: Floats, runs: Runs, inside: slice, scale: float, limit: Limit, by_habit: Limit
) -> npt.NDArray[np.bool_]:
    """Which runs of a stretch are copies of its surroundings in another unit: nearly all of
    it, or none."""
    i, j = int(runs.last[inside.start - 1]), int(runs.first[inside.stop])
    low, high = float(value[i]), float(value[j])
    count = (runs.last - runs.first + 1)[inside]
    if not low <= high <= low + by_habit(i, j):
        return np.zeros(count.size, dtype=bool)  # not what the register itself did meanwhile
    slack = 0.1 * (high - low) + noise(abs(high))
    first, last = (value[k[inside]] / scale for k in (runs.first, runs.last))
    copy = (first >= low - slack) & (last <= high + slack) & (last >= first)
    copy &= _go_on(value, runs, np.flatnonzero(copy) + inside.start, scale, limit)
    return copy & bool(count[copy].sum() >= _NEARLY_ALL * count.sum())


def _go_on(value: Floats, runs: Runs, which: Ints, scale: float, limit: Limit) -> bool:
    """Whether copies in another unit, one after another, are those of one growing register."""
    pairs = pairwise(which.tolist())
    ends = ((int(runs.last[a]), int(runs.first[b])) for a, b in pairs)
    return all(value[j] / scale - value[i] / scale <= float(limit(i, j)) for i, j in ends)


@dataclass(frozen=True, slots=True)
class Changed:
    """Readings [since, until) of a register that counts in `scale` times the unit of its beginning."""

    since: int
    until: int
    scale: float


def units(
    at: Ints,
    value: Floats,
    kept: Ints,
    changes: Mapping[int, float | None],
    suspects: Iterable[int] = (),
) -> list[Changed]:
    """How the register counts after each of its changes, in order.

    `kept`: the readings that count. `changes`: the readings at which it changed, and by what its
    height there says it is multiplied since (None: the height says nothing). `suspects`: readings
    at which it may have changed, which only its speed tells; those that are no change are not
    among what is found.
    """
    suspects = {k: None for k in suspects if k not in changes}
    sure = np.searchsorted(kept, np.array(sorted(changes), np.int64))
    places = np.searchsorted(kept, np.array(sorted({*changes, *suspects}), np.int64))
    bounds = np.concatenate(([0], places, [kept.size])).astype(np.int64)
    reference = _Steps.of(at, value, kept[: bounds[1]])
    found: list[tuple[int, float]] = []
    scale = 1.0
    for start, end in zip(bounds[1:-1].tolist(), bounds[2:].tolist(), strict=True):
        here = int(kept[start])
        last = int(np.append(sure[sure > start], kept.size)[0])
        epoch = _Steps.of(at, value, kept[start:last])
        goes_on = epoch.lasts(_RETURN_MS if last < kept.size else _AT_THE_END_MS)
        by_height = changes.get(here)
        before, scale = scale, scale * (1.0 if by_height is None else by_height)
        times = _faster(reference, epoch)
        if times is not None:
            scale = _by_rate(times, scale, goes_on, by_height is not None)
        if here in changes or abs(scale - before) > 1e-9:
            found.append((here, scale))
        if abs(scale - 1.0) < 1e-9:
            reference = reference.and_then(_Steps.of(at, value, kept[start:end]))
        elif (back := epoch.back_in_unit(reference, scale)) and start + back < end:
            scale = 1.0
            found.append((int(kept[start + back]), scale))
            reference = reference.and_then(_Steps.of(at, value, kept[start + back : end]))
    starts = [since for since, _ in found]
    return [
        Changed(since, until, scale)
        for (since, scale), until in zip(found, [*starts[1:], at.size], strict=bool(found))
    ]


def _by_rate(times: float, scale: float, goes_on: bool, height_told: bool) -> float:
    """The unit of a register that counts so many times faster than it once did, where so far
    `scale` was thought of."""
    if apart(times, 1.0) > _FACTOR:
        nearest = min(SCALES, key=lambda other: apart(times, other))
        return nearest if not height_told or apart(times, scale) > _FACTOR else scale
    is_usual = apart(times, 1.0) < apart(times, scale)
    if height_told:
        is_usual = apart(times, scale) > _FACTOR
    return 1.0 if is_usual and goes_on else scale


def apart(times: float, scale: float) -> float:
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

    def while_it_counted(self) -> "_Steps":
        """Without the rest at its end, which may be a gateway's, and its largest step, which may be
        a wrong value's."""
        usual = self.some(np.arange(self.at.size) != int(np.argmax(self.use)))
        using = np.flatnonzero(usual.use > 0)
        return usual.some(np.arange(usual.at.size) <= using[-1]) if using.size else self

    def without_rest(self, ms: int) -> "_Steps":
        """Without the rest at its end, if that lasts so long: it may be a gateway's."""
        using = np.arange(self.at.size) <= np.append(np.flatnonzero(self.use > 0), -1).max()
        return self.some(using) if self.some(~using).lasts(ms) else self

    def lasts(self, ms: int) -> bool:
        return bool(self.length.sum() >= ms)

    def back_in_unit(self, reference: "_Steps", scale: float) -> int:
        """The reading from which a register that counted in a smaller unit is back in its own, if
        it rose to it in one step, as over a gap; 0: none."""
        if scale >= 1.0 or self.at.size < _FEWEST_AFTER:
            return 0
        leap = int(np.argmax(self.use))
        rest = self.some(np.arange(self.at.size) > leap)
        times = _faster(reference, rest)
        if times is None or not rest.lasts(_RETURN_MS):
            return 0
        return leap + 1 if apart(times, 1.0) < min(apart(times, scale), _FACTOR) else 0

    def hours(self) -> Ints:
        """The hour of the day (UTC) of each step's middle."""
        return (self.at + self.length // 2) // HOUR_MS % 24


def _faster(before: _Steps, after: _Steps) -> float | None:
    """How many times more `after` brought than the same hours did before; None: nobody knows."""
    if not before.at.size or not after.at.size:
        return None
    if after.at[0] - before.at[-1] > _LONG_AGO_MS:
        return None
    before = before.while_it_counted()
    lately = before.at >= before.at[-1] - _BEFORE_MS
    before = before.some(lately | (np.arange(before.at.size)[::-1] < 2 * _HARDLY_ANY))
    soon = (after.at <= after.at[0] + _AFTER_MS) | (np.arange(after.at.size) < 2 * _FEWEST_AFTER)
    after = after.some(soon)
    if before.at.size < _HARDLY_ANY or after.at.size < _FEWEST_AFTER:
        return None
    if not before.lasts(DAY_MS):
        return None  # a morning says nothing of noon
    fastest = np.sort(after.use / after.length)[-2]
    # Its largest step says nothing: it may be the rest of what happened when it changed.
    after = after.some(np.arange(after.at.size) != int(np.argmax(after.use)))
    after = after.without_rest(DAY_MS)
    if after.at.size < _FEWEST_AFTER - 1:
        return None
    expected = float((_usual_rate(before, after) * after.length).sum())
    used = before.use[before.use > 0]
    if not used.size or expected < _MANY_DIGITS * float(used.min()):
        return None
    times = float(after.use.sum()) / expected
    is_little = before.at.size < _FEWEST_BEFORE and times < _FACTOR_OF_HARDLY_ANY
    if is_little and not _standapart(before, after):
        return None
    if times > _FACTOR_OF_RECORDS and fastest > _RECORD * (before.use / before.length).max():
        times = max(times, 1.01 * _FACTOR)
    if times < 1.0 and not after.lasts(DAY_MS):
        return None  # a pause of some hours
    return times


def usual_rate(at: Ints, value: Floats) -> float:
    """The median rate (per ms) of the steps that bring anything; 0.0 if hardly any do, or they are
    of less than a day: a night says nothing of noon."""
    step, length = np.diff(value), np.diff(at)
    rate = step[step > 0] / length[step > 0]
    is_known = rate.size >= _FEW and length.sum() >= DAY_MS
    return float(np.median(rate)) if is_known else 0.0


def _standapart(before: _Steps, after: _Steps) -> bool:
    """Whether every step of one side is so many times faster than every step of the other that
    even hardly any of them tell."""
    (slow, fast), (slower, faster) = (
        (float(rate.min()), float(rate.max()))
        for rate in (before.use / before.length, after.use / after.length)
    )
    return slow > _FACTOR * faster or slower > _FACTOR * fast


def _usual_rate(before: _Steps, wanted: _Steps) -> Floats:
    """The rate of each wanted step's hour of the day, by what was before."""
    mean = float(before.use.sum()) / max(int(before.length.sum()), 1)
    if np.median(before.length) > 2 * HOUR_MS:
        return np.full(wanted.at.size, mean)
    hours = before.hours()
    use = np.bincount(hours, before.use, minlength=24)
    time = np.bincount(hours, before.length.astype(np.float64), minlength=24)
    rate = np.where(time > 0, use / np.maximum(time, 1.0), mean)
    short = wanted.length <= 2 * HOUR_MS
    return np.where(short, rate[wanted.hours()], mean)
