"""Judges the readings of one register: which count, where it rolled over, where it changed.

A reading is judged by the meter's own habits, by the branch's registered rate, and by what stands
on both sides of it. What contradicts a growing register is explained (it turned over, or caught
up), passed over (wrong readings: see processing.curves.chain), or leaves a step of unknown use (a
reset, a jump). It is never believed because no rate is registered.
"""

from functools import partial

import numpy as np
import numpy.typing as npt
from scipy.ndimage import maximum_filter1d

from config.processing import HabitRules
from domain.calendar import DAY_MS, HOUR_MS
from processing.curves.chain import (
    HELD,
    Runs,
    best_chain,
    is_odd,
    other_edges,
    rest_ends,
    runs_between,
    told,
    weights,
    without_excursions,
)
from processing.curves.curve import Event, Floats, Ints, flagged_runs, noise
from processing.curves.habits import Habits, standing_out
from processing.curves.register_spec import RegisterRules
from processing.curves.units import SCALES, apart, copies, units, usual_rate

_ORDINARY = 2.0
"""A rise of so many times the usual use of its time is nothing that speaks against a reading."""
_OUTRUNS = 5.0
"""A step over readings that were passed over is looked at if it is so many times the usual."""
_ANOTHER_UNIT = 30.0
"""Nobody uses so many times more or less after a meter's unregistered replacement."""
_MANY = 48  # with fewer readings in all, nothing is said of a gap's other side
_AS_HIGH = 0.1  # where no speed tells, a register has grown by less since its unit changed
_LONG_REST = 2  # a new register may rest so many times longer than the old one ever did


class Judge:
    """The verdict on the readings of one register; `judged()` gives it.

    `rate_per_ms`: what the branch can carry, in register units (None: not registered). A person
    stands for `pinned` readings: they are never passed over. `wrong` ones say nothing of habits.
    """

    def __init__(
        self,
        at: Ints,
        value: Floats,
        size: float | None,
        rate_per_ms: float | None,
        register: RegisterRules,
        rules: HabitRules,
        unproven_per_ms: float | None = None,
        pinned: npt.NDArray[np.bool_] | None = None,
        wrong: npt.NDArray[np.bool_] | None = None,
    ) -> None:
        self.at, self.value, self.size = at, value, size
        self.rate, self.max_gap_ms = rate_per_ms, register.max_gap_ms
        self.shortest_ms, self.glitch = register.shortest_ms, register.longest_glitch
        self.rules, self._unproven = rules, unproven_per_ms
        self.pinned = np.zeros(at.size, dtype=bool) if pinned is None else pinned
        self._credible = np.ones(at.size, dtype=bool) if wrong is None else ~wrong
        self.keep = np.ones(at.size, dtype=bool)
        self.unknown: set[int] = set()
        """Readings before which the use is not known."""
        self._changes: dict[int, tuple[float | None, str, float]] = {}
        """By reading: what its height says it is multiplied since, the code and the amount told."""
        self._suspects: list[int] = []
        """Readings after a step that fits, but much faster than what was before."""
        self._doubtful: list[tuple[int, int]] = []
        self._strayed: set[int] = set()
        """Runs with which the register came back from readings that were passed over although they moved."""
        self.rolled: set[int] = set()
        self.events: list[Event] = []
        self._is_gap = np.zeros(max(at.size - 1, 0), dtype=bool)
        self._step = np.diff(value)
        self._length = np.maximum(np.diff(at), self.shortest_ms)

    def settle(self) -> bool:
        """Judge everything; False when there was nothing to judge."""
        falls = self._step < -noise(np.abs(self.value[:-1]))
        edges = falls | other_edges(self._step, falls, self.glitch)
        near = maximum_filter1d(falls, 2 * self.glitch + 1)
        said = ~edges & self._credible[:-1] & self._credible[1:]
        self._habits = Habits(self.at, self._step, said, self.rules, self._unproven, said & ~near)
        self._is_gap = self._other_heights()
        leaps = self._leaps(said)
        cut = edges | leaps | rest_ends(self.value, leaps) | self._is_gap
        if not cut.any():
            return False
        runs = runs_between(np.flatnonzero(cut), self.at.size)
        copied = copies(self.value, runs, self._limit, self._by_habit)
        cost = weights(runs, self.value, self.pinned, copied)
        fits = partial(self._fits, runs)
        held = cost >= HELD
        parts = told(*best_chain(cost, fits), runs, self.value, held, fits)
        parts, self._strayed = without_excursions(parts, runs, self.value, held, fits)
        self._apply(runs, parts)
        return True

    def doubtful(self) -> list[tuple[int, int]]:
        """Readings [start, end) between which the register counts in another unit than before."""
        return self._doubtful

    # Which steps need a judgement.

    def _leaps(self, trusted: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """Rises that the branch cannot carry, or that this meter never makes."""
        leaps = np.zeros(self._step.size, dtype=bool)
        if self.rate is not None:
            leaps |= self._step > self.rate * self._length
        for k in standing_out(self._step, self._length, trusted, self.rules).tolist():
            most = float(self._habits.at(k).most(int(self._length[k]), self.rules))
            leaps[k] |= self._step[k] > most
        return leaps

    def _other_heights(self) -> npt.NDArray[np.bool_]:
        """Steps after which a register is as high in a larger unit: only its speed tells."""
        found = np.zeros(self._step.size, dtype=bool)
        if self.at.size < _MANY:
            return found
        gaps = self._length > max(self.max_gap_ms, 2 * np.median(self._length))
        gaps |= self.value[1:] > _OUTRUNS * self.value[:-1]  # as only young registers grow
        for k in np.flatnonzero(gaps & (self.value[:-1] > 0) & (self._step > 0)).tolist():
            before, after = self._rates(k, k + 1)
            most = max(0.5 * self.value[k], _ORDINARY * before * self._length[k])
            rises = (self.value[k + 1] / s - self.value[k] for s in SCALES if s > _OUTRUNS)
            is_scale = any(-0.05 * self.value[k] <= rise <= most for rise in rises)
            found[k] = is_scale and 0 < _OUTRUNS * before < after
        return found

    # What fits together.

    def _limit(self, earlier: Ints | int, later: int) -> Floats:
        """The most that can be used between readings, by habits and by the branch."""
        length = np.maximum(self.at[later] - self.at[earlier], self.shortest_ms)
        limit = self._habits.at(max(later - 1, 0)).most(length, self.rules)
        return limit if self.rate is None else np.minimum(limit, self.rate * length)

    def _by_habit(self, earlier: int, later: int) -> float:
        """The most that was used between readings by the habits of the earlier."""
        length = int(self.at[later] - self.at[earlier])
        return float(self._habits.at(earlier).most(length, self.rules))

    def _fits(self, runs: Runs, earlier: Ints, later: int) -> npt.NDArray[np.bool_]:
        i, j = runs.last[earlier], int(runs.first[later])
        rise, limit = self.value[j] - self.value[i], self._limit(i, j)
        fits = (rise >= -noise(np.abs(self.value[i]))) & (rise <= limit)
        if self.size is not None:
            fits |= self._rollover(rise, limit, self.value[i], float(self.value[j]))
        return np.asarray(fits, dtype=bool)

    def _rollover(
        self, rise: Floats, limit: Floats, before: Floats, after: float
    ) -> npt.NDArray[np.bool_]:
        size = float(self.size or 0.0)
        near = (before >= 0.9 * size) & (after <= 0.1 * size)
        counted = np.isfinite(limit) & (self.rate is not None)
        turned = (rise < 0) & (rise + size >= 0)
        return np.asarray(turned & np.where(counted, rise + size <= limit, near), dtype=bool)

    # The verdict.

    def _apply(self, runs: Runs, parts: list[list[int]]) -> None:
        chain, breaks = [r for part in parts for r in part], {part[0] for part in parts[1:]}
        self._credible = np.repeat(np.isin(np.arange(len(runs)), chain), runs.last - runs.first + 1)
        before = -1
        for r in chain:
            first = int(runs.first[r])
            if before < 0:
                self._drop(0, first)
            else:
                self._join(before, first, int(runs.last[r]), r in breaks, r in self._strayed)
            before = int(runs.last[r])
        self._drop(before + 1, self.at.size)
        self._compare_units()

    def _compare_units(self) -> None:
        """Tells how the register counts after its changes, and doubts what is in another unit."""
        scales = {k: scale for k, (scale, _, _) in self._changes.items()}
        suspects = (k for k in self._suspects if self.keep[k])
        found = units(self.at, self.value, np.flatnonzero(self.keep), scales, suspects)
        before = 1.0
        for change in found:
            factor, k = change.scale / before, change.since
            _, code, amount = self._changes.get(k, (None, "register_jump", 0.0))
            self.unknown.add(k)
            if abs(factor - 1.0) > 1e-9:
                code, amount = "register_scaled", factor
            self._tell(code, k, amount)
            if abs(change.scale - 1.0) > 1e-9:
                self._doubtful.append((k, change.until))
            before = change.scale

    def _join(self, before: int, after: int, last: int, is_break: bool, has_strayed: bool) -> None:
        """The step between two runs of the chain, the later of which goes on until `last`."""
        if is_break and self._caught_up(before, after):
            return
        if not is_break and self._is_gap[before] and after - before == 1:
            is_break = self._scale(before, after) is not None
        if is_break and (repaired := self._repaired(before, after, last)):
            before, after = repaired
            is_break = False
        self._drop(before + 1, after)
        length_ms = int(self.at[after] - self.at[before])
        if not is_break and after - before > 1 and length_ms > self.max_gap_ms:
            # What was used meanwhile is known, when is not: told, since it concerns other months.
            if (self.value[before + 1 : after] == self.value[before]).any():
                before = self._drop_rest(before)
            code = "register_strayed" if has_strayed else "register_returned"
            self._tell(code, after, self.value[after] - self.value[before])
        if not is_break and (has_strayed or self._outruns(before, after)):
            self._suspects.append(after)
        if is_break:
            self._changed(before, after, last)
        elif self._may_have_fallen(before, after):
            self.unknown.add(after)
            self._changes[after] = (None, "register_reset", 0.0)
        elif self.value[after] < self.value[before] - noise(abs(self.value[before])):
            self.rolled.add(after)
            self._tell("register_rollover", after, float(self.size or 0.0))

    def _caught_up(self, before: int, after: int) -> bool:
        """Whether a gateway repeated the last value and then caught up: the difference is known,
        when it was used is not. It becomes a gap."""
        if self.value[after] < self.value[before]:
            return False
        start = self._rest_before(before)
        start = start if start < before else self._rest_made_up(before, after)
        rests = start < before and not self.pinned[start + 1 : after].any()
        if not rests or self._scale(before, after) is not None or not self._possible(start, after):
            return False
        if self._goes_on_as_fast(before, after):
            return True
        self._drop(before + 1, after)
        self.keep[start + 1 : before + 1] = False
        self._tell("register_caught_up", after, self.value[after] - self.value[start])
        return True

    def _rest_made_up(self, before: int, after: int) -> int:
        """The start of a long rest that ended a few readings before a leap, if both together are no
        faster than the days before: newer values slipped through. Else `before`."""
        for end in range(before - 1, max(before - 1 - self.glitch, -1), -1):
            start = self._rest_before(end) if self.keep[end] else end
            is_long = self.at[end] - self.at[start] > self.max_gap_ms
            if start < end and is_long and not self._outruns(start, after, times=2.0):
                return start
        return before

    def _goes_on_as_fast(self, before: int, after: int) -> bool:
        """Whether the step after a leap is about as fast, as on a season's first morning."""
        if after - before > 1 or after >= self._step.size or not self._credible[after + 1]:
            return False
        leap, following = (self._step[k] / self._length[k] for k in (before, after))
        return bool(self._length[before] <= self.max_gap_ms and following >= leap / 2)

    def _outruns(self, before: int, after: int, times: float = _OUTRUNS) -> bool:
        """Whether a step is many times what was usual."""
        since_ms = self.at[before] - round(self.rules.after_days * 24 * HOUR_MS)
        kept = np.flatnonzero(self.keep[: before + 1])
        first = int(kept[min(np.searchsorted(self.at[kept], since_ms), kept.size - 1)])
        usual = max(float(self.value[before] - self.value[first]), 0.0)
        days = (self.at[after] - self.at[before]) / max(int(self.at[before] - self.at[first]), 1)
        return bool(self.value[after] - self.value[before] > times * usual * days)

    def _repaired(self, before: int, after: int, last: int) -> tuple[int, int] | None:
        """The nearest readings around a fall that fit, giving up a few that lead to it."""
        fall = self.value[before] - self.value[after]
        if fall <= 0:
            return None  # between growing runs nothing but time would make a leap fit
        for given_up in range(1, self.glitch + 1):
            back, on = before - given_up, after + given_up
            if self.pinned[max(back + 1, 0) : on].any():
                break
            falls_back = back >= 0 and self.value[before] - self.value[back] >= 0.8 * fall
            if falls_back and self.keep[back] and self._possible(back, after):
                self._drop(back + 1, before + 1)
                return back, after
            rises = on <= last and self.value[on] - self.value[on - 1] >= 0.8 * fall
            if rises and self._possible(before, on):
                return before, on
        return None

    def _may_have_fallen(self, before: int, after: int) -> bool:
        """Whether what was passed over may have been right, and the register set back beside it."""
        rise, passed = self.value[after] - self.value[before], self.value[before + 1 : after]
        if not passed.size or rise < 0:
            return False
        habit = self._habits.at(max(after - 1, 0))
        length = int(self.at[after] - self.at[before])
        up, back = passed.max() - self.value[before], self.value[after] - passed.min()
        goes_on = rise < max(up, back) and min(u for u in (up, back) if u > rise) <= (
            _ORDINARY * habit.high_per_ms * length
        )
        grows = passed.size > 1 and passed[-1] > passed[0]
        return bool(goes_on and (grows or rise < habit.usual_per_ms * length / 2))

    def _changed(self, before: int, after: int, last: int) -> None:
        """The register is not the one it was: its use over this step cannot be known."""
        # Where it stood still before it changed, it may have been silent behind a gateway.
        self._drop_rest(before)
        scale = self._scale(before, after)
        after = self._drop_nothing(before, after, last)
        self.unknown.add(after)
        rise = float(self.value[after] - self.value[before])
        code = "register_jump" if rise > 0 else "register_reset"
        self._changes[after] = (scale, code, abs(rise))

    def _drop_nothing(self, before: int, after: int, last: int) -> int:
        """Gives up the "no value" with which a register begins, if it says so again and again, for
        over a day and far longer than the old one ever rested; the reading that is the first then."""
        moved = np.flatnonzero(self.value[after : last + 1] != self.value[after])
        first = after + int(moved[0]) if moved.size else after
        if first - after < 2 or not is_odd(self.value[after]) or self.pinned[after:first].any():
            return after
        since_ms = self.at[before] - round(self.rules.before_days * 24 * HOUR_MS)
        low = int(np.searchsorted(self.at, since_ms))
        start, end = flagged_runs(self._step[low:before] == 0)
        usual_ms = int((self.at[low + end] - self.at[low + start]).max(initial=0))
        if self.at[first] - self.at[after] <= max(_LONG_REST * usual_ms, DAY_MS):
            return after
        self._drop(after, first)
        return first

    def _scale(self, before: int, after: int) -> float | None:
        """By what the register seems to be multiplied since then: the same height in another unit,
        or another meter that counts so much faster or slower that its unit must be another."""
        height, limit = abs(float(self.value[before])), float(self._limit(before, after))
        changed = self._rate_change(before, after)
        fits = []
        for scale in SCALES:
            rise = float(self.value[after]) / scale - float(self.value[before])
            near = limit < 0.2 * height or rise < _AS_HIGH * height
            if changed is not None:
                near = apart(changed, scale) < apart(changed, 1.0)
            if near and -1e-6 * height - noise(height) <= rise <= limit:
                fits.append(scale)
        if changed is None:
            return fits[0] if fits else None
        candidates = SCALES if not fits and apart(changed, 1.0) > _ANOTHER_UNIT else fits
        return min(candidates, key=lambda scale: apart(changed, scale), default=None)

    def _rate_change(self, before: int, after: int) -> float | None:
        """How many times faster the register counts since then; None where nobody knows."""
        slow, fast = self._rates(before, after)
        return fast / slow if min(slow, fast) > 0 else None

    def _rates(self, before: int, after: int) -> tuple[float, float]:
        """The usual rates of the days on both sides (per ms); 0 where it hardly counts."""
        days = round(self.rules.after_days * 24 * HOUR_MS)
        low, high = np.searchsorted(self.at, (self.at[before] - days, self.at[after] + days))
        sides = np.arange(low, before + 1), np.arange(after, high)
        told = (side[self.keep[side] & self._credible[side]] for side in sides)
        slow, fast = (usual_rate(self.at[side], self.value[side]) for side in told)
        return slow, fast

    def _rest_before(self, before: int) -> int:
        """The reading since which the register stood as at `before`; for some hours, even if some
        were passed over. After a gap it is the one before it: it may repeat any time's."""
        kept = np.flatnonzero(self.keep[: before + 1])
        moved = np.flatnonzero(self.value[kept] != self.value[before])
        if not moved.size:
            return int(kept[0])
        earlier, start = (int(k) for k in kept[moved[-1] : moved[-1] + 2])
        if self.at[before] - self.at[start] <= self.max_gap_ms:
            passed = np.flatnonzero(~self.keep[start:before])
            start = start + int(passed[-1]) + 1 if passed.size else start
        if start == before or start in self.unknown:
            return start
        return earlier if self.at[start] - self.at[earlier] > self.max_gap_ms else start

    def _drop_rest(self, before: int) -> int:
        """Gives up the rest before a reading; the reading that is the last then."""
        start = self._rest_before(before)
        if self.pinned[start + 1 : before + 1].any():
            return before
        self.keep[start + 1 : before + 1] = False
        return start

    def _possible(self, i: int, j: int) -> bool:
        rise = float(self.value[j] - self.value[i])
        return bool(-noise(abs(float(self.value[i]))) <= rise <= float(self._limit(i, j)))

    def _drop(self, start: int, end: int) -> None:
        for k in range(start, end):
            if self.keep[k]:
                self.keep[k] = False
                self.unknown.discard(k)
                self._changes.pop(k, None)
                self._tell("reading_dropped", k, self.value[k])

    def _tell(self, code: str, k: int, amount: float) -> None:
        self.events.append(Event(code, int(self.at[k]), float(amount)))
