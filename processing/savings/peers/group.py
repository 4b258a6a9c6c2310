"""What untreated buildings used beside their own models, and what they are off by together.

All peers are laid beside models of the same baseline period as the building they are peers of.
What they are off by *together* is no error of one model and no saving of one building: it is the
year (an epidemic, new holidays, a spring that no model knows). Empirical Bayes: a common level and a
common shape of the months, each held as far as it lies beyond its own standard error.
"""

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from processing.savings.intervals import Calibration
from processing.savings.models.frozen import FrozenModel
from processing.savings.models.terms import Floats

LEAST_PEERS = 9
"""A trimmed mean of fewer hangs on one or two of them; measured in docs/savings.md."""
LEAST_DAYS = 20
"""A month of which fewer days are known says nothing, as in `intervals.unsteadiness`."""
TRIMMED = 0.2
"""Share of peers cut off at each end: so many may have done something of their own."""
STANDARD_ERRORS = 2.0
"""What lies within so many of its own standard errors is taken to be chance."""
LEAST_GAIN = 0.05
"""So much of the peers' own errors has to fall away when each is corrected by the others."""


@dataclass(frozen=True, slots=True)
class PeerMonth:
    """One building and month beside its frozen model, over the `days` that have both sides.

    In the unit of its use; `reference` as in `Calibration.reference`.
    """

    observed: float
    counterfactual: float
    reference: float
    days: int


Months = Mapping[pd.Period, PeerMonth]
"""The months of one peer."""


def months_beside(model: FrozenModel, days: pd.DataFrame, calibration: Calibration) -> Months:
    """The months of a building whose `days` have observed and counterfactual; those of which
    fewer than LEAST_DAYS are known are left out."""
    known = days[["observed", "counterfactual"]].dropna()
    reference = calibration.reference(model, known["counterfactual"].to_numpy(dtype=np.float64))
    table = known.assign(reference=reference, days=1.0)
    sums = table.groupby(pd.DatetimeIndex(table.index).to_period("M")).sum()
    sums = sums[(sums["days"] >= LEAST_DAYS) & (sums["reference"] > 0)]
    rows = sums.to_numpy(dtype=np.float64)
    return {
        month: PeerMonth(float(o), float(c), float(r), int(n))
        for month, (o, c, r, n) in zip(pd.PeriodIndex(sums.index), rows, strict=True)
    }


@dataclass(frozen=True, slots=True)
class Shift:
    """What the peers of a month are off by together, as a share of reference use; 0.0: nothing.

    `level` is that of the months so far, `shape` what this month departs from it; each counts with
    its `…_weight`, 0 to 1. `gain` is the share of the peers' own errors that falls away when each
    is corrected by the others; below LEAST_GAIN `ratio` is nought whatever the weights. `peers`
    had the month; with fewer than LEAST_PEERS all is nought.
    """

    ratio: float
    level: float
    level_weight: float
    shape: float
    shape_weight: float
    gain: float
    peers: int


@dataclass(frozen=True)
class Group:
    """Some peers in consecutive months: the numbers of `PeerMonth` as months × peers, NaN where a
    peer has no such month."""

    observed: Floats
    counterfactual: Floats
    reference: Floats
    days: Floats

    @cached_property
    def error(self) -> Floats:
        """Observed − counterfactual."""
        return self.observed - self.counterfactual

    @classmethod
    def of(cls, peers: Sequence[Months], months: Sequence[pd.Period]) -> "Group":
        """The given months of some peers."""
        table = np.full((4, len(months), len(peers)), np.nan)
        for k, peer in enumerate(peers):
            for m, month in enumerate(months):
                if (known := peer.get(month)) is not None:
                    table[:, m, k] = astuple(known)
        return cls(*table)

    def without(self, peer: int) -> "Group":
        """All but one of them."""
        each = (self.observed, self.counterfactual, self.reference, self.days)
        return Group(*(np.delete(values, peer, 1) for values in each))

    def shifts(self) -> list[Shift]:
        """Of each month, from the months up to it alone: later ones change nothing of it."""
        left = self.error - self._left_out * self.reference
        alone, corrected = self._off_so_far(self.error), self._off_so_far(left)
        found = []
        estimates = self._estimates(LEAST_PEERS)
        for shift, before, after in zip(estimates, alone, corrected, strict=True):
            gain = float(1 - after / before) if before > 0 else 0.0
            ratio = shift.ratio if gain >= LEAST_GAIN else 0.0
            found.append(replace(shift, ratio=ratio, gain=gain))
        return found

    def _off_so_far(self, error: Floats) -> Floats:
        """Of each month: the peers' absolute errors up to it over their use, all peers summed."""
        off = np.nancumsum(np.abs(error), axis=0)
        use = np.nancumsum(self.reference, axis=0)
        sums: Floats = np.divide(off, use, out=np.zeros_like(off), where=use > 0).sum(axis=1)
        return sums

    def corrected_errors(self, shifts: Sequence[Shift]) -> Floats:
        """Months × peers: what each peer is off by, corrected by the others in the months in which
        the group's own `shifts` are not nought."""
        on = np.array([s.ratio != 0 for s in shifts])[:, None]
        errors: Floats = self.error - np.where(on, self._left_out, 0.0) * self.reference
        return errors

    @cached_property
    def _left_out(self) -> Floats:
        """Months × peers: the ratio of each month as the *other* peers have it, gain unasked."""
        peers = range(self.error.shape[1])
        columns = [[s.ratio for s in self.without(k)._estimates(LEAST_PEERS - 1)] for k in peers]
        return np.array(columns, dtype=np.float64).reshape(self.error.shape[::-1]).T

    def _estimates(self, least: int) -> list[Shift]:
        """The shifts without their gain, of at least so many peers. The shapes of all months so far decide together how much
        of a shape is more than chance."""
        shapes: list[tuple[float, float]] = []
        found = []
        for m, (error, reference) in enumerate(zip(self.error, self.reference, strict=True)):
            here = np.isfinite(error)
            peers = int(here.sum())
            if peers < least:
                found.append(Shift(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, peers))
                continue
            so_far = np.nansum(self.error[: m + 1, here], axis=0) / np.nansum(
                self.reference[: m + 1, here], axis=0
            )
            level, of_level = trimmed_mean(so_far)
            shape, of_shape = trimmed_mean(error[here] / reference[here] - so_far)
            if m:  # the first month is its own level
                shapes.append((shape**2, of_shape**2))
            level_weight = _weight(level**2, of_level**2)
            shape_weight = _weight(*np.mean(shapes, axis=0)) if shapes else 0.0
            ratio = level_weight * level + shape_weight * shape
            found.append(Shift(ratio, level, level_weight, shape, shape_weight, 0.0, peers))
        return found


def _weight(square: float, variance: float) -> float:
    """How much is kept of an estimate whose square is so much more than its variance (James and
    Stein, positive part)."""
    return max(0.0, 1 - STANDARD_ERRORS**2 * float(variance) / float(square)) if square > 0 else 0.0


def trimmed_mean(values: Floats) -> tuple[float, float]:
    """The mean without the TRIMMED lowest and highest, and its standard error (Yuen 1974).

    >>> trimmed_mean(np.array([0.0, 1.0, 1.0, 2.0, 2.0, 90.0]))[0]
    1.5
    """
    ordered = np.sort(values)
    count, cut = len(ordered), int(TRIMMED * len(ordered))
    kept = ordered[cut : count - cut]
    pulled_in = np.clip(ordered, kept[0], kept[-1])
    error = float(pulled_in.std(ddof=1)) / ((1 - 2 * cut / count) * np.sqrt(count))
    return float(kept.mean()), error
