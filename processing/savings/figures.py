"""Avoided energy of a contract as figures and day values, in kWh."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pandas as pd

from config.working_days import DayTypes, day_types
from domain.calendar import Month, days_between
from domain.contracts.years import is_last_of_year, year_start
from domain.figures import DayValue, Figure, Shares
from domain.figures.subjects import OfPart
from domain.findings import Finding
from domain.places import Contract
from processing.savings.adjustments import BothWays, WithAndWithout
from processing.savings.adjustments import finding as adjusted_finding
from processing.savings.assessment import LOOKS, Estimate
from processing.savings.engine import fit_again
from processing.savings.explain import PARTS, contributions
from processing.savings.inputs.typical import TypicalYear
from processing.savings.models.operated import on_calendar
from processing.savings.normalised import is_thin, normalised_saving
from processing.savings.own_calibration import named
from processing.savings.peers.common import alone_of
from processing.savings.track import MEMORY_DAYS, WINDOW_MONTHS, SavingsTrack

LOOKS_A_YEAR = 12


def savings_figures(
    track: SavingsTrack,
    assessment: BothWays,
    month: Month,
    today: date,
) -> list[Figure]:
    """The month's figures of one carrier of a contract; none outside the reporting period.

    Only days that are over by `today` (excluded) count. With approved adjustments, the
    counterfactual and what was avoided have them in, and what was avoided without them stands
    beside.
    """
    window = _window(track.contract, month, today)
    if window is None:
        return []
    both = assessment.period(*window, LOOKS_A_YEAR)
    estimate = both.adjusted
    findings = [*estimate.findings]
    findings += [adjusted_finding(both)] if both.entries else []
    ratio = _plain(track, estimate, "avoided_energy_ratio", estimate.avoided_ratio)
    figures = [
        _plain(track, estimate, "counterfactual_kwh", estimate.counterfactual),
        _plain(track, estimate, "observed_kwh", estimate.observed),
        _avoided(track, "avoided_energy_kwh", estimate, findings),
        _nominal(track, estimate),
        ratio,
        *_without(track, both),
        _year_to_date(track, assessment, window),
        *_contract_year(track, assessment, month, window),
        *_parts(track, assessment, month, window, estimate),
        *_normalised(track, assessment, month, window),
    ]
    figures = named(figures, assessment.adjusted.calibration, track.contract.confidence)
    figures = track.peers.named(figures, month)
    figures = on_calendar(figures, track.model, track.kinds.states, window)
    return [_with_guessed_days(track, f, month, window) for f in figures]


_WITHOUT_CALENDAR = frozenset({"observed_kwh", "adjustment_kwh"})


def _with_guessed_days(
    track: SavingsTrack, figure: Figure, month: Month, window: tuple[date, date]
) -> Figure:
    """The figure, and how many of the days it rests on are of a year whose holidays nobody knows
    yet: their types are guessed, and the counterfactual with them."""
    if figure.name in _WITHOUT_CALENDAR or track.model.bills is not None:
        return figure
    start = window[0]
    if figure.name == "avoided_energy_year_to_date_kwh":
        start = _year_start(track, window)
    elif figure.name == "avoided_energy_contract_year_kwh":
        start = year_start(track.contract, month)
    elif figure.name == "normalised_saving_kwh":
        start = month.plus(1 - WINDOW_MONTHS).first_day
    days = days_between(start, window[1])
    guessed = day_types(days, track.calendar, track.operation).findings
    new = tuple(f for f in guessed if f not in figure.findings)
    return replace(figure, findings=(*figure.findings, *new)) if new else figure


def _shares(estimate: Estimate) -> Shares:
    known = estimate.days_observed / estimate.days_expected if estimate.days_expected else 0.0
    if not estimate.estimated_ratio:
        return Shares.known(known)
    return Shares.rest(estimated=known * estimate.estimated_ratio, missing=1.0 - known)


def _plain(track: SavingsTrack, estimate: Estimate, name: str, value: float) -> Figure:
    return Figure(
        name=name,
        subject=track.subject,
        value=_finite(value),
        shares=_shares(estimate),
        method=track.method,
    )


def _avoided(
    track: SavingsTrack, name: str, estimate: Estimate, findings: Sequence[Finding]
) -> Figure:
    return replace(
        _plain(track, estimate, name, estimate.avoided),
        low=_finite(estimate.low),
        high=_finite(estimate.high),
        confidence=estimate.confidence,
        verdict=estimate.verdict,
        findings=tuple(findings),
    )


def _nominal(track: SavingsTrack, estimate: Estimate) -> Figure:
    return replace(
        _plain(track, estimate, "avoided_energy_nominal_kwh", estimate.avoided),
        low=_finite(estimate.nominal_low),
        high=_finite(estimate.nominal_high),
        confidence=estimate.confidence,
        method="guideline-14-nominal/1",
    )


def _without(track: SavingsTrack, both: WithAndWithout) -> list[Figure]:
    """What the adjustments add, and the saving without them; none where there are none."""
    if not both.entries:
        return []
    amount = both.amount if both.adjusted.days_observed else float("nan")
    return [
        replace(
            _plain(track, both.adjusted, "adjustment_kwh", amount),
            method="entered-adjustments/1",
            findings=(adjusted_finding(both),),
        ),
        _avoided(track, "avoided_energy_unadjusted_kwh", both.routine, _of_routine(both)),
    ]


def _of_routine(both: WithAndWithout) -> list[Finding]:
    """What was found without the adjustments; what they explain is no longer serious."""
    stands = both.adjusted.findings
    return [f if f in stands else replace(f, severity="info") for f in both.routine.findings]


def _year_to_date(track: SavingsTrack, assessment: BothWays, window: tuple[date, date]) -> Figure:
    """From 1 January, or the start of the reporting period in its first year."""
    looks = _looks_at_year(track.contract, window[1])
    return _so_far(
        track,
        assessment,
        "avoided_energy_year_to_date_kwh",
        _year_start(track, window),
        window,
        looks,
    )


def _contract_year(
    track: SavingsTrack, assessment: BothWays, month: Month, window: tuple[date, date]
) -> list[Figure]:
    """From the start of the contract year; of contracts that pay. The look at its end is the one a
    yearly claim is made by."""
    if not track.contract.payment_terms:
        return []
    over = is_last_of_year(track.contract, month) and window[1] in (
        month.end_day,
        track.contract.reporting_end,
    )
    looks = 1 if over and track.contract.claim == "yearly" else LOOKS_A_YEAR
    start = year_start(track.contract, month)
    return [_so_far(track, assessment, "avoided_energy_contract_year_kwh", start, window, looks)]


def _so_far(
    track: SavingsTrack,
    assessment: BothWays,
    name: str,
    start: date,
    window: tuple[date, date],
    looks: int,
) -> Figure:
    both = assessment.period(start, window[1], looks)
    told = [
        f
        for f in both.adjusted.findings
        if f.severity == "serious" or f.code in (LOOKS, "savings_not_weather_normalised")
    ]
    if both.entries:
        told.append(adjusted_finding(both))
    return _avoided(track, name, both.adjusted, told)


def _looks_at_year(contract: Contract, end: date) -> int:
    """A yearly claim is made once, when its year or the reporting period is over; before, and
    where every month is settled, this is one of twelve looks."""
    over = (end.month, end.day) == (1, 1) or end == contract.reporting_end
    return 1 if over and contract.claim == "yearly" else LOOKS_A_YEAR


def _year_start(track: SavingsTrack, window: tuple[date, date]) -> date:
    return max(date(window[0].year, 1, 1), track.contract.reporting_start)


def _parts(
    track: SavingsTrack,
    assessment: BothWays,
    month: Month,
    window: tuple[date, date],
    estimate: Estimate,
) -> list[Figure]:
    """What the counterfactual of the month's known days is made of, adjustments apart."""
    if not track.model.terms or not estimate.days_observed:
        return []
    seen = assessment.adjusted.days
    known = (seen["observed"] - seen["counterfactual"]).notna() & _inside(seen, window)
    daily = track.days(month)
    near = _inside(daily, (window[0] - timedelta(days=MEMORY_DAYS), window[1]))
    parts = contributions(track.model, daily[near], track.kinds)
    sums = parts[known[near]][list(PARTS)].sum()
    routine = assessment.routine.days
    sums["peers"] = (routine["counterfactual"] - alone_of(routine))[known].sum()
    return [
        replace(
            _plain(track, estimate, "counterfactual_part_kwh", float(value)),
            subject=str(OfPart(track.about, str(part))),
        )
        for part, value in sums.items()
        if abs(value) > 1e-9
    ]


def _normalised(
    track: SavingsTrack, assessment: BothWays, month: Month, window: tuple[date, date]
) -> list[Figure]:
    """The saving a year under typical-year conditions, once twelve whole months are reported.

    The model of after is fitted on the twelve months that end with the month, less what the
    adjustments and the peers explain.
    """
    start = month.plus(1 - WINDOW_MONTHS).first_day
    if track.typical is None or start < track.contract.reporting_start or window[1] < month.end_day:
        return []
    seen = assessment.adjusted.days
    added = seen["counterfactual"] - alone_of(assessment.routine.days)
    daily = track.days(month)
    last_year = _inside(daily, (start, month.end_day))
    less = daily.assign(use=daily["use"] - added.fillna(0.0))
    after = fit_again(track.model, less[last_year], day_types=track.kinds)
    known = int(daily["use"][last_year].notna().sum())
    share = known / max(int(last_year.sum()), 1)
    base = Figure(
        name="normalised_saving_kwh",
        subject=track.subject,
        value=None,
        shares=Shares.known(share),
        method="normalised-two-models/1",
    )
    if not track.typical.years:
        return [replace(base, findings=(Finding("savings_normalised_no_weather"),))]
    if is_thin(after) or is_thin(track.model):
        return [replace(base, findings=(Finding("savings_normalised_insufficient"),))]
    found = normalised_saving(
        track.model,
        after,
        track.typical.tables,
        day_types=_types_of(track, track.typical),
        confidence=track.contract.confidence,
        calibration=assessment.adjusted.calibration,
    )
    year = assessment.period(start, month.end_day).adjusted
    serious = tuple(f for f in year.findings if f.severity == "serious")
    return [
        replace(
            base,
            value=_finite(found.saved),
            low=_finite(found.low),
            high=_finite(found.high),
            confidence=found.confidence,
            verdict="not_proven" if serious else found.verdict,
            findings=serious,
            factors=(track.typical.factor(),),
        )
    ]


def _types_of(track: SavingsTrack, typical: TypicalYear) -> DayTypes:
    """Typical years are operated as the baseline was, on the same days of the year."""
    days = [d for table in typical.tables for d in pd.DatetimeIndex(table.index).date]
    return day_types(days, track.calendar, track.model.operating.repeated(days))


def savings_days(
    track: SavingsTrack, assessment: BothWays, month: Month, today: date
) -> list[DayValue]:
    """Counterfactual (with its interval, adjustments in) and observed use of each day that is
    over. None of bills: nobody knows what was used on which day."""
    window = _window(track.contract, month, today)
    if window is None or track.model.bills is not None:
        return []
    found = []
    days = assessment.adjusted.days
    inside = days[_inside(days, window)]
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
                    subject=track.subject,
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


def _inside(days: pd.DataFrame, window: tuple[date, date]) -> "pd.Series":
    index = pd.DatetimeIndex(days.index)
    inside = (index >= pd.Timestamp(window[0])) & (index < pd.Timestamp(window[1]))
    return pd.Series(inside, index=days.index)


def _finite(value: float | None) -> float | None:
    return float(value) if value is not None and np.isfinite(value) else None
