"""A frozen baseline laid beside what was observed, and the estimate of any period.

avoided = counterfactual − observed: what the model says of the reporting period's weather and
calendar, less what was measured (IPMVP option C; GB/T 28750 calls the first term 校准能耗).
"""

from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

import numpy as np
import pandas as pd

from domain.figures import Verdict
from domain.findings import Finding
from processing.savings.changes import Change, propose_changes
from processing.savings.doubts.case import Background, Case
from processing.savings.doubts.every import doubts_of
from processing.savings.doubts.measure_steps import (
    days_of_measures,
    measure_finding,
    measure_of,
)
from processing.savings.inputs.sufficiency import listed, rules
from processing.savings.intervals import (
    DAYS_PER_MONTH,
    Calibration,
    nominal_half_width,
    unsteadiness,
)
from processing.savings.models.daily import WEATHER_LED_CARRIERS
from processing.savings.models.frozen import FrozenModel
from processing.savings.models.terms import Floats

UNSTEADY_MONTHS = 3
LOOKS = "savings_one_of_many_looks"


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
    estimated_ratio: float = 0.0
    """The share of the known days' use that was not measured."""

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
    background: Background = field(default_factory=Background)
    """What else is known there, for those who doubt."""

    def period(self, start: date, end: date, looks: int = 1) -> Estimate:
        """The estimate of the local days from `start` to `end`, which is excluded.

        `looks`: at how many such periods somebody looks before paying for one; the verdict is at
        the level at which all together err as seldom as one (`level_of_looks`), while the interval
        stays that of one.
        """
        inside = (self.days.index >= pd.Timestamp(start)) & (self.days.index < pd.Timestamp(end))
        days = self.days[inside]
        both = days[["observed", "counterfactual"]].notna().all(axis=1)
        expected = (end - start).days
        known = days[both]
        without_weather = int((days["observed"].notna() & days["counterfactual"].isna()).sum())
        findings = reporting_findings(
            self.model, known, expected, self._unsteadiness(), without_weather
        )
        findings = (*findings, *(self._step_finding(c) for c in self.changes))
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
                (*findings, *self.background.of_use),
                0,
                expected,
            )
        counterfactual = known["counterfactual"].to_numpy(dtype=np.float64)
        observed = float(known["observed"].sum())
        avoided = float(counterfactual.sum()) - observed
        half = self._half_width(counterfactual)
        nominal = self._nominal(counterfactual)
        low, high = avoided - half, avoided + half
        findings = (*findings, *doubts_of(self._case(start, end, low, high)))
        verdict = _verdict(low, high, findings)
        if looks > 1 and verdict != "not_proven":
            level = level_of_looks(self.confidence, looks)
            if abs(avoided) <= self._half_width(counterfactual, level):
                findings = (*findings, looks_finding(level, looks))
                verdict = "not_proven"
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
            float(known["estimated"].mean()) if "estimated" in known else 0.0,
        )

    @cached_property
    def changes(self) -> list[Change]:
        """Steps within the assessed days that neither weather nor calendar explain.

        Bills tell of none: they are too few for a step to be told from a bad month.
        """
        return propose_changes(self.days) if self.model.bills is None else []

    def _step_finding(self, change: Change) -> Finding:
        measure = measure_of(change, self.background.measures, self.model.carrier)
        if measure is not None:
            return measure_finding(change, measure)
        return change_finding(change, self.model.carrier)

    def _case(self, start: date, end: date, low: float, high: float) -> Case:
        """The claim for those who doubt: judged by the reporting days up to its end."""
        contract = self.background.contract
        first = start if contract is None else contract.reporting_start
        if contract is None and len(self.days):
            first = min(first, pd.DatetimeIndex(self.days.index)[0].date())
        index = self.days.index
        window = self.days[(index >= pd.Timestamp(first)) & (index < pd.Timestamp(end))]
        return Case(self.model, window, start, end, low, high, self.background)

    def scale(self, days: float) -> float:
        """The building's own scale for a sum over `days` days (see `Calibration.scale`)."""
        return self.calibration.scale(self.model, days, *self.steadiness)

    def _unsteadiness(self) -> float:
        """How unsteadily the whole assessed time runs, as a multiple of the model's own error."""
        ratio, months = self.steadiness
        own = float(np.hypot(self.model.cv_month_ratio, self.calibration.floor_ratio))
        return ratio / own if months >= UNSTEADY_MONTHS else 0.0

    def _half_width(self, counterfactual: Floats, confidence: float | None = None) -> float:
        reference = float(self.calibration.reference(self.model, counterfactual).sum())
        days = len(counterfactual)
        ratio = self.calibration.half_width_ratio(days, confidence or self.confidence)
        return ratio * self.scale(days) * reference

    def _nominal(self, counterfactual: Floats) -> float:
        months, bills = len(counterfactual) / DAYS_PER_MONTH, self.model.bills
        return nominal_half_width(
            predicted=float(counterfactual.sum()),
            cvrmse_ratio=self.model.cvrmse_ratio,
            parameters=self.model.parameters,
            baseline_periods=self.model.days_used if bills is None else bills,
            reporting_periods=len(counterfactual) if bills is None else months,
            reporting_months=months,
            confidence=self.confidence,
            autocorrelation=self.model.autocorrelation,
            interval="daily" if bills is None else "billing",
        )


def _verdict(low: float, high: float, findings: tuple[Finding, ...]) -> Verdict:
    if any(f.severity == "serious" for f in findings):
        return "not_proven"  # too thin a baseline, or something else changed: nobody may claim
    if low > 0:
        return "proven"
    return "proven_increase" if high < 0 else "not_proven"


def level_of_looks(confidence: float, looks: int) -> float:
    """The two-sided level of each of several looks at which all together are wrong upwards as
    seldom as one at `confidence` (Šidák: as if they were independent, which is cautious).

    >>> round(level_of_looks(0.90, 12), 4)
    0.9915
    """
    return float(1 - 2 * (1 - ((1 + confidence) / 2) ** (1 / looks)))


def looks_finding(level: float, looks: int) -> Finding:
    """Proven if one had looked once; not at the level that so many looks ask for."""
    numbers = {"looks": looks, "percent": round(100 * level, 1)}
    return Finding(LOOKS, "warning", numbers=numbers)


def beside(
    model: FrozenModel,
    days: pd.DataFrame,
    confidence: float,
    calibration: Calibration,
    background: Background | None = None,
) -> SavingsAssessment:
    """The assessment of days that already have `observed` and `counterfactual`."""
    background = background or Background()
    steadiness = unsteadiness(days, days_of_measures(background.measures, model.carrier))
    counterfactual = days["counterfactual"].to_numpy(dtype=np.float64)
    scale = calibration.scale(model, 1, *steadiness)
    ratio = calibration.half_width_ratio(1, confidence) * scale
    width = ratio * calibration.reference(model, counterfactual)
    days = days.assign(low=np.maximum(counterfactual - width, 0.0), high=counterfactual + width)
    return SavingsAssessment(model, days, confidence, calibration, steadiness, background)


def reporting_findings(
    model: FrozenModel,
    known: pd.DataFrame,
    expected: int,
    unsteadiness: float,
    without_weather: int = 0,
) -> tuple[Finding, ...]:
    """What the reader of an estimate must know: of the days `known`, of how many were due.

    `unsteadiness` is the scatter of the months over the model's own error. Of `without_weather`
    days the use is known and only the temperature is missing.
    """
    found = [f for f in model.findings if f.severity != "info"]
    if without_weather and model.terms:
        of_weather = {"missing": without_weather, "days": expected}
        found.append(Finding("savings_temperature_missing", numbers=of_weather))
    if missing := expected - len(known) - without_weather:
        found.append(
            Finding("savings_days_missing", numbers={"missing": missing, "days": expected})
        )
    unseen = int(pd.DatetimeIndex(known.index).month.isin(model.months_unseen).sum())
    if unseen:
        many = unseen > rules()["unseen_days_max_ratio"] * len(known)
        found.append(
            Finding(
                "savings_months_unseen",
                "serious" if many else "warning",
                numbers={
                    "days": unseen,
                    "of": len(known),
                    "months": listed(model.months_unseen),
                },
            )
        )
    if model.temperature_low_c is not None and model.temperature_high_c is not None:
        margin = rules()["temperature_margin_c"]
        outside = (known["temperature_c"] < model.temperature_low_c - margin) | (
            known["temperature_c"] > model.temperature_high_c + margin
        )
        if outside.any():
            found.append(
                Finding("savings_weather_outside_baseline", numbers={"days": int(outside.sum())})
            )
    if unsteadiness > rules()["unsteadiness_max"]:
        found.append(
            Finding("savings_unsteady", "serious", numbers={"times": round(unsteadiness, 1)})
        )
    return tuple(found)


def change_finding(change: Change, carrier: str) -> Finding:
    """The finding of a proposed step: a large one has to be explained before anything is proven.

    What follows the weather steps at every turn of the heating season, so there only a step of
    half the use is one that must be explained; unsteady months withhold the verdict besides.
    """
    of = "_weather_led" if carrier in WEATHER_LED_CARRIERS else ""
    large = abs(change.ratio) >= rules()[f"change_explained_from_ratio{of}"]
    return Finding(
        "savings_change_unexplained" if large else "savings_change_proposed",
        "serious" if large else "info",
        numbers={
            "on": change.on.isoformat(),
            "percent": round(100 * change.ratio, 1),
            "per_day": f"{change.per_day:+,.0f}",
        },
    )
