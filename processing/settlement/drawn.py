"""What an agreement may come to: its payment drawn over the intervals of its savings.

A saving's error is normal on either side of its estimate, as wide as the interval at its confidence.
Of one contract and carrier the errors of any two months have one correlation: that at which the
months of its contract year together have the year's own interval, which knows the model's error as
common and the weather's as each month's own; 1, the widest, where there is no such interval. Errors
of different contracts or carriers are independent. What is proven stays so: it is what was seen.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from math import ceil, sqrt
from random import Random
from statistics import NormalDist

from domain.contracts.money import ZERO
from domain.contracts.terms import Terms
from processing.settlement.course import settle
from processing.settlement.inputs import CarrierSaving, MonthInputs
from processing.settlement.prices import PriceBook

DRAWS = 1_000
SEED = 20_201_119
Of = tuple[str, str]
"""A contract and a carrier."""


@dataclass(frozen=True, slots=True)
class Percentiles:
    """Of the sum of the last months' amounts; `correlations` are those of the months' errors."""

    p10_cny: Decimal
    p50_cny: Decimal
    p90_cny: Decimal
    correlations: Mapping[Of, float]


def drawn(
    agreement: str,
    terms: Terms,
    months: Sequence[MonthInputs],
    book: PriceBook,
    last: int,
    draws: int = DRAWS,
) -> Percentiles:
    """The percentiles of what the `last` months sum to; the same for the same inputs. Raises
    SettlementError as `settle` does."""
    random = Random(SEED)
    correlations = {of: correlation(months, of) for of in _all_of(months)}
    sums = sorted(
        sum((s.amount_cny for s in settle(agreement, terms, moved, book)[-last:]), ZERO)
        for moved in (_draw(months, correlations, random) for _ in range(draws))
    )
    p10, p50, p90 = (sums[ceil(p * draws) - 1] for p in (0.1, 0.5, 0.9))
    return Percentiles(p10, p50, p90, correlations)


def correlation(months: Sequence[MonthInputs], of: Of) -> float:
    """The correlation of two months' errors of a contract and carrier, from 0 to 1: with deviations
    s of a year's months and S of the year, S² = Σs² + ρ·((Σs)² - Σs²). Of several years the last of
    those with the most months says it."""
    found, longest = 1.0, 0
    by_year: dict[int, list[float]] = defaultdict(list)
    for month in months:
        for saving in month.savings:
            if _of(saving) != of or saving.low_kwh is None or saving.high_kwh is None:
                continue
            by_year[month.year].append((saving.high_kwh - saving.low_kwh) / 2)
            widths, low, high = by_year[month.year], saving.year_low_kwh, saving.year_high_kwh
            squares = sum(w * w for w in widths)
            between = sum(widths) ** 2 - squares
            longest = max(longest, len(widths))
            if low is not None and high is not None and between > 0 and len(widths) == longest:
                found = (((high - low) / 2) ** 2 - squares) / between
    return min(max(found, 0.0), 1.0)


def _of(saving: CarrierSaving) -> Of:
    return saving.contract, saving.carrier


def _all_of(months: Sequence[MonthInputs]) -> list[Of]:
    return list(dict.fromkeys(_of(s) for month in months for s in month.savings))


def _draw(
    months: Sequence[MonthInputs], correlations: Mapping[Of, float], random: Random
) -> list[MonthInputs]:
    """The months with every saving moved by an error, and its year by those of its months."""
    common = {of: random.gauss(0, 1) for of in correlations}
    of_year: dict[tuple[Of, int], float] = defaultdict(float)
    found = []
    for month in months:
        savings = []
        for saving in month.savings:
            of = _of(saving)
            rho = correlations[of]
            z = sqrt(rho) * common[of] + sqrt(1 - rho) * random.gauss(0, 1)
            error = _error(saving, z)
            of_year[of, month.year] += error
            savings.append(_moved(saving, error, of_year[of, month.year]))
        found.append(replace(month, savings=tuple(savings)))
    return found


def _error(saving: CarrierSaving, z: float) -> float:
    """The error of a saving at `z` standard deviations; 0 where it has no interval."""
    point, low, high = saving.saved_kwh, saving.low_kwh, saving.high_kwh
    if point is None or low is None or high is None or saving.confidence is None:
        return 0.0
    side = high - point if z > 0 else point - low
    return z * side / NormalDist().inv_cdf((1 + saving.confidence) / 2)


def _moved(saving: CarrierSaving, error: float, year_error: float) -> CarrierSaving:
    def by(value: float | None, distance: float) -> float | None:
        return None if value is None else value + distance

    return replace(
        saving,
        saved_kwh=by(saving.saved_kwh, error),
        low_kwh=by(saving.low_kwh, error),
        high_kwh=by(saving.high_kwh, error),
        year_saved_kwh=by(saving.year_saved_kwh, year_error),
        year_low_kwh=by(saving.year_low_kwh, year_error),
        year_high_kwh=by(saving.year_high_kwh, year_error),
    )
