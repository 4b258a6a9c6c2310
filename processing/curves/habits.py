"""What a meter usually uses, around any instant: the measure of what it can have used. Pure numpy.

Habits are robust and local: they are those of some weeks before an instant until some days after
it, so that what is far away in time never changes how a reading is judged.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.ndimage import rank_filter

from config.processing import HabitRules
from domain.calendar import DAY_MS, HOUR_MS
from processing.curves.curve import Floats, Ints

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Habit:
    """The most a meter can have used in some time, by its own habits.

    `high_per_ms` is the high rate of its steps, `often_per_ms` one that it reached again and
    again (a boiler once a day), `floor` the use of a few usual days: less than that is never more
    than it can have used. Where nothing says more, all are infinite. `usual_per_ms` is the mean.
    """

    high_per_ms: float
    floor: float
    often_per_ms: float = 0.0
    usual_per_ms: float = 0.0

    def most(self, length_ms: Ints | int, rules: HabitRules) -> Floats:
        """The largest use of so much time that is believed."""
        short = np.minimum(length_ms, rules.peak_h * HOUR_MS)
        limit = self.high_per_ms * (
            rules.lasting_factor * np.asarray(length_ms) + rules.peak_factor * short
        )
        often = self.often_per_ms * rules.lasting_factor * np.asarray(length_ms)
        return np.asarray(np.maximum(np.maximum(limit, often), self.floor), np.float64)


NO_HABIT = Habit(np.inf, np.inf)


class Habits:
    """The habits of one register, asked for around its readings.

    `trusted`: steps (float64[n-1] of them) that may speak of habits: no falls and nothing
    beside them. `clean`: those of them that are far from any fall; they alone speak where there
    are enough. `unproven_per_ms`: the rate that is believed where no habits are known.
    """

    def __init__(
        self,
        at_ms: Ints,
        step: Floats,
        trusted: Bools,
        rules: HabitRules,
        unproven_per_ms: float | None = None,
        clean: Bools | None = None,
    ) -> None:
        if unproven_per_ms is None:
            self._none = NO_HABIT
        else:
            share = rules.lasting_factor + rules.peak_factor
            self._none = Habit(unproven_per_ms / share, unproven_per_ms * HOUR_MS)
        self._at, self._step, self._rules = at_ms, step, rules
        self._using = trusted & (step > 0)
        self._clean = self._using if clean is None else clean & (step > 0)
        self._length = np.maximum(np.diff(at_ms), 1)
        self._known: dict[int, Habit | Ints] = {}

    def at(self, k: int) -> Habit:
        """Around the step from reading k to the next; the step itself says nothing."""
        day = int(self._at[k] // DAY_MS)
        found = self._known.get(day)
        if found is None:
            found = self._known[day] = self._around(day)
        if isinstance(found, Habit):
            return found
        if found.size < self._rules.fewest_steps:
            return self._none
        # With hardly any, the step itself has to speak too.
        others = found[found != k] if found.size > 3 * self._rules.fewest_steps else found
        step, length = self._step[others], self._length[others]
        return Habit(float((step / length).max()), self._rules.floor_days * float(step.max()))

    def _around(self, day: int) -> Habit | Ints:
        """The habit around a day; where too few steps used anything, which ones."""
        rules = self._rules
        start_ms = day * DAY_MS - round(rules.before_days * DAY_MS)
        end_ms = (day + 1) * DAY_MS + round(rules.after_days * DAY_MS)
        low, high = np.searchsorted(self._at, (start_ms, end_ms))
        inside = slice(int(low), max(int(high) - 1, int(low)))
        using = self._clean[inside]
        if using.sum() < rules.least_steps:
            using = self._using[inside]
        step, length = self._step[inside][using], self._length[inside][using]
        if step.size < rules.least_steps:
            return np.asarray(low + np.flatnonzero(using), np.int64)
        rate = step / length
        whole_ms = max(int(self._length[inside].sum()), 1)
        high = float(np.quantile(rate, rules.high_quantile))
        # A mean without what stands out: one leap among a thousand steps would raise it most.
        usual = float(np.minimum(step, high * rules.peak_factor * length).sum())
        often = float(
            np.partition(rate, -rules.outstanding_others - 1)[-rules.outstanding_others - 1]
        )
        return Habit(high, rules.floor_days * DAY_MS * usual / whole_ms, often, usual / whole_ms)


def standing_out(step: Floats, length_ms: Ints, trusted: Bools, rules: HabitRules) -> Ints:
    """Steps far faster than nearly all trusted steps around them: those worth asking the habits
    about. A few others as fast do not hide them."""
    rate = np.maximum(step, 0.0) / length_ms
    size = 2 * rules.neighbours + 1
    usual = rank_filter(
        np.where(trusted, rate, 0.0), size - 1 - rules.outstanding_others, size, mode="constant"
    )
    return np.flatnonzero((rate > 0) & (rate > rules.outstanding_factor * usual))
