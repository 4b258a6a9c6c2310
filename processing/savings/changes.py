"""Changes in the reporting period that are no weather and no schedule: proposed, never applied.

The weekly gap between observed and counterfactual is searched for steps. A step is proposed when
it is both significant (sup-Wald test with autocorrelation-robust variance, 1 % level) and large
enough to matter. A person decides what it was (see `adjustments`).
Source of the critical value: Andrews, "Tests for parameter instability", Econometrica 61 (1993).
"""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from processing.savings.terms import Floats

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
    weeks = _weeks(days)
    steps = _steps(weeks, 0, len(weeks), most)
    return sorted((_change(weeks, days, s) for s in steps), key=lambda c: c.on)


def _weeks(days: pd.DataFrame) -> pd.DataFrame:
    known = days[["observed", "counterfactual"]].dropna()
    number = (pd.DatetimeIndex(known.index) - pd.Timestamp("2001-01-01")).days // 7
    grouped = known.groupby(number)
    weeks = grouped.mean()[grouped.size() >= 5]
    return weeks.assign(gap=weeks["observed"] - weeks["counterfactual"])


def _steps(
    weeks: pd.DataFrame, low: int, high: int, most: int
) -> list[tuple[int, int, int, float]]:
    """Binary segmentation: (first week, step, end, Wald statistic) of each clear step."""
    if high - low < LEAST_WEEKS or most < 1:
        return []
    gap = weeks["gap"].to_numpy(dtype=np.float64)[low:high]
    at, wald = _clearest(gap)
    size = abs(gap[at:].mean() - gap[:at].mean())
    usual = abs(float(weeks["counterfactual"].mean()))
    if wald < CRITICAL_WALD or size < LEAST_RATIO * usual:
        return []
    left = _steps(weeks, low, low + at, most - 1)
    right = _steps(weeks, low + at, high, most - 1 - len(left))
    return [*left, (low, low + at, high, wald), *right]


def _clearest(gap: Floats) -> tuple[int, float]:
    """Where one step explains most, and its Wald statistic."""
    n = len(gap)
    first, last = max(int(n * TRIMMING), 2), min(int(n * (1 - TRIMMING)) + 1, n - 1)
    best = (first, 0.0)
    for at in range(first, last):
        before, after = gap[:at], gap[at:]
        apart = np.concatenate([before - before.mean(), after - after.mean()])
        variance = _long_run_variance(apart)
        step = after.mean() - before.mean()
        wald = float(step**2 / (variance * (1 / at + 1 / (n - at)))) if variance > 0 else np.inf
        if step == 0:
            wald = 0.0
        if wald > best[1]:
            best = (at, wald)
    return best


def _long_run_variance(apart: Floats) -> float:
    """Bartlett-weighted variance of a mean's noise (Newey and West), lag n^(1/3) + 2."""
    n = len(apart)
    total = float(apart @ apart) / n
    lags = int(n ** (1 / 3)) + 2
    for lag in range(1, min(lags, n - 1) + 1):
        total += 2 * (1 - lag / (lags + 1)) * float(apart[lag:] @ apart[:-lag]) / n
    return max(total, float(apart @ apart) / n * 0.5)


def _change(weeks: pd.DataFrame, days: pd.DataFrame, step: tuple[int, int, int, float]) -> Change:
    low, at, high, wald = step
    gap = weeks["gap"].to_numpy(dtype=np.float64)
    size = float(gap[at:high].mean() - gap[low:at].mean())
    usual = float(weeks["counterfactual"].iloc[low:high].mean())
    started = date(2001, 1, 1) + timedelta(days=7 * int(weeks.index[at]))
    first = pd.DatetimeIndex(days.index)[0].date()
    return Change(max(started, first), size, size / usual if usual else 0.0, wald)
