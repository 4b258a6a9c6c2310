"""How far the errors of two buildings of one city go together in this very year.

What all are off by together is the same for any two of them, what each is off by besides is its
own: ρ = common² / (common² + own²). A fixed correlation is too cautious in ordinary years and far
too small in a common shock; of the year itself, the peers show it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from processing.savings.models.terms import Floats
from processing.savings.peers.group import LEAST_PEERS, Group, Shift, trimmed_mean


@dataclass(frozen=True, slots=True)
class Correlation:
    """Of the errors of two buildings, 0 to 1: in the last month, and over all months so far."""

    month: float
    so_far: float


def correlation(group: Group, shifts: Sequence[Shift]) -> Correlation | None:
    """Of errors that are left when each building is corrected by the group's `shifts`; None of too
    few peers.

    Two buildings with the same peers are also corrected by the same wrong estimate: its standard
    error is common to them as far as it was used.
    """
    ratios = np.array([s.ratio for s in shifts])[:, None]
    left, reference = group.error - ratios * group.reference, group.reference
    here = np.isfinite(left[-1])
    if here.sum() < LEAST_PEERS:
        return None
    used = shifts[-1].level_weight if shifts[-1].ratio else 0.0
    of_month = left[-1, here] / reference[-1, here]
    so_far = np.nansum(left[:, here], axis=0) / np.nansum(reference[:, here], axis=0)
    return Correlation(_together(of_month, used), _together(so_far, used))


def _together(errors: Floats, used: float) -> float:
    """The share of the errors' square that is common; 0 where there are no errors."""
    mean, of_mean = trimmed_mean(errors)
    common = mean**2 + (used * of_mean) ** 2
    own = len(errors) * of_mean**2
    return float(common / (common + own)) if common + own > 0 else 0.0
