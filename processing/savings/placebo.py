"""The placebo test: years in which nothing is known to have been saved must show nothing saved.

Fit one year, predict the next, on every building of an hourly table that qualifies; compare
with what was measured. The errors are also what calibrates the intervals: those of a building
are calibrated on the *other* buildings' errors only (conformal, leaving the building out).
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from time import perf_counter
from typing import Any, Literal

import numpy as np
import pandas as pd

from config.working_days import DayTypes, day_types
from domain.calendar import Month
from domain.operating import OperatingSpell
from processing.savings.assessment import Estimate, SavingsAssessment, beside
from processing.savings.conformal import Scores, calibrate, scores
from processing.savings.doubts.case import Background
from processing.savings.engine import assess, billed_days, fit_baseline
from processing.savings.inputs.bills import bill_weather, bills_of_days
from processing.savings.intervals import calibration_of
from processing.savings.models.billing import fit_bills
from processing.savings.models.frozen import FrozenModel
from processing.savings.models.terms import Floats
from processing.savings.peers.common import of_others, with_common
from processing.savings.peers.group import LEAST_PEERS
from processing.savings.peers.widening import Widening

CARRIERS = {"electricity": "electricity", "gas": "natural_gas"}
"""Fuels of the table, and the carrier whose rules they follow."""

Kind = Literal["daily", "billing"]
"""The model that is tested: of days, or of bills."""

MIN_HOURS = 8700
MIN_USE_KWH = 20_000.0
MAX_ZERO_SHARE = {"electricity": 0.02}
MAX_ZERO_SHARE_OTHER = 0.75
MAX_CHANGE = 0.35


@dataclass(frozen=True, slots=True)
class Cell:
    """One building and fuel: its model of the fit year, laid beside the predicted year.

    Ratios are (observed − counterfactual) / reference use, see `Calibration.reference`. With peers,
    what the others had in common is in the counterfactual, and `widening` what they ask for.
    """

    building: str
    fuel: str
    model: FrozenModel
    seen: SavingsAssessment
    fit_ms: float
    fit_year: int
    year: int
    widening: Widening = field(default_factory=Widening)

    def by_month(self) -> pd.DataFrame:
        """Observed and counterfactual of each month, over the days that have both."""
        days = self.seen.days[["observed", "counterfactual"]].dropna()
        return days.groupby(pd.DatetimeIndex(days.index).month).sum()

    def annual_error_ratio(self) -> float:
        """(predicted − observed) / observed of the year."""
        total = self.by_month().sum()
        return float(total["counterfactual"] / total["observed"] - 1)

    def monthly_error_ratios(self) -> Floats:
        """(predicted − observed) / observed of each month that used anything."""
        months = self.by_month()
        months = months[months["observed"] > 0]
        errors: Floats = (months["counterfactual"] / months["observed"] - 1).to_numpy()
        return errors


@dataclass(frozen=True)
class Archive:
    """A daily table of many buildings, with weather (see `rollup`): what the placebo test walks
    over. `billed`: the bills the table was made of, if it was (see `bills_of_table`).
    """

    daily: pd.DataFrame
    weather: pd.DataFrame
    calendar: str
    billed: pd.DataFrame | None = None
    operation: tuple[OperatingSpell, ...] = ()
    """The operating calendar of all its buildings."""

    def years(self) -> list[int]:
        return sorted(set(pd.DatetimeIndex(self.daily["day"]).year))

    def year(self, building: str, fuel: str, year: int) -> pd.DataFrame:
        """Every day of the year with use and its weather; NaN where missing."""
        table = self._cells.get((fuel, building))
        days = pd.date_range(f"{year}-01-01", f"{year}-12-31", freq="D")
        if table is None:
            table = self.daily.iloc[:0].set_index("day")
        table = table.reindex(days)
        return table.join(self.weather.reindex(days))

    def bills(self, building: str, fuel: str, start: date, end: date) -> pd.DataFrame:
        """The bills whose middle lies in [start, end): as given, or the months of the days."""
        if self.billed is None:
            table = self._cells[fuel, building]
            days = pd.date_range(start, end, freq="D", inclusive="left")
            return bills_of_days(table.reindex(days))
        bills = self.billed
        bills = bills[(bills["fuel"] == fuel) & (bills["building"] == building)]
        middle = bills["start"] + (bills["end"] - bills["start"]) / 2
        return bills[(middle >= pd.Timestamp(start)) & (middle < pd.Timestamp(end))]

    @cached_property
    def warmth_c(self) -> pd.Series:
        """The daily mean temperatures as models of bills want them."""
        return bill_weather(self.weather["temperature_c"])

    def laid_beside(self, model: FrozenModel, bills: pd.DataFrame) -> pd.DataFrame:
        """The days of some bills (at least one) as `assess` lays them beside a model of bills."""
        days = pd.date_range(bills["start"].min(), bills["end"].max(), inclusive="left")
        return billed_days(model, bills, self.warmth_c.reindex(days).to_frame("temperature_c"))

    @property
    def _cells(self) -> dict[tuple[str, str], pd.DataFrame]:
        found = self.__dict__.get("_by_cell")
        if found is None:
            groups = self.daily.groupby(["fuel", "building"])
            found = {(str(f), str(b)): g.set_index("day") for (f, b), g in groups}
            object.__setattr__(self, "_by_cell", found)
        return found

    def buildings(self, fuel: str) -> list[str]:
        return sorted(b for f, b in self._cells if f == fuel)

    def fuels(self) -> list[str]:
        return sorted({f for f, _ in self._cells})

    def types(self, year: int) -> DayTypes:
        days = pd.date_range(f"{year}-01-01", f"{year}-12-31", freq="D")
        return day_types(list(days.date), self.calendar, self.operation)


def takes_part(fuel: str, fitted: pd.DataFrame, predicted: pd.DataFrame) -> bool:
    """Whether a building and fuel qualifies: enough hours and use, few zeros, no upheaval."""
    zeros = MAX_ZERO_SHARE.get(fuel, MAX_ZERO_SHARE_OTHER)
    before, after = fitted["use"].sum(), predicted["use"].sum()
    hours = [t["hours"].sum() for t in (fitted, predicted)]
    return bool(
        min(hours) >= MIN_HOURS
        and before > MIN_USE_KWH
        and all(
            t["zeros"].sum() < zeros * h for t, h in zip((fitted, predicted), hours, strict=True)
        )
        and abs(after / before - 1) <= MAX_CHANGE
    )


def cells(
    archive: Archive,
    fuel: str,
    fit_year: int,
    year: int,
    progress: Callable[[str, int, int], None] | None = None,
    kind: Kind = "daily",
) -> list[Cell]:
    """Fit and predict every building of the fuel that takes part."""
    found: list[Cell] = []
    names = archive.buildings(fuel)
    for i, building in enumerate(names):
        if progress:
            progress(f"{fuel} {fit_year}→{year}", i + 1, len(names))
        fitted, predicted = (archive.year(building, fuel, y) for y in (fit_year, year))
        if not takes_part(fuel, fitted, predicted):
            continue
        judge = _daily_cell if kind == "daily" else _billing_cell
        found.append(judge(archive, building, fuel, fit_year, year))
    return found


def _daily_cell(archive: Archive, building: str, fuel: str, fit_year: int, year: int) -> Cell:
    fitted, predicted = (archive.year(building, fuel, y) for y in (fit_year, year))
    types = archive.types(fit_year), archive.types(year)
    began = perf_counter()
    model = fit_baseline(fitted, day_types=types[0], carrier=CARRIERS.get(fuel, fuel))
    fit_ms = 1e3 * (perf_counter() - began)
    past = assess(model, fitted, day_types=types[0]).days
    background = Background(past=past)
    seen = assess(model, predicted, day_types=types[1], background=background)
    return Cell(building, fuel, model, seen, fit_ms, fit_year, year)


def _billing_cell(archive: Archive, building: str, fuel: str, fit_year: int, year: int) -> Cell:
    (start, end), reported = ((date(y, 1, 1), date(y + 1, 1, 1)) for y in (fit_year, year))
    bills = archive.bills(building, fuel, start, end)
    began = perf_counter()
    model = fit_bills(bills, archive.warmth_c, CARRIERS.get(fuel, fuel), start, end)
    fit_ms = 1e3 * (perf_counter() - began)
    table = archive.laid_beside(model, archive.bills(building, fuel, *reported))
    seen = assess(model, table, day_types=["working"] * len(table))
    return Cell(building, fuel, model, seen, fit_ms, fit_year, year)


def with_peers(found: Sequence[Cell]) -> list[Cell]:
    """The cells of one fuel and year, each corrected by what all the others had in common."""
    if not found:
        return []
    months = pd.period_range(f"{found[0].year}-01", periods=12, freq="M")
    said = of_others([c.seen for c in found], list(months))
    return [
        replace(c, seen=with_common(c.seen, o.ratios, Widening()), widening=o.widening)
        for c, o in zip(found, said, strict=True)
    ]


def errors(found: Iterable[Cell]) -> tuple[Floats, Floats]:
    """Absolute error ratios of the cells: one a year, and all months together."""
    these = list(found)
    years = np.array([abs(c.annual_error_ratio()) for c in these])
    months = [np.abs(c.monthly_error_ratios()) for c in these]
    return years, np.concatenate(months) if months else np.empty(0)


FEW = 10
"""With fewer buildings than this, earlier placebo years of the other buildings count too."""
PLANTED = 0.10
STEADY_HALF_WIDTH = 0.10
"""A building is called steady when its 90 % interval is at most so wide: known without asking
what was saved."""


@dataclass(frozen=True, slots=True)
class PlaceboResult:
    """What the placebo test found for one fuel; shares in percent, errors of the year's use.

    The fields `shipped_…` are by the calibration shipped, widened by the peers where there are
    some: what a contract would have been told. That of the others of this very year is fitted to
    them; the shipped one knows nothing of a year that it was not made of.
    """

    fuel: str
    buildings: int
    annual_abs_error_median_pct: float
    annual_abs_error_p90_pct: float
    monthly_abs_error_median_pct: float
    annual_interval_coverage_pct: float
    monthly_interval_coverage_pct: float
    annual_half_width_median_pct: float
    monthly_half_width_median_pct: float
    nominal_interval_coverage_pct: float
    nominal_half_width_median_pct: float
    falsely_proven_pct: float
    falsely_proven_increase_pct: float
    planted_10pct_proven_pct: float
    steady_buildings: int
    planted_10pct_proven_steady_pct: float | None
    flagged_pct: float
    fit_ms_median: float
    shipped_annual_interval_coverage_pct: float
    shipped_monthly_interval_coverage_pct: float
    shipped_annual_half_width_median_pct: float
    shipped_falsely_proven_pct: float


def placebo(
    archive: Archive,
    fit_year: int,
    year: int,
    *,
    confidence: float = 0.90,
    progress: Callable[[str, int, int], None] | None = None,
    kind: Kind = "daily",
    peers: bool = False,
) -> list[PlaceboResult]:
    """The placebo test for every fuel of the archive that has qualifying buildings.

    Each building's intervals are calibrated on the other buildings alone (and, with fewer than
    FEW, on the other buildings' earlier years); its own error is never used. With `peers`, so is
    the counterfactual corrected by what the other buildings of the fuel have in common, where there
    are enough of them in the year.
    """
    results: list[PlaceboResult] = []
    for fuel in archive.fuels():
        found = cells(archive, fuel, fit_year, year, progress, kind)
        if found:
            beside_peers = peers and len(found) > LEAST_PEERS
            found = with_peers(found) if beside_peers else found
            known = [scores(c.building, c.seen) for c in found]
            if len(found) < FEW:
                known += _earlier(archive, fuel, fit_year, kind, beside_peers)
            judged = [_judge(c, known, confidence) for c in found]
            results.append(_summary(fuel, found, judged))
    return results


def _earlier(archive: Archive, fuel: str, fit_year: int, kind: Kind, peers: bool) -> list[Scores]:
    """Scores of the placebo years that ended with the fit year or before."""
    known: list[Scores] = []
    for a, b in ((y, y + 1) for y in archive.years() if y + 1 <= fit_year):
        found = cells(archive, fuel, a, b, kind=kind)
        found = with_peers(found) if peers else found
        known += [scores(c.building, c.seen) for c in found]
    return known


@dataclass(frozen=True, slots=True)
class _Judged:
    """A cell's intervals, and its verdict when nothing and when 10 % was saved."""

    year: Estimate
    months: list[Estimate]
    planted: Estimate
    shipped_year: Estimate
    shipped_months: list[Estimate]


def _judge(cell: Cell, known: list[Scores], confidence: float) -> _Judged:
    calibration = calibrate(cell.seen.calibration, known, without=cell.building)
    start, end = date(cell.year, 1, 1), date(cell.year + 1, 1, 1)
    about = cell.seen.background
    seen = beside(cell.model, cell.seen.days, confidence, calibration, about)
    less = cell.seen.days.assign(observed=cell.seen.days["observed"] * (1 - PLANTED))
    months = [Month(cell.year, m) for m in range(1, 13)]
    shipped = cell.widening.of(calibration_of(cell.model))
    told = beside(cell.model, cell.seen.days, confidence, shipped, about)
    return _Judged(
        seen.period(start, end),
        _of_months(seen, months),
        beside(cell.model, less, confidence, calibration, about).period(start, end),
        told.period(start, end),
        _of_months(told, months),
    )


def _of_months(seen: SavingsAssessment, months: Sequence[Month]) -> list[Estimate]:
    estimates = [seen.period(m.first_day, m.end_day) for m in months]
    return [e for e in estimates if e.days_observed]


def _summary(fuel: str, found: list[Cell], judged: list[_Judged]) -> PlaceboResult:
    annual, monthly = errors(found)
    years = [j.year for j in judged]
    months = [m for j in judged for m in j.months]
    widths = np.array([_half_width_ratio(e) for e in years])
    told = [j.shipped_year for j in judged]
    steady = [j for j, w in zip(judged, widths, strict=True) if w <= STEADY_HALF_WIDTH]
    nominal = [(e.nominal_high - e.nominal_low) / 2 / e.counterfactual for e in years]
    planted = [j.planted.verdict == "proven" for j in steady]
    return PlaceboResult(
        fuel=fuel,
        buildings=len(found),
        annual_abs_error_median_pct=_pct(np.median(annual)),
        annual_abs_error_p90_pct=_pct(np.quantile(annual, 0.9)),
        monthly_abs_error_median_pct=_pct(np.median(monthly)),
        annual_interval_coverage_pct=_holds_pct(years),
        monthly_interval_coverage_pct=_holds_pct(months),
        annual_half_width_median_pct=_pct(np.median(widths)),
        monthly_half_width_median_pct=_pct(np.median([_half_width_ratio(e) for e in months])),
        nominal_interval_coverage_pct=_pct(
            np.mean([e.nominal_low <= 0 <= e.nominal_high for e in years])
        ),
        nominal_half_width_median_pct=_pct(np.median(nominal)),
        falsely_proven_pct=_pct(np.mean([e.verdict == "proven" for e in years])),
        falsely_proven_increase_pct=_pct(np.mean([e.verdict == "proven_increase" for e in years])),
        planted_10pct_proven_pct=_pct(np.mean([j.planted.verdict == "proven" for j in judged])),
        steady_buildings=len(steady),
        planted_10pct_proven_steady_pct=_pct(np.mean(planted)) if planted else None,
        flagged_pct=_pct(
            np.mean([any(f.severity == "serious" for f in e.findings) for e in years])
        ),
        fit_ms_median=round(float(np.median([c.fit_ms for c in found])), 2),
        shipped_annual_interval_coverage_pct=_holds_pct(told),
        shipped_monthly_interval_coverage_pct=_holds_pct(
            [m for j in judged for m in j.shipped_months]
        ),
        shipped_annual_half_width_median_pct=_pct(np.median([_half_width_ratio(e) for e in told])),
        shipped_falsely_proven_pct=_pct(np.mean([e.verdict == "proven" for e in told])),
    )


def _holds_pct(estimates: Sequence[Estimate]) -> float:
    """How often an interval holds nought, which is true here."""
    return _pct(np.mean([e.low <= 0 <= e.high for e in estimates]))


def _half_width_ratio(estimate: Estimate) -> float:
    return (estimate.high - estimate.low) / 2 / max(estimate.counterfactual, 1e-12)


def _pct(ratio: float | np.floating[Any]) -> float:
    return round(100 * float(ratio), 2)
