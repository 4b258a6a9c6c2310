"""Calibration of interval widths on placebo errors, building by building (split conformal)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np
import pandas as pd
from scipy import stats

from processing.savings.assessment import SavingsAssessment, beside
from processing.savings.intervals import (
    DAYS_PER_MONTH,
    POWER,
    PROMISED_CONFIDENCE,
    Calibration,
    promised_half_width,
)
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


PLANTED_STEP = 0.05
MOST_WIDTHS = 8.0


def widths_needed(seen: SavingsAssessment) -> float:
    """How large a saving, planted in a placebo year, must be to be called proven.

    In half-widths promised beforehand; infinite where none is proven, or would be all of the use.
    Meant for baselines without a serious finding: nothing is promised of the others.
    """
    half = promised_half_width(seen.model, seen.calibration, seen.confidence)
    index = pd.DatetimeIndex(seen.days.index)
    start, end = index[0].date(), index[-1].date() + timedelta(days=1)
    for widths in np.arange(0.0, MOST_WIDTHS, PLANTED_STEP):
        if widths * half >= 1:
            break
        saved = seen.days.assign(observed=seen.days["observed"] * (1 - widths * half))
        again = beside(seen.model, saved, seen.confidence, seen.calibration)
        if again.period(start, end).verdict == "proven":
            return float(widths)
    return float("inf")


def provable_widths(needed: Sequence[float]) -> float:
    """`Calibration.provable` from the `widths_needed` of placebo years: the conformal quantile at
    POWER, and no less than normal errors would need. Infinite where too few years carry it, or too
    many are withheld."""
    ordered = sorted(needed)
    rank = int(np.ceil((len(ordered) + 1) * POWER - 1e-9))
    z = float(stats.norm.ppf((1 + PROMISED_CONFIDENCE) / 2))
    normal = 1 + float(stats.norm.ppf(POWER)) / z
    return max(ordered[rank - 1], normal) if rank <= len(ordered) else float("inf")


def _quantile(values: Floats, confidence: float, shipped: float) -> float:
    ordered = np.sort(values)
    rank = int(np.ceil((len(ordered) + 1) * confidence - 1e-9))
    if rank <= len(ordered):
        return float(ordered[rank - 1])
    return max(float(ordered[-1]), shipped)
