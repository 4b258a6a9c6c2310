"""A month by local hours: tariff periods and cost, use out of hours."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import numpy as np

from config.factors_tariffs import PERIODS, Tariff, tariff_on
from config.processing import HoursRules, processing_settings
from config.working_days import day_types
from domain.calendar import HOUR_MS, from_ms, local_time
from domain.carriers import ELECTRICITY
from domain.figures import FactorUse, Figure, Shares
from domain.figures.subjects import OfPeriod, Subject, Whole
from domain.places import Institution
from processing.curves.curve import Floats, Ints
from processing.curves.meter_use import MeterUse


@dataclass(frozen=True, slots=True)
class LocalHours:
    """The hours of some days: edges int64[n + 1], local hour of day and day of each."""

    edges_ms: Ints
    hour: Ints
    day: tuple[date, ...]


@lru_cache(maxsize=32)
def _local_hours(start_ms: int, end_ms: int, timezone: str) -> LocalHours:
    edges = np.append(np.arange(start_ms, end_ms, HOUR_MS, dtype=np.int64), end_ms)
    local = [local_time(from_ms(t), timezone) for t in edges[:-1].tolist()]
    return LocalHours(edges, np.array([t.hour for t in local]), tuple(t.date() for t in local))


def local_hours(edges_ms: Ints, timezone: str) -> LocalHours:
    """The hours from the first to the last of some day edges; the last hour may be cut short."""
    return _local_hours(int(edges_ms[0]), int(edges_ms[-1]), timezone)


@dataclass(frozen=True, slots=True)
class HourlyUse:
    """Use of an institution by the hour: NaN where a main meter's is unknown."""

    hours: LocalHours
    use: Floats
    shares: Shares


def hourly_electricity(uses: Sequence[MeterUse], edges_ms: Ints, timezone: str) -> HourlyUse | None:
    """The purchased electricity of all main meters; None without any."""
    mains = [u for u in uses if u.is_main and u.name == ELECTRICITY.figure]
    if not mains or edges_ms.size < 2:
        return None
    hours = local_hours(edges_ms, timezone)
    total = np.zeros(hours.hour.size)
    shares: list[Shares] = []
    for main in mains:
        grid = main.grid(hours.edges_ms)
        idle = main.idle(hours.edges_ms)
        known = np.where(grid.missing < 0.5, grid.use, np.nan)
        total += np.where(idle, 0.0, known)
        missing = float((np.where(idle, 0.0, grid.missing)).mean())
        shares.append(Shares.rest(missing=missing, estimated=float(grid.estimated.mean())))
    return HourlyUse(hours, total, Shares.together(shares))


def out_of_hours_figures(
    hourly: HourlyUse, institution: Institution, rules: HoursRules | None = None
) -> list[Figure]:
    """Use outside office hours of working days, by the calendar with its make-up days."""
    rules = rules or processing_settings().hours
    kinds = day_types(set(hourly.hours.day), institution.calendar, institution.operation)
    working = np.array([kinds.at_work(d) for d in hourly.hours.day])
    busy = working & (hourly.hours.hour >= rules.work_start_h)
    busy &= hourly.hours.hour < rules.work_end_h
    known = np.isfinite(hourly.use)
    if not known.any():
        return []
    outside = float(hourly.use[known & ~busy].sum())
    total = float(hourly.use[known].sum())
    method = f"outside-{rules.work_start_h}-{rules.work_end_h}h-of-working-days/1"
    values = {
        "out_of_hours_use_kwh": outside,
        "out_of_hours_use_ratio": outside / total if total > 0 else None,
    }
    return [
        Figure(name=name, value=value, shares=hourly.shares, method=method, findings=kinds.findings)
        for name, value in values.items()
    ]


def tariff_figures(hourly: HourlyUse, institution: Institution, day: date) -> list[Figure]:
    """Energy and cost by tariff period, and the total cost with the demand charge.

    None where the table has no tariff of the place. Unknown hours are in no period; the shares
    say how many there are.
    """
    tariff = tariff_on(institution.district_code, day)
    if tariff is None or not np.isfinite(hourly.use).any():
        return []
    names = np.array(
        [tariff.hours[d.month][h] for d, h in zip(hourly.hours.day, hourly.hours.hour, strict=True)]
    )
    figures, total = [], 0.0
    factors = []
    for period in PERIODS:
        inside = names == period
        if not inside.any():
            continue
        energy = float(np.nansum(hourly.use[inside]))
        price = _price(tariff, period)
        cost = energy * price.value
        total += cost
        factors.append(price)
        figures += [
            _figure("electricity_period_kwh", OfPeriod(period), energy, hourly.shares, ()),
            _figure("electricity_cost_cny", OfPeriod(period), cost, hourly.shares, (price,)),
        ]
    if tariff.demand_price_cny_per_kw_month > 0:
        demand = float(np.nanmax(hourly.use)) * tariff.demand_price_cny_per_kw_month
        total += demand
        figures.append(
            _figure("electricity_cost_cny", OfPeriod("demand"), demand, hourly.shares, ())
        )
    figures.append(_figure("electricity_cost_cny", Whole(), total, hourly.shares, tuple(factors)))
    return figures


def _price(tariff: Tariff, period: str) -> FactorUse:
    return FactorUse(
        name=f"tariff.{tariff.region}.{period}",
        value=tariff.price_cny_per_kwh(period),
        unit="CNY/kWh",
        source=tariff.source,
        valid_from=tariff.valid_from,
    )


def _figure(
    name: str, subject: Subject, value: float, shares: Shares, factors: tuple[FactorUse, ...]
) -> Figure:
    return Figure(
        name=name,
        subject=str(subject),
        value=value,
        shares=shares,
        method="hourly-use-by-tariff-period/1",
        factors=factors,
    )
