"""Register readings of one meter → a curve of use. Pure numpy; any order of arrival.

A register only grows. Whatever contradicts that is either explained (rollover, replacement),
dropped (a single wrong reading), or leaves a segment of unknown use (reset, jump): never a
spike and never a zero. What happened is told as events.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from processing.curves.curve import (
    INTERPOLATED,
    MEASURED,
    UNKNOWN,
    Codes,
    Event,
    Floats,
    Ints,
    UseCurve,
)
from processing.curves.register_spec import (
    HOUR_MS,
    PLAIN,
    RegisterRules,
    RegisterSpec,
    Swap,
    default_rules,
)
from processing.curves.standstill import join_standstills


def use_curve(
    at_ms: npt.ArrayLike,
    value: npt.ArrayLike,
    spec: RegisterSpec = PLAIN,
    rules: RegisterRules | None = None,
) -> UseCurve:
    """The curve of use behind the readings, which may come in any order and repeatedly."""
    rules = rules or default_rules()
    at, register, events = _tidy(np.asarray(at_ms, np.int64), np.asarray(value, np.float64))
    if at.size == 0:
        return UseCurve.empty()
    if not spec.swaps:
        at, step, segment, found = _one_register(at, register, spec, rules)
    else:
        at, step, segment, found = _several_registers(at, register, spec, rules)
    at, step, segment = _multiplied(at, step, segment, spec.multiplier, rules)
    return join_standstills(UseCurve(at, step, segment, (*events, *found)))


def _tidy(at: Ints, value: Floats) -> tuple[Ints, Floats, list[Event]]:
    """Finite readings sorted by time, one for each instant (of different ones, the lowest)."""
    finite = np.isfinite(value)
    if not finite.all():
        at, value = at[finite], value[finite]
    if at.size < 2 or (np.diff(at) > 0).all():
        return at, value, []
    order = np.lexsort((value, at))
    at, value = at[order], value[order]
    again = np.concatenate(([False], np.diff(at) == 0))
    differs = again & np.concatenate(([False], np.diff(value) != 0))
    events = [Event("conflicting_readings", int(t)) for t in np.unique(at[differs])]
    return at[~again], value[~again], events


_Steps = tuple[Ints, Floats, Codes, list[Event]]


def _one_register(at: Ints, value: Floats, spec: RegisterSpec, rules: RegisterRules) -> _Steps:
    """Knots that count, the use between them (in register units) and how it is known."""
    judge = _Judge(at, value, spec, rules)
    bad = judge.bad_steps()
    if bad.size == 0:
        return at, np.diff(value), np.zeros(max(at.size - 1, 0), np.uint8), []
    judge.settle(bad)
    kept = np.flatnonzero(judge.keep)
    step = np.diff(value[kept])
    segment = np.full(step.size, MEASURED, np.uint8)
    place = np.searchsorted(kept, np.array(sorted(judge.unknown), np.int64))
    segment[place - 1], step[place - 1] = UNKNOWN, 0.0
    place = np.searchsorted(kept, np.array(sorted(judge.rolled), np.int64))
    step[place - 1] += spec.size or 0.0
    return at[kept], step, segment, judge.events


class _Judge:
    """Decides about every step that a growing register could not have made."""

    def __init__(self, at: Ints, value: Floats, spec: RegisterSpec, rules: RegisterRules) -> None:
        self.at, self.value, self.size, self.rules = at, value, spec.size, rules
        self.rate: float | None = None
        if spec.max_rate_per_h is not None:
            factor = min((m for _, m in spec.multiplier), default=1.0)
            self.rate = spec.max_rate_per_h * rules.spike_factor / factor / HOUR_MS
        self.keep = np.ones(at.size, dtype=bool)
        self.unknown: set[int] = set()
        self.rolled: set[int] = set()
        self.events: list[Event] = []

    def bad_steps(self) -> Ints:
        """Indices k where the step from k to k + 1 falls or rises too fast."""
        step = np.diff(self.value)
        bad = step < -_noise(self.value[:-1])
        if self.rate is not None:
            length = np.maximum(np.diff(self.at), self.rules.shortest_ms)
            bad |= step > self.rate * length
        return np.flatnonzero(bad)

    def settle(self, bad: Ints) -> None:
        for k in bad.tolist():
            after = k + 1
            if not self.keep[after]:
                continue
            before = k
            while before >= 0 and not self.keep[before]:
                before -= 1
            if before < 0 or self._possible(before, after):
                continue
            if self.value[after] < self.value[before]:
                self._fall(before, after)
            else:
                self._leap(before, after)

    def _limit(self, i: int, j: int) -> float:
        """The most that can be used between two readings (register units)."""
        if self.rate is None:
            return float("inf")
        return self.rate * max(int(self.at[j] - self.at[i]), self.rules.shortest_ms)

    def _possible(self, i: int, j: int) -> bool:
        rise = float(self.value[j] - self.value[i])
        return bool(-_noise(abs(float(self.value[i]))) <= rise <= self._limit(i, j))

    def _fall(self, before: int, after: int) -> None:
        """The register is lower than it was: rollover, wrong reading, or reset."""
        if self._rolls_over(before, after):
            self.rolled.add(after)
            self._tell("register_rollover", after, float(self.size or 0.0))
            return
        start = self._spike_start(before, after)
        end = self._dip_end(before, after)
        if start is not None and (end is None or before - start <= end - after):
            self._drop(start + 1, before + 1)
        elif end is not None:
            self._drop(after, end)
        else:
            self.unknown.add(after)
            self._tell("register_reset", after, float(self.value[before] - self.value[after]))

    def _rolls_over(self, before: int, after: int) -> bool:
        if self.size is None:
            return False
        first, second = float(self.value[before]), float(self.value[after])
        following = float(self.value[after + 1]) if after + 1 < self.value.size else second
        if self.rate is None:
            near = first >= 0.9 * self.size and second <= 0.1 * self.size
            return near and following - second < 0.5 * self.size
        comes_back = following >= first and not (
            following < second or self._possible(after, min(after + 1, self.value.size - 1))
        )
        return second + self.size - first <= self._limit(before, after) and not comes_back

    def _spike_start(self, before: int, after: int) -> int | None:
        """The last good reading before a few too-high ones, if dropping those mends the fall."""
        fall = self.value[before] - self.value[after]
        j = before
        for _ in range(self.rules.longest_glitch):
            j = self._previous(j)
            if j < 0 or (j + 1) in self.rolled:
                return None
            if self._possible(j, after):
                leap = float(self.value[j + 1 : before + 1].max() - self.value[j])
                return j if leap >= 0.8 * fall else None
        return None

    def _dip_end(self, before: int, after: int) -> int | None:
        """The first good reading after too-low ones, if dropping those mends the fall."""
        fall = self.value[before] - self.value[after]
        for m in self._soon(before, after):
            if self.value[m] - self.value[m - 1] >= 0.8 * fall:
                return m if self._possible(before, m) else None
        return None

    def _soon(self, before: int, after: int) -> range:
        """The readings after `after` by which an excursion has to be over."""
        latest = int(self.at[before]) + self.rules.longest_excursion_ms
        end = int(np.searchsorted(self.at, latest, side="right"))
        return range(after + 1, max(end, min(after + 1 + self.rules.longest_glitch, self.at.size)))

    def _leap(self, before: int, after: int) -> None:
        """The register rose faster than the branch can carry."""
        for m in self._soon(before, after):
            # A jump that stays never falls back; one that does was a slip of unit or digits.
            if self.value[m] < self.value[m - 1] and self._possible(before, m):
                self._drop(after, m)
                return
        start = before
        while (j := self._previous(start)) >= 0 and self.value[j] == self.value[before]:
            start = j
        if start < before and self._possible(start, after):
            # A gateway that repeated the last value and then caught up: the difference is
            # known, when it was used is not. It becomes a gap.
            self.keep[start + 1 : before + 1] = False
            self._tell("register_caught_up", after, float(self.value[after] - self.value[start]))
            return
        self.unknown.add(after)
        self._tell("register_jump", after, float(self.value[after] - self.value[before]))

    def _previous(self, j: int) -> int:
        j -= 1
        while j >= 0 and not self.keep[j]:
            j -= 1
        return j

    def _drop(self, start: int, end: int) -> None:
        for k in range(start, end):
            if self.keep[k]:
                self.keep[k] = False
                self.unknown.discard(k)
                self._tell("reading_dropped", k, float(self.value[k]))

    def _tell(self, code: str, k: int, amount: float) -> None:
        self.events.append(Event(code, int(self.at[k]), amount))


def _noise(value: Any) -> Any:
    """What rounding alone may take off a register of this height."""
    return 1e-9 * (value + 1.0)


def _several_registers(at: Ints, value: Floats, spec: RegisterSpec, rules: RegisterRules) -> _Steps:
    """As `_one_register` for a meter that was replaced once or more.

    Old and new meter may both report for a while: a reading on the wrong side of the swap
    that fits the other register better is left out.
    """
    swaps = sorted(spec.swaps)
    epochs: list[_Steps] = []
    for k in range(len(swaps) + 1):
        opening = swaps[k - 1] if k else None
        closing = swaps[k] if k < len(swaps) else None
        epochs.append(_epoch(at, value, opening, closing, spec, rules))
    times, steps, segments, events = zip(*epochs, strict=True)
    joined_at = [times[0]]
    joined_step, joined_segment = [steps[0]], [segments[0]]
    told = list(events[0])
    for swap, t, s, g, e in zip(swaps, times[1:], steps[1:], segments[1:], events[1:], strict=True):
        joined_at.append(t[1:] if joined_at[-1].size else t)  # the swap is a knot of both
        joined_step.append(s)
        joined_segment.append(g)
        told += [Event("meter_replaced", swap.at_ms), *e]
    return (
        np.concatenate(joined_at),
        np.concatenate(joined_step),
        np.concatenate(joined_segment),
        told,
    )


def _epoch(
    at: Ints,
    value: Floats,
    opening: Swap | None,
    closing: Swap | None,
    spec: RegisterSpec,
    rules: RegisterRules,
) -> _Steps:
    """The steps of one register between two swaps, the swaps themselves being knots."""
    inside = np.ones(at.size, dtype=bool)
    if opening is not None:
        inside &= (at > opening.at_ms) & ~_of_other(at, value, opening, -1, spec, rules)
    if closing is not None:
        inside &= (at < closing.at_ms) & ~_of_other(at, value, closing, +1, spec, rules)
    knots, register = at[inside], value[inside]
    unknown_end = closing is not None and not np.isfinite(closing.final)
    if opening is not None:
        knots = np.concatenate(([opening.at_ms], knots))
        register = np.concatenate(([opening.initial], register))
    if closing is not None and (knots.size or not unknown_end):
        final = closing.final if not unknown_end else register[-1]
        knots = np.concatenate((knots, [closing.at_ms]))
        register = np.concatenate((register, [final]))
    knots, step, segment, events = _one_register(knots, register, spec, rules)
    if unknown_end and segment.size:
        segment[-1], step[-1] = UNKNOWN, 0.0
    return knots, step, segment, events


def _of_other(
    at: Ints, value: Floats, swap: Swap, side: int, spec: RegisterSpec, rules: RegisterRules
) -> npt.NDArray[np.bool_]:
    """Which readings near a swap come from the register on its other side (−1 old, +1 new).

    Such a reading lies within a hundredth of the registers' distance of the other's value at
    the swap, and the branch could not have brought the own register there.
    """
    own, other = (swap.initial, swap.final) if side < 0 else (swap.final, swap.initial)
    if not (np.isfinite(own) and np.isfinite(other)):
        return np.zeros(value.size, dtype=bool)
    away = np.abs(at - swap.at_ms)
    near = (away <= rules.longest_overlap_ms) & (np.abs(value - other) < 0.01 * abs(own - other))
    if spec.max_rate_per_h is None or not near.any():
        return near
    factor = min((m for _, m in spec.multiplier), default=1.0)
    rate = spec.max_rate_per_h * rules.spike_factor / factor / HOUR_MS
    moved = (own - value) * side
    if spec.size is not None:
        moved = moved % spec.size
    own_way = (moved >= 0) & (moved <= rate * np.maximum(away, rules.shortest_ms))
    return np.asarray(near & ~own_way)


def _multiplied(
    at: Ints,
    step: Floats,
    segment: Codes,
    history: Sequence[tuple[int, float]],
    rules: RegisterRules,
) -> tuple[Ints, Floats, Codes]:
    """Steps times the factor that held, splitting a step at the instant a factor changed."""
    if not history:
        return at, step, segment
    changes = [t for t, _ in history[1:] if at[0] < t < at[-1] and t not in at]
    for change in changes:
        k = int(np.searchsorted(at, change)) - 1
        length = at[k + 1] - at[k]
        part = step[k] * (change - at[k]) / length
        code = segment[k] if segment[k] != MEASURED else INTERPOLATED
        if length > rules.max_gap_ms and code == INTERPOLATED:
            code = UNKNOWN
        pieces = (0.0, 0.0) if code == UNKNOWN else (part, step[k] - part)
        at = np.insert(at, k + 1, change)
        step = np.concatenate((step[:k], pieces, step[k + 1 :]))
        segment = np.concatenate((segment[:k], [code, code], segment[k + 1 :])).astype(np.uint8)
    starts = np.array([t for t, _ in history], np.int64)
    factors = np.array([f for _, f in history])
    which = np.maximum(np.searchsorted(starts, at[:-1], side="right") - 1, 0)
    return at, step * factors[which], segment
