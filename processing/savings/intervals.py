"""Intervals that are true: widths calibrated on placebo years, and the nominal ones beside.

A placebo year is a year in which nothing is known to have been saved; the error of the model
there is what "uncertainty of savings" has to cover. Its size is learned from many buildings
(`config/tables/savings_calibration.toml`) and scaled by the building's own error on months it
was not fitted on, and by how steadily it runs in the reporting period.
"""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Literal

import numpy as np
import pandas as pd
from scipy import stats

from domain.errors import ConfigError
from processing.savings.models.frozen import FrozenModel
from processing.savings.models.terms import Floats

PRIOR_MONTHS = 3.0
DAYS_PER_MONTH = 30.4
POWER = 0.80
"""How often a saving must be proven to be called provable (the usual power of a test)."""
PROMISED_CONFIDENCE = 0.90
"""At which `Calibration.provable` was measured."""
DAYS_PER_YEAR = 365.0


@dataclass(frozen=True, slots=True)
class Calibration:
    """How many building scales the error of a day, a month and a year reaches, by confidence.

    Each tuple is aligned with `confidences` (ascending). `floor_ratio` is the year-on-year
    drift that even a perfectly modelled building has; `flat_share` how much of the error does
    not follow the season of the use. `correlation` is that of two buildings' errors. `provable`
    is how many half-widths (see `promised_half_width`) a saving planted in placebo years needed to be
    called proven in POWER of them, those whose findings withhold the verdict among them. `valid_from`
    is the day from which an installation's own one is in force; None of a shipped one.
    """

    confidences: tuple[float, ...]
    day: tuple[float, ...]
    month: tuple[float, ...]
    year: tuple[float, ...]
    floor_ratio: float
    flat_share: float
    correlation: float
    source: str
    provable: float
    valid_from: date | None = None

    def scale(self, model: FrozenModel, days: float, unsteadiness: float, months: int) -> float:
        """The building's own scale for a sum over `days` days, as a ratio of its use.

        Three parts, combined as squares: its error on months left out of the fit, which averages
        out over the months of a longer sum; the floor; and how unsteadily the `months` of the
        reporting period run against the model (see `unsteadiness`). What few reporting months
        say of the last is weighed with the first as PRIOR_MONTHS months.
        """
        own = model.cv_month_ratio**2
        weight = max(months - 1, 0)
        unsteady = (weight * unsteadiness**2 + PRIOR_MONTHS * own) / (weight + PRIOR_MONTHS)
        averaged = own / max(days / DAYS_PER_MONTH, 1.0)
        return float(np.sqrt(averaged + unsteady + self.floor_ratio**2))

    def reference(self, model: FrozenModel, counterfactual: Floats) -> Floats:
        """What the relative error of each day is relative to (energy per day)."""
        flat = self.flat_share * model.mean_per_day
        reference: Floats = (1 - self.flat_share) * counterfactual + flat
        return reference

    def half_width_ratio(self, days: float, confidence: float) -> float:
        """Half-width of a sum over `days` days, in building scales × reference use.

        The error is a drift of the year, one of each month and one of each day; the three
        calibrated points fix their sizes, so that any number of days lies on one curve.
        """
        day, month, year = (self._at(confidence, q) ** 2 for q in (self.day, self.month, self.year))
        of_day = max(day - month, 0.0) / (1 - 1 / DAYS_PER_MONTH)
        of_month = month - year - of_day * (1 / DAYS_PER_MONTH - 1 / DAYS_PER_YEAR)
        of_month = max(of_month, 0.0) / (1 - 1 / 12)
        drift = max(year - of_month / 12 - of_day / DAYS_PER_YEAR, 0.0)
        months = max(days / DAYS_PER_MONTH, 1.0)
        return float(np.sqrt(drift + of_month / months + of_day / max(days, 1.0)))

    def _at(self, confidence: float, quantiles: tuple[float, ...]) -> float:
        if not 0 < confidence < 1:
            raise ConfigError(f"confidence {confidence} must lie between 0 and 1, such as 0.90")
        inside = min(max(confidence, self.confidences[0]), self.confidences[-1])
        at_known = float(np.interp(inside, self.confidences, quantiles))
        # Beyond the calibrated levels the shape of a normal distribution carries on.
        return at_known * float(
            stats.norm.ppf((1 + confidence) / 2) / stats.norm.ppf((1 + inside) / 2)
        )


def promised_half_width(model: FrozenModel, calibration: Calibration, confidence: float) -> float:
    """The half-width of a year, as a ratio of its use, before anything is reported: the year is
    taken to run as steadily as the baseline."""
    scale = calibration.scale(model, DAYS_PER_YEAR, 0.0, 0)
    return calibration.half_width_ratio(DAYS_PER_YEAR, confidence) * scale


def provable_ratio(model: FrozenModel, calibration: Calibration, confidence: float) -> float:
    """The smallest saving of a year, as a ratio of its use, that is proven in POWER of cases.

    Known before anything is saved. Half of the savings as large as the half-width would be proven,
    since the error goes either way; years run less steadily than their baselines, and findings
    withhold some verdicts: how much larger a saving must be for all that was measured by planting
    savings in placebo years. Infinite where findings on the baseline withhold every verdict.
    """
    if any(f.severity == "serious" for f in model.findings) or model.months_unseen:
        return float("inf")
    beyond = calibration.provable - 1
    return promised_half_width(model, calibration, confidence) + beyond * promised_half_width(
        model, calibration, PROMISED_CONFIDENCE
    )


def unsteadiness(days: pd.DataFrame, breaks: Sequence[date] = ()) -> tuple[float, int]:
    """How much the monthly errors of a period scatter about their own common share.

    `days` has observed and counterfactual. A saving (or rise) that is the same share in every
    month does not count; a change in the middle of the period does. Gives the standard deviation
    as a ratio of the mean month and the number of months with at least twenty known days. At each
    of `breaks` (measures that were finished) a share of its own begins; a month that holds one is
    left out.
    """
    known = days[["observed", "counterfactual"]].dropna()
    grouped = known.groupby(pd.DatetimeIndex(known.index).to_period("M"))
    months = grouped.sum()[grouped.size() >= 20]
    if breaks and len(months) > 1 and float(months["counterfactual"].sum()) > 0:
        return _within_parts(months, sorted(pd.Timestamp(b) for b in breaks))
    return scatter_of_months(months)


def scatter_of_months(months: pd.DataFrame) -> tuple[float, int]:
    """How much months (observed and counterfactual) scatter about their common share, as a ratio
    of their mean, and how many there are."""
    total = float(months["counterfactual"].sum())
    if len(months) < 2 or total <= 0:
        return 0.0, len(months)
    share = float(months["observed"].sum()) / total
    apart = months["observed"] - share * months["counterfactual"]
    return float(apart.std(ddof=1)) / (total / len(months)), len(months)


def _within_parts(months: pd.DataFrame, breaks: Sequence[pd.Timestamp]) -> tuple[float, int]:
    """The same where each part between breaks has its own share; months with a break left out."""
    starts = pd.PeriodIndex(months.index).start_time
    ends = starts + pd.offsets.MonthBegin()
    cut = [any(s < b < e for b in breaks) for s, e in zip(starts, ends, strict=True)]
    part = pd.Series(pd.DatetimeIndex(list(breaks)).searchsorted(starts, "right"), months.index)
    kept, part = months[~np.array(cut)], part[~np.array(cut)]
    sums = kept.groupby(part).transform("sum")
    share = (sums["observed"] / sums["counterfactual"]).where(sums["counterfactual"] > 0, 0.0)
    apart = kept["observed"] - share * kept["counterfactual"]
    freedom, total = len(kept) - part.nunique(), float(kept["counterfactual"].sum())
    if freedom < 1 or total <= 0:
        return 0.0, len(kept)
    scatter = float(np.sqrt((apart - apart.mean()).pow(2).sum() / freedom))
    return scatter / (total / len(kept)), len(kept)


def calibration_of(model: FrozenModel) -> Calibration:
    """The calibration shipped for a model's kind and carrier."""
    return shipped_calibration(model.carrier, "carrier" if model.bills is None else "billing")


@cache
def shipped_calibration(
    carrier: str, kind: Literal["carrier", "billing"] = "carrier"
) -> Calibration:
    """The pooled calibration shipped for a carrier; carriers without one get the widest.

    `kind` ``billing`` is that of models of bills, which know no single day: a day's error is
    taken as its month's.
    """
    source = files("config") / "tables" / "savings_calibration.toml"
    table = tomllib.loads(source.read_text(encoding="utf-8"))
    row = table[kind].get(carrier) or table[kind]["other"]
    return Calibration(
        confidences=tuple(table["confidences"]),
        day=tuple(row["day"] if kind == "carrier" else row["month"]),
        month=tuple(row["month"]),
        year=tuple(row["year"]),
        floor_ratio=float(row["floor_ratio"]),
        flat_share=float(row["flat_share"]),
        correlation=float(row["correlation"]),
        source=row["source"],
        provable=float(row["provable"]),
    )


# Coefficients of aM² + bM + d: CalTRACK 4.3.2.4 (after Koran), and the plain 1.26 of ASHRAE
# Guideline 14-2014, annex B (after Reddy and Claridge).
FSU_COEFFICIENTS = {
    "guideline14": (0.0, 0.0, 1.26),
    "daily": (-0.00024, 0.03535, 1.00286),
    "billing": (-0.00022, 0.03306, 0.94054),
}


def nominal_half_width(
    *,
    predicted: float,
    cvrmse_ratio: float,
    parameters: int,
    baseline_periods: float,
    reporting_periods: float,
    reporting_months: float,
    confidence: float,
    autocorrelation: float = 0.0,
    interval: str = "daily",
) -> float:
    """Half-width of the savings by the fractional savings uncertainty, in the unit of `predicted`.

    t·(aM²+bM+d)·CV·√[(P/P′)(1+2/P′)/Q] × predicted, P′ = P(1−ρ)/(1+ρ).
    Source: CalTRACK 4.3.2.4; `interval` "guideline14" has the plain factor 1.26. It is nominal: on real buildings it covers far less than it says.
    """
    a, b, d = FSU_COEFFICIENTS[interval]
    rho = min(max(autocorrelation, 0.0), 0.99)
    effective = baseline_periods * (1 - rho) / (1 + rho)
    freedom = max(baseline_periods - parameters, 1.0)
    t = float(stats.t.ppf((1 + confidence) / 2, freedom))
    factor = a * reporting_months**2 + b * reporting_months + d
    spread = np.sqrt(baseline_periods / effective * (1 + 2 / effective) / reporting_periods)
    return abs(float(t * factor * cvrmse_ratio * spread * predicted))
