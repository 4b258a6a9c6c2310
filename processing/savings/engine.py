"""The savings engine's front: fit a baseline once, freeze it, and assess what was avoided.

avoided = counterfactual − observed: the baseline model under the reporting period's weather and
calendar, less what was measured (IPMVP option C; GB/T 28750 calls the first term 校准能耗).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import pandas as pd

from domain.errors import ConfigError
from domain.figures import Verdict
from domain.findings import Finding
from processing.savings.changes import Change, propose_changes
from processing.savings.inputs.sufficiency import (
    baseline_findings,
    change_finding,
    reporting_findings,
)
from processing.savings.intervals import (
    Calibration,
    nominal_half_width,
    shipped_calibration,
    unsteadiness,
)
from processing.savings.models.daily import (
    USE_LED,
    WEATHER_LED,
    DailyFit,
    fit_daily,
)
from processing.savings.models.frozen import FrozenModel, Season
from processing.savings.models.terms import Conditions, Floats

__all__ = ["Estimate", "FrozenModel", "SavingsAssessment", "assess", "conditions", "fit_baseline"]


class TypesByDay(Protocol):
    """Anything that tells the type of a local day, such as `config.working_days.DayTypes`."""

    def __getitem__(self, day: date, /) -> str: ...


HABITS = {"natural_gas": WEATHER_LED, "heat": WEATHER_LED}
"""Carriers that do not follow people first of all."""

UNSTEADY_MONTHS = 3

DayTypesLike = TypesByDay | Mapping[date, str] | Sequence[str]
"""``working``, ``weekend`` or ``holiday``: by day, or in the order of the table's rows."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What was avoided from `start` to `end` (excluded), in the unit of the use.

    `observed` and `counterfactual` are summed over the days that have both, so that a missing
    day yields no saving. `low` and `high` bound `avoided` at `confidence` as calibrated on
    placebo years; `nominal_low` and `nominal_high` are Guideline 14's, for comparison only.
    All are NaN when no day is known. The verdict is ``proven`` when `low` > 0,
    ``proven_increase`` when `high` < 0, and ``not_proven`` otherwise or with a serious finding.
    """

    observed: float
    counterfactual: float
    avoided: float
    low: float
    high: float
    nominal_low: float
    nominal_high: float
    confidence: float
    verdict: Verdict
    findings: tuple[Finding, ...]
    days_observed: int
    days_expected: int

    @property
    def avoided_ratio(self) -> float:
        """Avoided energy as a share of the counterfactual; NaN where that is nought."""
        return self.avoided / self.counterfactual if self.counterfactual else float("nan")


@dataclass(frozen=True)
class SavingsAssessment:
    """A model laid beside what was observed.

    `days` is indexed by local date with `observed`, `counterfactual` and the counterfactual's
    `low` and `high` of that day; NaN where something needed is missing.
    """

    model: FrozenModel
    days: pd.DataFrame
    confidence: float
    calibration: Calibration
    steadiness: tuple[float, int]
    """What `unsteadiness` says of the days."""

    def period(self, start: date, end: date) -> Estimate:
        """The estimate of the local days from `start` to `end`, which is excluded."""
        inside = (self.days.index >= pd.Timestamp(start)) & (self.days.index < pd.Timestamp(end))
        days = self.days[inside]
        both = days[["observed", "counterfactual"]].notna().all(axis=1)
        expected = (end - start).days
        known = days[both]
        findings = reporting_findings(self.model, known, expected, self._unsteadiness())
        findings = (*findings, *(change_finding(c) for c in self.changes))
        if known.empty:
            nan = float("nan")
            return Estimate(
                nan,
                nan,
                nan,
                nan,
                nan,
                nan,
                nan,
                self.confidence,
                "not_proven",
                findings,
                0,
                expected,
            )
        counterfactual = known["counterfactual"].to_numpy(dtype=np.float64)
        observed = float(known["observed"].sum())
        avoided = float(counterfactual.sum()) - observed
        half = self._half_width(counterfactual)
        nominal = self._nominal(counterfactual)
        low, high = avoided - half, avoided + half
        verdict = _verdict(low, high, findings)
        return Estimate(
            observed,
            float(counterfactual.sum()),
            avoided,
            low,
            high,
            avoided - nominal,
            avoided + nominal,
            self.confidence,
            verdict,
            findings,
            len(known),
            expected,
        )

    @cached_property
    def changes(self) -> list[Change]:
        """Steps within the assessed days that neither weather nor calendar explain."""
        return propose_changes(self.days)

    def scale(self, days: float) -> float:
        """The building's own scale for a sum over `days` days (see `Calibration.scale`)."""
        return self.calibration.scale(self.model, days, *self.steadiness)

    def _unsteadiness(self) -> float:
        """How unsteadily the whole assessed time runs, as a multiple of the model's own error."""
        ratio, months = self.steadiness
        own = float(np.hypot(self.model.cv_month_ratio, self.calibration.floor_ratio))
        return ratio / own if months >= UNSTEADY_MONTHS else 0.0

    def _half_width(self, counterfactual: Floats) -> float:
        reference = float(self.calibration.reference(self.model, counterfactual).sum())
        days = len(counterfactual)
        ratio = self.calibration.half_width_ratio(days, self.confidence)
        return ratio * self.scale(days) * reference

    def _nominal(self, counterfactual: Floats) -> float:
        return nominal_half_width(
            predicted=float(counterfactual.sum()),
            cvrmse_ratio=self.model.cvrmse_ratio,
            parameters=self.model.parameters,
            baseline_periods=self.model.days_used,
            reporting_periods=len(counterfactual),
            reporting_months=len(counterfactual) / 30.4,
            confidence=self.confidence,
            autocorrelation=self.model.autocorrelation,
        )


def _verdict(low: float, high: float, findings: tuple[Finding, ...]) -> Verdict:
    if any(f.severity == "serious" for f in findings):
        return "not_proven"  # too thin a baseline, or something else changed: nobody may claim
    if low > 0:
        return "proven"
    return "proven_increase" if high < 0 else "not_proven"


def fit_baseline(
    daily: pd.DataFrame,
    *,
    day_types: DayTypesLike,
    heating_season: Season | None = None,
    carrier: str = "electricity",
) -> FrozenModel:
    """Fit and freeze the baseline model of daily use.

    `daily` is indexed by naive local date with columns `use` (any energy or volume unit) and
    `temperature_c` (the day's mean, °C), and `irradiance_w_per_m2` (its mean on the horizontal)
    where it is measured; NaN is missing, a zero is data. `heating_season` is
    ((month, day), (month, day) excluded) of central heating, or None. `carrier` picks the
    calibration of the intervals. Thin data gives findings on the model, not an error.
    Raises ConfigError when the table has another shape.
    """
    table = _checked(daily)
    on = conditions(table, day_types, heating_season)
    use = table["use"].to_numpy(dtype=np.float64)
    start, end = _span(table.index)
    if not np.isfinite(use).any() or (np.isfinite(use).sum() < 2):
        return _empty(carrier, start, end, heating_season)
    habit = HABITS.get(carrier, USE_LED)
    fit = fit_daily(use, on, habit)
    felt = on.temperature_c[fit.used]
    known = felt[np.isfinite(felt)]
    statistics = _statistics(use[fit.used], fit, table.index[fit.used])
    return FrozenModel(
        carrier=carrier,
        baseline_start=start,
        baseline_end=end,
        terms=tuple(dict(t) for t in fit.terms),
        coefficients=tuple(float(c) for c in fit.coefficients),
        memory_share=habit.memory_share,
        memory_days=habit.memory_days,
        parameters=fit.parameters,
        days_used=int(fit.used.sum()),
        temperature_low_c=float(known.min()) if len(known) else None,
        temperature_high_c=float(known.max()) if len(known) else None,
        heating_season=heating_season,
        sun=fit.sun,
        findings=baseline_findings(table, start, end),
        **statistics,
    )


def assess(
    model: FrozenModel,
    daily: pd.DataFrame,
    *,
    day_types: DayTypesLike,
    confidence: float = 0.90,
    calibration: Calibration | None = None,
) -> SavingsAssessment:
    """Lay a frozen model beside observed days (columns and types as in `fit_baseline`).

    Without a `calibration` the shipped one of the model's carrier sets the intervals' widths.
    """
    table = _checked(daily)
    on = conditions(table, day_types, model.heating_season)
    calibration = calibration or shipped_calibration(model.carrier)
    days = pd.DataFrame(
        {
            "observed": table["use"].to_numpy(dtype=np.float64),
            "counterfactual": model.predict(on),
            "temperature_c": on.temperature_c,
        },
        index=table.index,
    )
    return beside(model, days, confidence, calibration)


def beside(
    model: FrozenModel, days: pd.DataFrame, confidence: float, calibration: Calibration
) -> SavingsAssessment:
    """The assessment of days that already have `observed` and `counterfactual`."""
    steadiness = unsteadiness(days)
    counterfactual = days["counterfactual"].to_numpy(dtype=np.float64)
    scale = calibration.scale(model, 1, *steadiness)
    ratio = calibration.half_width_ratio(1, confidence) * scale
    width = ratio * calibration.reference(model, counterfactual)
    days = days.assign(low=np.maximum(counterfactual - width, 0.0), high=counterfactual + width)
    return SavingsAssessment(model, days, confidence, calibration, steadiness)


def conditions(
    daily: pd.DataFrame, day_types: DayTypesLike, heating_season: Season | None
) -> Conditions:
    """What a model needs to know of each day of the table."""
    days = pd.DatetimeIndex(daily.index)
    if isinstance(day_types, Sequence):
        if len(day_types) != len(days):
            raise ConfigError(f"{len(day_types)} day types for {len(days)} days: give one a day")
        kinds = np.array(list(day_types), dtype=object)
    else:
        kinds = np.array([day_types[d] for d in days.date], dtype=object)

    def known(name: str) -> Floats:
        column = daily.get(name)
        if column is None:
            return np.full(len(days), np.nan)
        values: Floats = column.to_numpy(dtype=np.float64, na_value=np.nan)
        return values

    return Conditions(
        days,
        known("temperature_c"),
        kinds != "working",
        kinds == "holiday",
        _in_season(days, heating_season),
        known("irradiance_w_per_m2"),
    )


def _in_season(days: pd.DatetimeIndex, season: Season | None) -> "np.typing.NDArray[np.bool_]":
    if season is None:
        return np.zeros(len(days), dtype=bool)
    of_year = np.asarray(days.month * 100 + days.day)
    start, end = (month * 100 + day for month, day in season)
    after, before = of_year >= start, of_year < end
    inside: np.typing.NDArray[np.bool_] = (after & before) if start <= end else (after | before)
    return inside


def _checked(daily: pd.DataFrame) -> pd.DataFrame:
    index = daily.index
    if "use" not in daily or not isinstance(index, pd.DatetimeIndex):
        raise ConfigError("daily data needs a DatetimeIndex of local dates and a column `use`")
    if index.tz is not None or not index.is_unique:
        raise ConfigError("daily data must be indexed by naive local dates, each once")
    return daily.sort_index() if not index.is_monotonic_increasing else daily


def _span(index: pd.Index) -> tuple[date, date]:
    if not len(index):
        raise ConfigError("there is not one day to fit: check the baseline period and the meter")
    days = pd.DatetimeIndex(index)
    return days[0].date(), days[-1].date() + timedelta(days=1)


def _statistics(use: Floats, fit: DailyFit, days: pd.Index) -> dict[str, Any]:
    """How well the model fits, relative to the mean where it has one."""
    mean = float(use.mean())
    divisor = abs(mean) or 1.0
    index = pd.DatetimeIndex(days)
    months = np.unique(np.asarray(index.year * 12 + index.month), return_inverse=True)[1]
    by_month = np.bincount(months, weights=fit.left_out)
    use_by_month = np.bincount(months, weights=use)
    freedom = max(len(use) - fit.parameters, 1)
    squares = float(np.sum(fit.residuals**2))
    spread = float(np.sum((use - mean) ** 2))
    lagged = float(np.sum(fit.residuals[1:] * fit.residuals[:-1]))
    return {
        "mean_per_day": mean,
        "cv_day_ratio": float(np.sqrt(np.mean(fit.left_out**2))) / divisor,
        "cv_month_ratio": float(
            np.sqrt(np.mean(by_month**2)) / (abs(float(use_by_month.mean())) or 1.0)
        ),
        "cvrmse_ratio": float(np.sqrt(squares / freedom)) / divisor,
        "r_squared": 1 - squares / spread if spread > 0 else 0.0,
        "autocorrelation": lagged / squares if squares > 0 else 0.0,
    }


def _empty(carrier: str, start: date, end: date, season: Season | None) -> FrozenModel:
    """The model of a meter without data: it predicts nothing and proves nothing."""
    return FrozenModel(
        carrier=carrier,
        baseline_start=start,
        baseline_end=end,
        terms=(),
        coefficients=(),
        memory_share=0.0,
        memory_days=1.0,
        parameters=0,
        days_used=0,
        mean_per_day=0.0,
        cv_day_ratio=0.0,
        cv_month_ratio=0.0,
        cvrmse_ratio=0.0,
        r_squared=0.0,
        autocorrelation=0.0,
        temperature_low_c=None,
        temperature_high_c=None,
        heating_season=season,
        findings=(Finding("savings_baseline_no_data", "serious"),),
    )
