"""Avoided energy of a contract as figures and day values, in kWh."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from domain.calendar import Month
from domain.figures import DayValue, Figure, Shares
from domain.places import Contract
from processing.savings.engine import Estimate, SavingsAssessment

METHOD = "daily-change-point/1"


@dataclass(frozen=True)
class SavingsTrack:
    """A contract's carrier with its frozen baseline laid beside all days so far."""

    contract: Contract
    carrier: str
    assessment: SavingsAssessment


def savings_figures(track: SavingsTrack, month: Month, today: date) -> list[Figure]:
    """The month's figures of one carrier of a contract; none outside the reporting period.

    Only days that are over by `today` (excluded) count.
    """
    window = _window(track.contract, month, today)
    if window is None:
        return []
    estimate = track.assessment.period(*window)
    known = estimate.days_observed / estimate.days_expected if estimate.days_expected else 0.0
    shares = Shares(known, 0.0, 1.0 - known)
    subject = f"{track.contract.id}/{track.carrier}"

    def plain(name: str, value: float) -> Figure:
        return Figure(
            name=name, subject=subject, value=_finite(value), shares=shares, method=METHOD
        )

    return [
        plain("counterfactual_kwh", estimate.counterfactual),
        plain("observed_kwh", estimate.observed),
        _avoided(subject, estimate, shares),
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


def _avoided(subject: str, estimate: Estimate, shares: Shares) -> Figure:
    return Figure(
        name="avoided_energy_kwh",
        subject=subject,
        value=_finite(estimate.avoided),
        low=_finite(estimate.low),
        high=_finite(estimate.high),
        confidence=estimate.confidence,
        verdict=estimate.verdict,
        shares=shares,
        method=METHOD,
        findings=estimate.findings,
    )


def savings_days(track: SavingsTrack, month: Month, today: date) -> list[DayValue]:
    """Counterfactual (with its interval) and observed use of each day that is over."""
    window = _window(track.contract, month, today)
    if window is None:
        return []
    subject = f"{track.contract.id}/{track.carrier}"
    found = []
    days = track.assessment.days
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


def _window(contract: Contract, month: Month, today: date) -> tuple[date, date] | None:
    start = max(month.first_day, contract.reporting_start)
    end = min(month.end_day, today, contract.reporting_end or date.max)
    return (start, end) if start < end else None


def _finite(value: float | None) -> float | None:
    return float(value) if value is not None and np.isfinite(value) else None
