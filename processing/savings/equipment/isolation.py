"""Savings of equipment: retrofit isolation (IPMVP option B) and the on/off test.

Option C, the whole facility, is `engine`; it needs a meter of the whole and a larger effect.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from domain.errors import ConfigError
from domain.figures import Verdict
from processing.savings.models.linear import Floats, Ints

LEAST_SWITCHES = 6
LEAST_DAYS = 14


@dataclass(frozen=True, slots=True)
class Effect:
    """A saving per day and its interval, in the unit of the use; p of no effect."""

    per_day: float
    low: float
    high: float
    ratio: float
    confidence: float
    p_value: float
    verdict: Verdict
    days: int


def on_off_test(days: pd.DataFrame, *, confidence: float = 0.90) -> Effect:
    """What a device saves per day when it is on, from periods with it on and off in turn.

    `days` is indexed by local date with use, on (bool) and optional columns of conditions (such
    as temperature_c) that are accounted for linearly; days with any NaN are left out. Each run of
    equal state counts as one block, so neighbouring days cannot pretend to be independent
    (cluster-robust t test over runs). A positive effect is a saving. Raises ConfigError with
    fewer than six switches or fourteen days: then chance cannot be told from effect.
    """
    known = days.dropna().sort_index()
    state = known["on"].astype(bool).to_numpy()
    runs: Ints = np.concatenate([[0], np.cumsum(state[1:] != state[:-1])]).astype(np.intp)
    switches = int(runs[-1])
    if switches < LEAST_SWITCHES or len(known) < LEAST_DAYS:
        raise ConfigError(
            f"{switches} switches in {len(known)} days are too few for an on/off test: switch the "
            f"device at least {LEAST_SWITCHES} times within at least {LEAST_DAYS} days"
        )
    use = known["use"].to_numpy(dtype=np.float64)
    others = known.drop(columns=["use", "on"]).to_numpy(dtype=np.float64)
    design = np.column_stack([state.astype(float), np.ones(len(use)), others])
    beta, deviation = _clustered(design, use, runs)
    return _effect(-float(beta[0]), deviation, switches, use[~state].mean(), confidence, len(use))


def before_after(before: pd.DataFrame, after: pd.DataFrame, *, confidence: float = 0.90) -> Effect:
    """Option B: what equipment saves per day after a measure, at the conditions of after.

    Both tables have use (of the equipment's own meter) and any columns of what drives it (hours
    run, throughput, temperature_c); a line fitted before is applied after. Weeks are the blocks
    of the uncertainty. Raises ConfigError with less than four weeks on either side.
    """
    drivers = [c for c in before.columns if c != "use"]
    first, second = before.dropna(), after[["use", *drivers]].dropna()
    for name, table in (("before", first), ("after", second)):
        if len(table) < 28:
            raise ConfigError(f"{len(table)} known days {name} are too few: give four weeks")
    both = pd.concat([first, second])
    is_after = np.r_[np.zeros(len(first)), np.ones(len(second))]
    centred = both[drivers].to_numpy(dtype=np.float64) - second[drivers].to_numpy().mean(axis=0)
    # Centred on the conditions of after, the coefficient of `is_after` is the change there.
    slopes = np.column_stack([centred, centred * is_after[:, None]])
    design = np.column_stack([is_after, np.ones(len(both)), slopes])
    weeks = pd.DatetimeIndex(both.index).to_period("W").astype("int64").to_numpy()
    runs = np.unique(weeks * 2 + is_after.astype(int), return_inverse=True)[1].astype(np.intp)
    use = both["use"].to_numpy(dtype=np.float64)
    beta, deviation = _clustered(design, use, runs)
    expected = float(second["use"].mean() - beta[0])
    freedom = int(runs.max()) - design.shape[1] + 1
    return _effect(-float(beta[0]), deviation, freedom, expected, confidence, len(second))


def _clustered(design: Floats, y: Floats, runs: Ints) -> tuple[Floats, float]:
    """Least squares, and the cluster-robust standard deviation of the first coefficient."""
    keep = [0, 1, *(i for i in range(2, design.shape[1]) if np.ptp(design[:, i]) > 0)]
    design = design[:, keep]
    inverse = np.linalg.pinv(design.T @ design)
    beta = inverse @ design.T @ y
    scores = design * (y - design @ beta)[:, None]
    groups = int(runs.max()) + 1
    summed = np.zeros((groups, design.shape[1]))
    np.add.at(summed, runs, scores)
    small = groups / (groups - 1) * (len(y) - 1) / max(len(y) - design.shape[1], 1)
    covariance = inverse @ (summed.T @ summed) @ inverse * small
    return beta, float(np.sqrt(max(covariance[0, 0], 0.0)))


def _effect(
    per_day: float, deviation: float, freedom: int, usual: float, confidence: float, days: int
) -> Effect:
    t = float(stats.t.ppf((1 + confidence) / 2, max(freedom, 1)))
    low, high = per_day - t * deviation, per_day + t * deviation
    p = 2 * float(stats.t.sf(abs(per_day) / deviation, max(freedom, 1))) if deviation > 0 else 0.0
    verdict: Verdict = "proven" if low > 0 else "proven_increase" if high < 0 else "not_proven"
    ratio = per_day / usual if usual else float("nan")
    return Effect(per_day, low, high, ratio, confidence, p, verdict, days)
