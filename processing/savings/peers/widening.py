"""Same-year calibration: how much wider this year's errors of untreated buildings are.

A calibration is made of other years. Peers that nobody treated show how large the errors of this
one are; where they are larger than the calibration has them, intervals get wider. They never
get narrower: a quiet year of some peers is no reason to claim more.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from processing.savings.intervals import DAYS_PER_MONTH, Calibration, scatter_of_months
from processing.savings.models.frozen import FrozenModel
from processing.savings.models.terms import Floats
from processing.savings.peers.group import LEAST_PEERS, Group

LEVEL = 0.80
"""The peers' errors are compared at this level: a fifth of them may have done something."""
PRIOR_PEERS = 10.0
"""The calibration counts like so many peers whose errors are as it has them."""


@dataclass(frozen=True, slots=True)
class Widening:
    """By how much the errors of months, and of all months so far, exceed the calibration's; 1.0:
    they do not."""

    month: float = 1.0
    so_far: float = 1.0

    def of(self, calibration: Calibration) -> Calibration:
        """The calibration with intervals so much wider; a day's like a month's."""
        if self == Widening():
            return calibration
        return replace(
            calibration,
            day=tuple(q * self.month for q in calibration.day),
            month=tuple(q * self.month for q in calibration.month),
            year=tuple(q * self.so_far for q in calibration.year),
        )


def widening(
    models: Sequence[FrozenModel], group: Group, errors: Floats, calibration: Calibration
) -> Widening:
    """Of all months of the group together; `models` are its peers', `errors` what
    `Group.corrected_errors` has left. Few peers widen nothing."""
    of_months: list[float] = []
    so_far: list[float] = []
    for k, model in enumerate(models):
        known = np.isfinite(errors[:, k])
        if not known.any():
            continue
        error, reference = errors[known, k], group.reference[known, k]
        observed, days = group.observed[known, k], float(group.days[known, k].sum())
        months = pd.DataFrame({"observed": observed, "counterfactual": observed - error})
        scatter = scatter_of_months(months)
        half = _half_width_ratio(model, calibration, DAYS_PER_MONTH, scatter)
        of_months += (np.abs(error) / reference / half).tolist()
        half = _half_width_ratio(model, calibration, days, scatter)
        so_far.append(abs(float(error.sum() / reference.sum())) / half)
    peers = len(so_far)
    if peers < LEAST_PEERS:
        return Widening()
    return Widening(_beyond(of_months, peers), _beyond(so_far, peers))


def _half_width_ratio(
    model: FrozenModel, calibration: Calibration, days: float, scatter: tuple[float, int]
) -> float:
    scale = calibration.scale(model, days, *scatter)
    return calibration.half_width_ratio(days, LEVEL) * scale


def _beyond(times: list[float], peers: int) -> float:
    """The conformal quantile of errors over their half-width, which should be 1, weighed with the
    calibration's word that it is; at least 1."""
    ordered = sorted(times)
    rank = min(int(np.ceil((len(ordered) + 1) * LEVEL - 1e-9)), len(ordered))
    return max(1.0, (peers * ordered[rank - 1] + PRIOR_PEERS) / (peers + PRIOR_PEERS))
