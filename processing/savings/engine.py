"""The savings engine's front: fit a baseline once, freeze it, and assess what was avoided.

avoided = counterfactual − observed: the baseline model under the reporting period's weather and
calendar, less what was measured (IPMVP option C; GB/T 28750 calls the first term 校准能耗).
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Protocol

import numpy as np
import pandas as pd

from config.working_days import DayTypes
from domain.errors import ConfigError
from domain.findings import Finding
from processing.savings.assessment import SavingsAssessment, beside
from processing.savings.breaks import break_within
from processing.savings.doubts.case import Background
from processing.savings.inputs.bills import bills_of_days, laid_over
from processing.savings.inputs.sufficiency import (
    baseline_findings,
    fit_findings,
    months_unseen,
    rules,
    unseen_findings,
)
from processing.savings.intervals import Calibration, calibration_of
from processing.savings.models.billing import fit_bills
from processing.savings.models.daily import DailyFit, fit_daily, habit_of
from processing.savings.models.frozen import (
    CALENDAR_FORMAT,
    FORMAT,
    FrozenModel,
    Season,
    empty_model,
)
from processing.savings.models.operated import calendar_findings, operating_runs
from processing.savings.models.terms import Conditions, Floats


class TypesByDay(Protocol):
    """Anything that tells the type of a local day, such as `config.working_days.DayTypes`."""

    def __getitem__(self, day: date, /) -> str: ...


DayTypesLike = TypesByDay | Mapping[date, str] | Sequence[str]
"""``working``, ``weekend`` or ``holiday``: by day, or in the order of the table's rows."""


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
    table, on, steps = _unbroken(table, on, carrier)
    use = table["use"].to_numpy(dtype=np.float64)
    start, end = _span(table.index)
    if not np.isfinite(use).any() or (np.isfinite(use).sum() < 2):
        return empty_model(carrier, start, end, heating_season)
    habit = habit_of(carrier)
    fit = fit_daily(use, on, habit)
    felt = on.temperature_c[fit.used]
    known = felt[np.isfinite(felt)]
    statistics = _statistics(use[fit.used], fit, table.index[fit.used])
    unseen = months_unseen(on.days[fit.used])
    operating = operating_runs(on)
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
        operating=operating,
        by_calendar=fit.by_calendar,
        format=CALENDAR_FORMAT if fit.by_calendar else FORMAT,
        findings=(
            *steps,
            *baseline_findings(table, start, end),
            *unseen_findings(unseen),
            *fit_findings(statistics["cvrmse_ratio"], statistics["r_squared"], "days"),
            *calendar_findings(use, on, fit.by_calendar, carrier),
        ),
        months_unseen=unseen,
        **statistics,
    )


def _unbroken(
    table: pd.DataFrame, on: Conditions, carrier: str
) -> tuple[pd.DataFrame, Conditions, tuple[Finding, ...]]:
    """The baseline after its last step, where a whole year of it is left; and what was found.

    With less left, the days stay as they are, and a serious finding says when and by how much.
    """
    found: list[Finding] = []
    while (step := break_within(table["use"].to_numpy(dtype=np.float64), on, carrier)) is not None:
        after = np.asarray(table.index >= pd.Timestamp(step.on))
        numbers = {"on": step.on.isoformat(), "percent": f"{100 * step.ratio:+.0f}"}
        if after.sum() < rules()["baseline_days_min"]:
            return table, on, (*found, Finding("savings_baseline_step", "serious", "", numbers))
        found.append(Finding("savings_baseline_shortened", numbers=numbers))
        table, on = table[after], on.select(after)
    return table, on, tuple(found)


def assess(
    model: FrozenModel,
    daily: pd.DataFrame,
    *,
    day_types: DayTypesLike,
    confidence: float = 0.90,
    calibration: Calibration | None = None,
    background: Background | None = None,
) -> SavingsAssessment:
    """Lay a frozen model beside observed days (columns and types as in `fit_baseline`).

    The days of a billing model are those of `billed_days`. A column `estimated` is the share of
    each day's use that was not measured. Without a `calibration` the shipped one of the model's
    kind and carrier sets the intervals' widths. `background` is for the doubts
    (`savings.doubts`).
    """
    table = _checked(daily)
    on = conditions(table, day_types, model.heating_season)
    calibration = calibration or calibration_of(model)
    days = pd.DataFrame(
        {
            "observed": table["use"].to_numpy(dtype=np.float64),
            "counterfactual": model.predict(on),
            "temperature_c": on.temperature_c,
        },
        index=table.index,
    )
    for state, told in (("closed", on.closed), ("vacation", on.vacation)):
        if told.any():
            days[state] = told
    if "estimated" in table:
        days["estimated"] = table["estimated"].to_numpy(dtype=np.float64)
    return beside(model, days, confidence, calibration, background)


def billed_days(model: FrozenModel, bills: pd.DataFrame, weather: pd.DataFrame) -> pd.DataFrame:
    """What `assess` lays beside a billing model: bills over the days of the weather.

    `weather` is indexed by local date with temperature_c; see `laid_over` for how a bill becomes
    days.
    """
    on = conditions(weather, ["working"] * len(weather), None)
    would = pd.Series(model.predict(on), index=weather.index)
    return weather.assign(use=laid_over(bills, would))


def fit_again(model: FrozenModel, daily: pd.DataFrame, *, day_types: DayTypesLike) -> FrozenModel:
    """A model of the same kind and carrier, of other days (those of `billed_days` for bills)."""
    if model.bills is None:
        return fit_baseline(
            daily,
            day_types=day_types,
            heating_season=model.heating_season,
            carrier=model.carrier,
        )
    start, end = _span(daily.index)
    return fit_bills(bills_of_days(daily), daily["temperature_c"], model.carrier, start, end)


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

    told = day_types.states if isinstance(day_types, DayTypes) else {}
    states = np.array([told.get(d) for d in days.date], dtype=object)

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
        states == "closed",
        states == "vacation",
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
        "bias_ratio": -float(fit.residuals.sum()) / (float(use.sum()) or 1.0),
    }
