"""Percentiles of a payment, against what is known of sums of normal errors."""

from dataclasses import replace
from decimal import Decimal
from math import sqrt
from statistics import NormalDist

import pytest

from domain.calendar import Month
from domain.contracts.terms import DatedAmount, Prices, Rules, Shared, Terms
from processing.settlement.course import settle
from processing.settlement.drawn import Percentiles, correlation, drawn
from processing.settlement.inputs import CarrierSaving, MonthInputs
from processing.settlement.prices import PriceBook

OF = ("retrofit", "electricity")
TERMS = Terms(
    form=Shared({1: Decimal("0.6")}),
    rules=Rules(negative_months="net"),
    prices=Prices({("electricity", ""): (DatedAmount(Decimal("0.70")),)}),
)
BOOK = PriceBook(TERMS.prices, lambda _: None)
HALF, POINT, PAID = 300.0, 1_000.0, 0.42
SIGMA = HALF / NormalDist().inv_cdf(0.95)
"""Of one month, whose interval holds at 90 %."""


def year(half: float, year_half: float | None, upper: float | None = None) -> list[MonthInputs]:
    """Twelve months of 1,000 kWh each, with the interval of the year so far growing to its end."""
    found = []
    for k in range(12):
        month = Month(2025, k + 1)
        of_year = None if year_half is None else year_half * (k + 1) / 12
        whole = POINT * (k + 1)
        saving = CarrierSaving(
            contract=OF[0],
            carrier=OF[1],
            saved_kwh=POINT,
            low_kwh=POINT - half,
            high_kwh=POINT + (half if upper is None else upper),
            confidence=0.9,
            verdict="proven",
            year_saved_kwh=whole,
            year_low_kwh=None if of_year is None else whole - of_year,
            year_high_kwh=None if of_year is None else whole + of_year,
        )
        start, end = month.first_day, month.end_day
        found.append(MonthInputs(month=month, start=start, end=end, year=1, savings=(saving,)))
    return found


def percentiles(months: list[MonthInputs], terms: Terms = TERMS, draws: int = 1_000) -> Percentiles:
    return drawn("retrofit", terms, months, BOOK, 12, draws)


def test_without_width_there_is_no_spread() -> None:
    found = percentiles(year(0.0, 0.0), draws=20)
    point = sum(s.amount_cny for s in settle("retrofit", TERMS, year(0.0, 0.0), BOOK))
    assert found.p10_cny == found.p50_cny == found.p90_cny == point == Decimal("5040.00")


@pytest.mark.parametrize(
    ("year_half", "rho"),
    [
        (HALF * 12, 1.0),
        (HALF * sqrt(12), 0.0),
        (HALF * sqrt(12 + 0.5 * 132), 0.5),
        (None, 1.0),
        (HALF * 20, 1.0),
        (HALF, 0.0),
    ],
)
def test_the_correlation_is_that_of_the_years_own_interval(
    year_half: float | None, rho: float
) -> None:
    assert correlation(year(HALF, year_half), OF) == pytest.approx(rho, abs=1e-9)


@pytest.mark.parametrize("rho", [0.0, 0.5, 1.0])
def test_what_is_planted_is_found(rho: float) -> None:
    """The sum of twelve months errs by σ·√(12 + ρ·132): its tenth lies 1.2816 of that below."""
    found = percentiles(year(HALF, HALF * sqrt(12 + rho * 132)))
    deviation = SIGMA * sqrt(12 + rho * 132) * PAID
    middle, away = 12 * POINT * PAID, NormalDist().inv_cdf(0.9) * deviation
    for given, wanted in (
        (found.p10_cny, middle - away),
        (found.p50_cny, middle),
        (found.p90_cny, middle + away),
    ):
        assert float(given) == pytest.approx(wanted, abs=0.15 * deviation)


def test_an_interval_that_is_wider_above_spreads_above() -> None:
    found = percentiles(year(HALF, None, upper=3 * HALF), draws=400)
    up, down = found.p90_cny - found.p50_cny, found.p50_cny - found.p10_cny
    assert 2.5 < up / down < 3.5


def test_what_does_not_count_has_no_spread() -> None:
    """Months that are not proven count nothing, and a verdict stays what it is."""
    months = [
        replace(m, savings=tuple(replace(s, verdict="not_proven") for s in m.savings))
        for m in year(HALF, None)
    ]
    terms = replace(TERMS, rules=Rules(not_proven="nothing"))
    found = percentiles(months, terms, draws=20)
    assert found.p10_cny == found.p90_cny == Decimal(0)


def test_the_same_months_give_the_same_percentiles() -> None:
    assert percentiles(year(HALF, None), draws=50) == percentiles(year(HALF, None), draws=50)
