"""What a group of peers says of a month, and a building's days with it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from processing.savings.assessment import SavingsAssessment, beside
from processing.savings.intervals import Calibration
from processing.savings.models.frozen import FrozenModel
from processing.savings.peers.correlation import Correlation, correlation
from processing.savings.peers.group import Group, Months, Shift, months_beside
from processing.savings.peers.widening import Widening, widening

ALONE = "alone"
"""The column of days that keeps the counterfactual as the model alone has it."""


@dataclass(frozen=True, slots=True)
class Common:
    """What the peers of one month have in common, from the months up to it."""

    shift: Shift
    widening: Widening
    correlation: Correlation | None


def common_of(
    models: Sequence[FrozenModel],
    peers: Sequence[Months],
    months: Sequence[pd.Period],
    calibration: Calibration,
) -> Common:
    """Of the last of some consecutive months; the earlier ones are those so far."""
    group = Group.of(peers, months)
    shifts = group.shifts()
    wider = widening(models, group, group.corrected_errors(shifts), calibration)
    return Common(shifts[-1], wider, correlation(group, shifts))


def with_common(
    seen: SavingsAssessment, ratios: Mapping[pd.Period, float], wider: Widening
) -> SavingsAssessment:
    """The assessment with what was common in each month in its counterfactual (never below
    nought), and intervals as wide as the peers' errors ask for.

    The model's own counterfactual stays in the column ALONE. Months without a ratio stay as they
    are; without any, and nothing to widen, the assessment is given back itself.
    """
    if not any(ratios.values()) and wider == Widening():
        return seen
    days = seen.days
    of_day = pd.DatetimeIndex(days.index).to_period("M").map(lambda month: ratios.get(month, 0.0))
    alone = days["counterfactual"].to_numpy(dtype=np.float64)
    reference = seen.calibration.reference(seen.model, alone)
    shifted = np.maximum(alone + of_day.to_numpy(dtype=np.float64) * reference, 0.0)
    days = days.assign(counterfactual=shifted, **{ALONE: alone})
    calibration = wider.of(seen.calibration)
    return beside(seen.model, days, seen.confidence, calibration, seen.background)


def alone_of(days: pd.DataFrame) -> pd.Series:
    """The counterfactual as the model alone has it."""
    return days[ALONE] if ALONE in days else days["counterfactual"]


@dataclass(frozen=True, slots=True)
class OfOthers:
    """What the others of a group say of one of them: the ratio of each month, and the widening of
    all of them."""

    ratios: Mapping[pd.Period, float]
    widening: Widening


def of_others(seen: Sequence[SavingsAssessment], months: Sequence[pd.Period]) -> list[OfOthers]:
    """Of each assessment, what all the others say: leave one out, as the placebo test wants it."""
    beside_models = [months_beside(s.model, s.days, s.calibration) for s in seen]
    whole = Group.of(beside_models, months)
    found = []
    for k, one in enumerate(seen):
        group = whole.without(k)
        shifts = group.shifts()
        models = [s.model for j, s in enumerate(seen) if j != k]
        wider = widening(models, group, group.corrected_errors(shifts), one.calibration)
        ratios = {month: shift.ratio for month, shift in zip(months, shifts, strict=True)}
        found.append(OfOthers(ratios, wider))
    return found
