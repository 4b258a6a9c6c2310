"""Normalised savings: what a typical year would save, from a model of before and one of after."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from domain.figures import Verdict
from processing.savings.engine import DayTypesLike, conditions
from processing.savings.intervals import Calibration, calibration_of
from processing.savings.models.frozen import FrozenModel
from processing.savings.models.terms import Floats

THIN = {
    "savings_baseline_no_data",
    "savings_baseline_short",
    "savings_baseline_gaps",
    "savings_baseline_months_unseen",
    "savings_baseline_step",
    "savings_not_weather_normalised",
}
"""Findings of a model that is too thin to stand for a year, or for its weather."""


@dataclass(frozen=True, slots=True)
class NormalisedSaving:
    """Use of a typical year before and after, and the difference with its interval.

    `days` of the year are known, of 365. All numbers are NaN where none is.
    """

    before: float
    after: float
    saved: float
    low: float
    high: float
    confidence: float
    verdict: Verdict
    days: int


def normalised_saving(
    before: FrozenModel,
    after: FrozenModel,
    years: Sequence[pd.DataFrame],
    *,
    day_types: DayTypesLike,
    confidence: float = 0.90,
    calibration: Calibration | None = None,
) -> NormalisedSaving:
    """Both models under typical years (column temperature_c, indexed by local date).

    Each day of the year is the mean of that day's predictions over the years; days without
    temperature count in neither, and so does 29 February. The two models' errors are taken as
    independent, each with its own scale: half² = half_before² + half_after². Where the models
    know a trend, before means as at its end, where the measure came, and after the mean of its
    year. Source: IPMVP
    "normalized savings"; GB/T 28750 speaks of 节能量 under standard conditions.
    """
    models = (_at_trend(before, 0.5), _at_trend(after, 0.0))
    predicted = _typical_days(models, years, day_types)
    if not len(predicted):
        nan = float("nan")
        return NormalisedSaving(nan, nan, nan, nan, nan, confidence, "not_proven", 0)
    total_before, total_after = (float(t) for t in predicted.sum(axis=0))
    halves = [
        _half_width(m, predicted[:, i], confidence, calibration) for i, m in enumerate(models)
    ]
    saved, half = total_before - total_after, float(np.hypot(halves[0], halves[1]))
    low, high = saved - half, saved + half
    verdict: Verdict = "proven" if low > 0 else "proven_increase" if high < 0 else "not_proven"
    if any(f.severity == "serious" for m in models for f in m.findings):
        verdict = "not_proven"
    return NormalisedSaving(
        total_before, total_after, saved, low, high, confidence, verdict, len(predicted)
    )


def _at_trend(model: FrozenModel, trend: float) -> FrozenModel:
    """The model with its trend held (−0.5 at the start of its data, 0 their mean, 0.5 the end):
    typical years are not of a time before or after."""
    pairs = [
        ({"kind": "level"}, coefficient * trend) if term["kind"] == "trend" else (term, coefficient)
        for term, coefficient in zip(model.terms, model.coefficients, strict=True)
    ]
    terms, coefficients = [t for t, _ in pairs], [c for _, c in pairs]
    return replace(model, terms=tuple(terms), coefficients=tuple(coefficients))


def is_thin(model: FrozenModel) -> bool:
    """Whether a model has too few days to stand for a year."""
    return any(f.code in THIN for f in model.findings)


def _typical_days(
    models: Sequence[FrozenModel], years: Sequence[pd.DataFrame], day_types: DayTypesLike
) -> Floats:
    """A row for each known day of the year, a column for each model."""
    parts = []
    for year in years:
        days = pd.DatetimeIndex(year.index)
        use = [m.predict(conditions(year, day_types, m.heating_season)) for m in models]
        parts.append(pd.DataFrame(np.column_stack(use), index=days.month * 100 + days.day))
    if not parts:
        return np.empty((0, len(models)))
    known = pd.concat(parts).dropna()
    known = known[known.index != 229]
    typical: Floats = known.groupby(level=0).mean().to_numpy(dtype=np.float64)
    return typical


def _half_width(
    model: FrozenModel, predicted: Floats, confidence: float, calibration: Calibration | None
) -> float:
    calibration = calibration or calibration_of(model)
    scale = calibration.scale(model, len(predicted), 0.0, 0)
    ratio = calibration.half_width_ratio(len(predicted), confidence)
    return ratio * scale * float(calibration.reference(model, predicted).sum())
