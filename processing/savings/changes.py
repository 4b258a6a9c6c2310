"""Changes in the reporting period that are no weather and no schedule: proposed, never applied.

The weeks are searched for steps of the observed use beside what is steady: an amount and a share
of the counterfactual. So a saving that is the same share all year is no step, also where the use
has a season. A step is proposed when it is both significant (sup-Wald test with
autocorrelation-robust variance, 1 % level) and large enough to matter. A person decides what it
was (see `adjustments`).
Source of the critical value: Andrews, "Tests for parameter instability", Econometrica 61 (1993).
"""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from processing.savings.models.terms import Floats

CRITICAL_WALD = 12.35
"""1 % critical value of the sup-Wald statistic for one parameter and 15 % trimming."""
TRIMMING = 0.15
LEAST_RATIO = 0.05
"""A step below this share of the counterfactual is not proposed."""
LEAST_WEEKS = 12


@dataclass(frozen=True, slots=True)
class Change:
    """A proposed step: from `on` (local date) the observed use lies so much higher (or lower).

    `per_day` is in the unit of the use, `ratio` the share of the counterfactual; `wald` how
    clear it is (12.35 is the 1 % level).
    """

    on: date
    per_day: float
    ratio: float
    wald: float


def propose_changes(days: pd.DataFrame, most: int = 3) -> list[Change]:
    """Steps within the assessed days (columns observed, counterfactual), oldest first.

    Needs twelve weeks with at least five known days each; gives [] for less.
    """
    weeks = by_week(days)
    steps = _steps(weeks, 0, len(weeks), most)
    return sorted((_change(weeks, days, s) for s in steps), key=lambda c: c.on)


def by_week(days: pd.DataFrame) -> pd.DataFrame:
    """Mean days of the weeks with at least five known ones, by the number of the week."""
    known = days[["observed", "counterfactual"]].dropna()
    number = (pd.DatetimeIndex(known.index) - pd.Timestamp("2001-01-01")).days // 7
    grouped = known.groupby(number)
    return grouped.mean()[grouped.size() >= 5]


def monday(week: int) -> date:
    """The first day of a week of `by_week`."""
    return date(2001, 1, 1) + timedelta(days=7 * week)


@dataclass(frozen=True, slots=True)
class _Step:
    """A step of `size` at week `at` of the weeks from `low` to `high` (excluded)."""

    low: int
    at: int
    high: int
    size: float
    wald: float


def _steps(weeks: pd.DataFrame, low: int, high: int, most: int) -> list[_Step]:
    """Binary segmentation: each clear step."""
    if high - low < LEAST_WEEKS or most < 1:
        return []
    step = _clearest(weeks, low, high)
    usual = abs(float(weeks["counterfactual"].mean()))
    if step.wald < CRITICAL_WALD or abs(step.size) < LEAST_RATIO * usual:
        return []
    left = _steps(weeks, low, step.at, most - 1)
    right = _steps(weeks, step.at, high, most - 1 - len(left))
    return [*left, step, *right]


def _clearest(weeks: pd.DataFrame, low: int, high: int) -> _Step:
    """Where one step explains most of what is not steady."""
    n = high - low
    table = weeks.iloc[low:high].to_numpy(dtype=np.float64)
    steady = _steady(table[:, 1])
    left_over = _without(steady, table[:, 0])
    first, last = max(int(n * TRIMMING), 2), min(int(n * (1 - TRIMMING)) + 1, n - 1)
    best = _Step(low, low + first, high, 0.0, 0.0)
    for at in range(first, last):
        shape = _without(steady, (np.arange(n) >= at).astype(float))
        weight = float(shape @ shape)
        if weight < 1e-9 * n:
            continue
        size = float(shape @ left_over) / weight
        variance = long_run_variance(left_over - size * shape)
        wald = size**2 * weight / variance if variance > 0 else np.inf if size else 0.0
        if wald > best.wald:
            best = _Step(low, low + at, high, size, float(wald))
    return best


def _steady(counterfactual: Floats) -> Floats:
    """An orthonormal basis of an amount and a share of the counterfactual."""
    both = np.column_stack([np.ones(len(counterfactual)), counterfactual])
    basis, sizes, _ = np.linalg.svd(both / np.abs(both).max(axis=0).clip(1e-9), full_matrices=False)
    kept: Floats = basis[:, sizes > 1e-6 * sizes[0]]
    return kept


def _without(basis: Floats, values: Floats) -> Floats:
    left: Floats = values - basis @ (basis.T @ values)
    return left


def long_run_variance(apart: Floats) -> float:
    """Bartlett-weighted variance of a mean's noise (Newey and West), lag n^(1/3) + 2."""
    n = len(apart)
    total = float(apart @ apart) / n
    lags = int(n ** (1 / 3)) + 2
    for lag in range(1, min(lags, n - 1) + 1):
        total += 2 * (1 - lag / (lags + 1)) * float(apart[lag:] @ apart[:-lag]) / n
    return max(total, float(apart @ apart) / n * 0.5)


def _change(weeks: pd.DataFrame, days: pd.DataFrame, step: _Step) -> Change:
    usual = float(weeks["counterfactual"].iloc[step.low : step.high].mean())
    started = monday(int(weeks.index[step.at]))
    first = pd.DatetimeIndex(days.index)[0].date()
    return Change(max(started, first), step.size, step.size / usual if usual else 0.0, step.wald)
