"""Normalised savings: what a typical year would save, from a model of before and one of after."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from domain.figures import Verdict
from processing.savings.engine import DayTypesLike, conditions
from processing.savings.frozen import FrozenModel
from processing.savings.intervals import Calibration, shipped_calibration
from processing.savings.terms import Floats


@dataclass(frozen=True, slots=True)
class NormalisedSaving:
    """Use of a typical year before and after, and the difference with its interval."""

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
    typical: pd.DataFrame,
    *,
    day_types: DayTypesLike,
    confidence: float = 0.90,
    calibration: Calibration | None = None,
) -> NormalisedSaving:
    """Both models under the typical days (column temperature_c, indexed by local date).

    Days without temperature count in neither. The two models' errors are taken as independent,
    each with its own scale: half² = half_before² + half_after². Source: IPMVP "normalized
    savings"; GB/T 28750 speaks of 节能量 under standard conditions.
    """
    used = [conditions(typical, day_types, m.heating_season) for m in (before, after)]
    predicted: list[Floats] = [m.predict(on) for m, on in zip((before, after), used, strict=True)]
    known = np.isfinite(predicted[0]) & np.isfinite(predicted[1])
    total_before, total_after = (float(p[known].sum()) for p in predicted)
    halves = [
        _half_width(m, p[known], confidence, calibration)
        for m, p in zip((before, after), predicted, strict=True)
    ]
    saved, half = total_before - total_after, float(np.hypot(halves[0], halves[1]))
    low, high = saved - half, saved + half
    verdict: Verdict = "proven" if low > 0 else "proven_increase" if high < 0 else "not_proven"
    serious = any(f.severity == "serious" for m in (before, after) for f in m.findings)
    if serious or not known.any():
        verdict = "not_proven"
    return NormalisedSaving(
        total_before, total_after, saved, low, high, confidence, verdict, int(known.sum())
    )


def _half_width(
    model: FrozenModel, predicted: Floats, confidence: float, calibration: Calibration | None
) -> float:
    calibration = calibration or shipped_calibration(model.carrier)
    scale = calibration.scale(model, 0.0, 0)
    ratio = calibration.half_width_ratio(len(predicted), confidence)
    return ratio * scale * float(calibration.reference(model, predicted).sum())
