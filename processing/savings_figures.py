"""Avoided energy of a contract as figures and day values, in kWh."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from config.working_days import DayTypes
from domain.calendar import Month
from domain.figures import DayValue, Figure, Shares
from domain.places import Contract
from processing.savings.engine import Estimate, FrozenModel, SavingsAssessment, assess

WINDOW_MONTHS = 12
_MEMORY_DAYS = 13


@dataclass(frozen=True)
class SavingsTrack:
    """A contract's carrier: its frozen baseline and the days it is laid beside.

    `daily` and `kinds` (the day types) as the savings engine wants them.
    """

    contract: Contract
    carrier: str
    model: FrozenModel
    daily: pd.DataFrame
    kinds: DayTypes

    def assessment(self, month: Month) -> SavingsAssessment:
        """The baseline beside the twelve months that end with `month`.

        So a month's interval knows how steadily its year ran, and does not change when later
        months arrive. The days before carry the memory of the weather only.
        """
        start = max(self.contract.reporting_start, month.plus(1 - WINDOW_MONTHS).first_day)
        index = pd.DatetimeIndex(self.daily.index)
        inside = (index >= pd.Timestamp(start) - pd.Timedelta(days=_MEMORY_DAYS)) & (
            index < pd.Timestamp(month.end_day)
        )
        return assess(
            self.model,
            self.daily[inside],
            day_types=self.kinds,
            confidence=self.contract.confidence,
        )


def savings_figures(
    track: SavingsTrack, assessment: SavingsAssessment, month: Month, today: date
) -> list[Figure]:
    """The month's figures of one carrier of a contract; none outside the reporting period.

    Only days that are over by `today` (excluded) count.
    """
    window = _window(track.contract, month, today)
    if window is None:
        return []
    estimate = assessment.period(*window)
    known = estimate.days_observed / estimate.days_expected if estimate.days_expected else 0.0
    shares = Shares(known, 0.0, 1.0 - known)
    subject = f"{track.contract.id}/{track.carrier}"
    method = method_of(track.model)

    def plain(name: str, value: float) -> Figure:
        return Figure(
            name=name, subject=subject, value=_finite(value), shares=shares, method=method
        )

    return [
        plain("counterfactual_kwh", estimate.counterfactual),
        plain("observed_kwh", estimate.observed),
        _avoided(subject, estimate, shares, method),
        Figure(
            name="avoided_energy_nominal_kwh",
            subject=subject,
            value=_finite(estimate.avoided),
            low=_finite(estimate.nominal_low),
            high=_finite(estimate.nominal_high),
            confidence=estimate.confidence,
            shares=shares,
            method="guideline-14-nominal/1",
        ),
        plain("avoided_energy_ratio", estimate.avoided_ratio),
    ]


def method_of(model: FrozenModel) -> str:
    """The method of its figures: the version that fitted the baseline, which stays with it."""
    return f"daily-baseline/{model.format.rpartition('/')[2]}"


def _avoided(subject: str, estimate: Estimate, shares: Shares, method: str) -> Figure:
    return Figure(
        name="avoided_energy_kwh",
        subject=subject,
        value=_finite(estimate.avoided),
        low=_finite(estimate.low),
        high=_finite(estimate.high),
        confidence=estimate.confidence,
        verdict=estimate.verdict,
        shares=shares,
        method=method,
        findings=estimate.findings,
    )


def savings_days(
    track: SavingsTrack, assessment: SavingsAssessment, month: Month, today: date
) -> list[DayValue]:
    """Counterfactual (with its interval) and observed use of each day that is over."""
    window = _window(track.contract, month, today)
    if window is None:
        return []
    subject = f"{track.contract.id}/{track.carrier}"
    found = []
    days = assessment.days
    inside = days[
        (days.index >= np.datetime64(window[0])) & (days.index < np.datetime64(window[1]))
    ]
    days_on = pd.DatetimeIndex(inside.index).date
    table = inside[["counterfactual", "low", "high", "observed"]].to_numpy(dtype=np.float64)
    for day, (counterfactual, lowest, highest, observed) in zip(days_on, table, strict=True):
        for name, value, low, high in (
            ("counterfactual_kwh", counterfactual, lowest, highest),
            ("observed_kwh", observed, None, None),
        ):
            known = _finite(value)
            found.append(
                DayValue(
                    day=day,
                    name=name,
                    subject=subject,
                    value=known,
                    quality="missing" if known is None else "measured",
                    low=_finite(low),
                    high=_finite(high),
                )
            )
    return found


def reports(contract: Contract, month: Month, today: date) -> bool:
    """Whether the month has days of the reporting period that are over by `today`."""
    return _window(contract, month, today) is not None


def _window(contract: Contract, month: Month, today: date) -> tuple[date, date] | None:
    start = max(month.first_day, contract.reporting_start)
    end = min(month.end_day, today, contract.reporting_end or date.max)
    return (start, end) if start < end else None


def _finite(value: float | None) -> float | None:
    return float(value) if value is not None and np.isfinite(value) else None
