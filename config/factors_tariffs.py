"""Time-of-use tariffs: dated rows of `tables/tariffs.toml`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from config.factors import table
from domain.errors import ConfigError

PERIODS = ("sharp", "peak", "flat", "valley", "deep_valley")


@dataclass(frozen=True, slots=True)
class Tariff:
    """Prices by period of the day. `hours` has, for each month 1–12, 24 period names."""

    region: str
    valid_from: date
    source: str
    flat_price_cny_per_kwh: float
    demand_price_cny_per_kw_month: float
    factor: Mapping[str, float]
    hours: Mapping[int, tuple[str, ...]]

    def price_cny_per_kwh(self, period: str) -> float:
        return self.flat_price_cny_per_kwh * self.factor[period]


def tariff_on(district_code: str, day: date) -> Tariff | None:
    """The tariff of a place on a day; None where the table has none."""
    valid = [t for t in _tariffs() if district_code[:2] == t.region and t.valid_from <= day]
    return max(valid, key=lambda t: t.valid_from, default=None)


@cache
def _tariffs() -> tuple[Tariff, ...]:
    return tuple(read_tariff(row) for row in table("tariffs", "tariff"))


def read_tariff(row: Mapping[str, Any]) -> Tariff:
    """One row of the table. Raises ConfigError for a wrong one."""
    try:
        hours: dict[int, tuple[str, ...]] = {}
        for season in row["season"]:
            for month in season["months"]:
                if month in hours:
                    raise ValueError(f"month {month} is in two seasons")
                hours[month] = _hours(season)
        factor = {p: float(row["factor"][p]) for p in PERIODS}
        found = Tariff(
            region=row["region"],
            valid_from=row["valid_from"],
            source=row["source"],
            flat_price_cny_per_kwh=float(row["flat_price_cny_per_kwh"]),
            demand_price_cny_per_kw_month=float(row["demand_price_cny_per_kw_month"]),
            factor=factor,
            hours=hours,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ConfigError(f"tariffs.toml: a tariff of {row.get('region')!r}: {error}") from error
    if sorted(found.hours) != list(range(1, 13)):
        raise ConfigError(f"tariffs.toml: {found.region} {found.valid_from} lacks some months")
    return found


def _hours(season: Mapping[str, Any]) -> tuple[str, ...]:
    names = ["flat"] * 24
    for period in PERIODS:
        for start, end in season.get(period, []):
            for hour in range(start, end):
                if names[hour] != "flat":
                    raise ValueError(f"hour {hour} is in two periods")
                names[hour] = period
    return tuple(names)
