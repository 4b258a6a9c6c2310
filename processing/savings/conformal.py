"""Calibration of interval widths on placebo errors, building by building (split conformal)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from processing.savings.assessment import SavingsAssessment
from processing.savings.intervals import DAYS_PER_MONTH, Calibration
from processing.savings.models.terms import Floats


@dataclass(frozen=True, slots=True)
class Scores:
    """A building's placebo errors over its own scale: |error| / (scale × reference use)."""

    building: str
    day: Floats
    month: Floats
    year: Floats


def scores(building: str, seen: SavingsAssessment) -> Scores:
    """Scores of one placebo year, in the scales and reference use of its calibration.

    Bills tell of no day: their days have the scores of months.
    """
    calibration = seen.calibration
    days = seen.days[["observed", "counterfactual"]].dropna()
    counterfactual = days["counterfactual"].to_numpy(dtype=np.float64)
    reference = pd.Series(calibration.reference(seen.model, counterfactual), index=days.index)
    error = days["observed"] - days["counterfactual"]
    months = pd.DatetimeIndex(days.index).to_period("M")

    def ratio(of: pd.Series, to: pd.Series, span: float) -> Floats:
        values: Floats = (of.abs() / to.where(to > 0) / seen.scale(span)).to_numpy(dtype=np.float64)
        return values[np.isfinite(values)]

    year = abs(float(error.sum())) / max(float(reference.sum()), 1e-12) / seen.scale(len(days))
    month = ratio(error.groupby(months).sum(), reference.groupby(months).sum(), DAYS_PER_MONTH)
    day = ratio(error, reference, 1) if seen.model.bills is None else month
    return Scores(building, day, month, np.array([year]))


def calibrate(
    base: Calibration, known: Sequence[Scores], *, without: str = "", source: str = ""
) -> Calibration:
    """The calibration from the scores of all buildings but `without`.

    Quantiles are conformal: the ⌈(n+1)·confidence⌉-th smallest of n, for years and months; where
    n is too small for that, the largest score or the shipped quantile, whichever is wider.
    """
    others = [s for s in known if s.building != without]
    if not others:
        return base
    day, month, year = (
        tuple(
            _quantile(np.concatenate([getattr(s, span) for s in others]), level, shipped)
            for level, shipped in zip(base.confidences, getattr(base, span), strict=True)
        )
        for span in ("day", "month", "year")
    )
    return replace(base, day=day, month=month, year=year, source=source or base.source)


def _quantile(values: Floats, confidence: float, shipped: float) -> float:
    ordered = np.sort(values)
    rank = int(np.ceil((len(ordered) + 1) * confidence - 1e-9))
    if rank <= len(ordered):
        return float(ordered[rank - 1])
    return max(float(ordered[-1]), shipped)
