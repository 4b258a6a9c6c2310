"""A step inside the baseline: a retrofit in its middle, a wing that closed in its last months.

The model of a baseline bends with the season and drifts, and so hides the very step that makes the
year after it look like a saving. So it is looked for beside a stiff model of day types and weather
alone: where the use becomes another share of it, at one instant, more clearly (sup-Wald with
autocorrelation-robust variance, as in `changes`) and by more than steps that real baselines have.
A ramp is found as a step in its middle.
"""

from dataclasses import replace
from math import inf

import numpy as np
import pandas as pd

from processing.savings.changes import Change, by_week, long_run_variance, monday
from processing.savings.inputs.sufficiency import rules
from processing.savings.models.daily import WEATHER_LED_CARRIERS, fit_daily, habit_of
from processing.savings.models.terms import Conditions, Floats

EDGE_WEEKS = 4
"""A step is looked for no nearer to an end of the baseline."""
LEAST_WEEKS = 12
LEAST_DAYS_WEATHER_LED = 250
FLAT_SHARE = 0.1
"""Weeks scatter with the root of their use, and a little more: in shares of the mean week."""


def break_within(use: Floats, on: Conditions, carrier: str) -> Change | None:
    """The clearest step in the days of a baseline, if it is one that must be dealt with.

    `use` is energy per day, NaN where missing. None with less than twelve known weeks; of gas and
    heat also with fewer than 250 days, whose step cannot be told from the turn of the season.
    """
    follows_weather = carrier in WEATHER_LED_CARRIERS
    least = LEAST_DAYS_WEATHER_LED if follows_weather else 7 * LEAST_WEEKS
    if np.isfinite(use).sum() < least:
        return None
    stiff = replace(habit_of(carrier), waves=0, trend_penalty=None, half_life_days=inf)
    fit = fit_daily(use, on, stiff)
    used = use[fit.used]
    days = pd.DataFrame(
        {"observed": used, "counterfactual": used - fit.residuals}, index=on.days[fit.used]
    )
    step = _clearest(by_week(days))
    limit = rules()
    of = "_weather_led" if follows_weather else ""
    if step is None or step.wald < limit[f"baseline_step_wald_min{of}"]:
        return None
    return step if abs(step.ratio) >= limit["baseline_step_min_ratio"] else None


def _clearest(weeks: pd.DataFrame) -> Change | None:
    """Where one change of share explains most; its ratio is that of after to before, less one."""
    n = len(weeks)
    if n < LEAST_WEEKS or not weeks["counterfactual"].mean() > 0:
        return None
    use, usual = (weeks[c].to_numpy(dtype=np.float64) for c in ("observed", "counterfactual"))
    scatter = np.sqrt(usual + FLAT_SHARE * usual.mean())
    share, left_over = usual / scatter, use / scatter
    every = float(share @ share)
    mean = float(share @ left_over) / every
    left_over = left_over - share * mean
    best: Change | None = None
    for at in range(EDGE_WEEKS, n - EDGE_WEEKS + 1):
        after = np.where(np.arange(n) >= at, share, 0.0)
        after_share = float(share @ after) / every
        shape = after - share * after_share
        weight = float(shape @ shape)
        if weight < 1e-6 * every:
            continue
        size = float(shape @ left_over) / weight
        variance = long_run_variance(left_over - size * shape)
        wald = size**2 * weight / variance if variance > 0 else 0.0
        if best is None or wald > best.wald:
            before = max(mean - size * after_share, 1e-9)
            per_day = size * float(usual[at:].mean())
            best = Change(monday(int(weeks.index[at])), per_day, size / before, wald)
    return best
