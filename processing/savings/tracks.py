"""Baselines of contracts: fitted once when their period is over, frozen, and used ever after."""

from collections.abc import Sequence
from datetime import date, datetime
from hashlib import sha256
from typing import NamedTuple

import numpy as np
import pandas as pd

from config.factors import KWH_PER_GJ, KWH_PER_MJ, factors
from config.working_days import day_types
from domain.adjustments import Adjustment
from domain.calendar import Month, days_between, from_ms, local_day
from domain.carriers import ENERGY_CARRIERS, EXPORT, USE_OF_FIGURE, uses_of
from domain.models import ModelKey, ModelRecord
from domain.places import Carrier, Contract, Institution
from processing.curves.curve import Floats, Ints
from processing.curves.days import day_edges
from processing.curves.measured_states import daily_mean
from processing.curves.meter_use import MeterUse
from processing.months.site import Site
from processing.savings.engine import FrozenModel, fit_baseline
from processing.savings.figures import SavingsTrack
from processing.savings.inputs.typical import TypicalYear, typical_year

_MOST_ESTIMATED = 0.25
"""A day of which more was filled proves no saving."""


class Tracks(NamedTuple):
    """The tracks of a site, and the models that were frozen for them now: to be kept."""

    tracks: list[SavingsTrack]
    frozen: list[ModelRecord]


def savings_tracks(
    site: Site, kept: Sequence[ModelRecord], entered: Sequence[Adjustment], now: datetime
) -> Tracks:
    """One track for each energy carrier of each contract whose baseline period is over.

    `kept` are the institution's models in the ledger: a baseline that is not among them is
    fitted now and frozen. So is the typical year, when twelve months have been reported.
    `entered` are all adjustments of the institution.
    """
    frozen: list[ModelRecord] = []
    institution = site.institution
    known = {m.key: m for m in kept}
    today = local_day(now, institution.timezone)
    tracks = []
    for contract in site.contracts:
        year = known.get(_year_key(contract))
        if year is None:
            year = _typical(site, contract, now)
            frozen += [] if year is None else [year]
        typical = None if year is None else TypicalYear.from_json(year.json)
        for carrier in contract.carriers:
            if carrier not in ENERGY_CARRIERS or contract.baseline_end > today:
                continue
            daily = daily_energy(site, carrier, contract.baseline_start, today, contract.meters)
            if daily is None:
                continue
            record = known.get(_baseline_key(contract, carrier))
            if record is None:
                model = _fit(site, contract, carrier, daily)
                if model is None:
                    continue
                frozen.append(_record(site, contract, carrier, model, now))
            else:
                model = FrozenModel.from_json(record.json)
            tracks.append(
                SavingsTrack(
                    contract,
                    carrier.value,
                    model,
                    daily,
                    day_types(_dates(daily), institution.calendar),
                    [a for a in entered if (a.contract, a.carrier) == (contract.id, carrier.value)],
                    typical,
                    institution.calendar,
                    _sources(site, carrier, contract.meters),
                )
            )
    return Tracks(tracks, frozen)


def baselines_due(
    contracts: Sequence[Contract],
    kept: Sequence[ModelRecord],
    institution: Institution,
    now: datetime,
) -> bool:
    """Whether a baseline period is over whose model is not kept yet, or a year has been
    reported and its typical year is not: both need all of the past."""
    today = local_day(now, institution.timezone)
    known = {m.key for m in kept}
    return any(
        c.baseline_end <= today and _baseline_key(c, carrier) not in known
        for c in contracts
        for carrier in c.carriers
        if carrier in ENERGY_CARRIERS
    ) or any(_typical_is_due(c, today) and _year_key(c) not in known for c in contracts)


def _baseline_key(contract: Contract, carrier: Carrier) -> ModelKey:
    """Other meters are another boundary, and need a baseline of their own."""
    return ModelKey(contract.id, "baseline", carrier.value, contract.boundary)


def _year_key(contract: Contract) -> ModelKey:
    return ModelKey(contract.id, "typical_year")


def _typical_is_due(contract: Contract, today: date) -> bool:
    """Whether twelve months may have been reported; a shorter period never needs its year."""
    end = _typical_end(contract).first_day
    return end <= min(today, contract.reporting_end or date.max)


def _typical_end(contract: Contract) -> Month:
    """The month from which twelve whole months have been reported: the typical year's weather
    ends here, whenever it is computed."""
    start = Month.of(contract.reporting_start)
    return start.plus(12 if contract.reporting_start.day == 1 else 13)


def _typical(site: Site, contract: Contract, now: datetime) -> ModelRecord | None:
    """The contract's typical year, if it is due and the readings before it are there, or a
    quarter of a year has passed in which they could have come.

    One without any year is frozen too: else all of the past would be read again and again.
    """
    institution, end, span = site.institution, _typical_end(contract), site.span()
    today = local_day(now, institution.timezone)
    if span is None or not _typical_is_due(contract, today):
        return None
    may_come = institution.origin == "measured" or today < end.plus(3).first_day
    if span[1] < end.first_day and may_come:
        return None
    first = site.temperature.first_ms
    days: list[date] = []
    if first is not None:
        days = days_between(from_ms(first).date(), end.first_day)
    known = pd.Series(np.empty(0), index=pd.DatetimeIndex([]))
    if days:
        edges = day_edges(days[0], end.first_day, institution.timezone)
        index = pd.DatetimeIndex(pd.to_datetime(days))
        known = pd.Series(daily_mean(site.temperature, edges), index=index)
    text = typical_year(institution.weather_device, known, end).to_json()
    return ModelRecord(
        digest=sha256(f"{contract.id} {text}".encode()).hexdigest(),
        institution=institution.id,
        contract=contract.id,
        kind="typical_year",
        json=text,
        fitted_at=now,
    )


def _fit(
    site: Site, contract: Contract, carrier: Carrier, daily: pd.DataFrame
) -> FrozenModel | None:
    """The baseline of the contract's period.

    None while it has no day with data, or while no reading after its end has come: then its
    last days may still be on their way, and a frozen baseline cannot be mended.
    """
    span = site.span()
    if span is None or span[1] <= contract.baseline_end:
        return None
    inside = (daily.index >= pd.Timestamp(contract.baseline_start)) & (
        daily.index < pd.Timestamp(contract.baseline_end)
    )
    baseline = daily[inside]
    if not baseline["use"].notna().any():
        return None
    return fit_baseline(
        baseline,
        day_types=day_types(_dates(baseline), site.institution.calendar),
        heating_season=site.institution.heating_season,
        carrier=carrier.value,
    )


def _dates(daily: pd.DataFrame) -> list[date]:
    return list(pd.DatetimeIndex(daily.index).date)


def _record(
    site: Site, contract: Contract, carrier: Carrier, model: FrozenModel, now: datetime
) -> ModelRecord:
    return ModelRecord(
        digest=model.digest,
        institution=site.institution.id,
        contract=contract.id,
        kind="baseline",
        carrier=carrier.value,
        boundary=contract.boundary,
        json=model.to_json(),
        fitted_at=now,
    )


def daily_energy(
    site: Site, carrier: Carrier, start: date, end: date, meters: Sequence[str] = ()
) -> pd.DataFrame | None:
    """Daily use in kWh, mean outdoor temperature and irradiance of the local days [start, end).

    Of the main meters; where there is PV, electricity is the gross load: import + PV − export.
    Of `meters` alone where some are given (IPMVP option B), virtual ones too. Only days that are
    wholly known count, others are NaN; so are filled ones. None when no meter of the carrier
    reported.
    """
    parts = _isolated(site, carrier, meters) if meters else _mains(site, carrier)
    span = site.span()
    if not parts or span is None:
        return None
    end = min(end, span[1])
    if start >= end:
        return None
    days = days_between(start, end)
    edges = day_edges(start, end, site.institution.timezone)
    use = np.zeros(len(days))
    for meter, factor in parts:
        idle = edges[1:] <= meter.service_ms
        known = _known_days(meter, edges) * _kwh_per_unit(meter.name, end) * factor
        use += np.where(idle, 0.0 if len(parts) > 1 else np.nan, known)
    if carrier is Carrier.ELECTRICITY and not meters:
        use = use + _pv_less_export(site, edges)
    return pd.DataFrame(
        {
            "use": use,
            "temperature_c": daily_mean(site.temperature, edges),
            "irradiance_w_per_m2": daily_mean(site.irradiance, edges),
        },
        index=pd.DatetimeIndex(pd.to_datetime(days)),
    )


def _sources(site: Site, carrier: Carrier, meters: Sequence[str]) -> frozenset[str]:
    """The devices whose readings make the daily energy."""
    if meters:
        return frozenset(use.meter for use, _ in _isolated(site, carrier, meters))
    found = {use.meter for use, _ in _mains(site, carrier)}
    if carrier is Carrier.ELECTRICITY:
        found |= {use.meter for use, _ in _gross_parts(site)}
    return frozenset(found)


def _names(carrier: Carrier) -> frozenset[str]:
    return frozenset(use.figure for use in uses_of(carrier))


def _mains(site: Site, carrier: Carrier) -> list[tuple[MeterUse, float]]:
    return [(m, 1.0) for m in site.meters if m.is_main and m.name in _names(carrier)]


def _isolated(site: Site, carrier: Carrier, meters: Sequence[str]) -> list[tuple[MeterUse, float]]:
    """The meters of the equipment, each with its factor. None of them while one is silent: what
    the others use is not what the equipment uses."""
    uses = {m.meter: m for m in site.meters if m.name in _names(carrier)}
    factors: dict[str, float] = {}
    for record in (r for r in site.records if r.id in meters and r.carrier is carrier):
        for name, factor in record.formula or ((record.id, 1.0),):
            factors[name] = factors.get(name, 0.0) + factor
    if not set(factors) <= set(uses):
        return []
    return [(uses[name], factor) for name, factor in factors.items()]


def _known_days(use: MeterUse, edges: Ints) -> Floats:
    grid = use.grid(edges)
    known = (grid.missing <= 0) & (grid.estimated <= _MOST_ESTIMATED)
    return np.where(known, grid.use, np.nan)


def _pv_less_export(site: Site, edges: Ints) -> Floats:
    """What PV adds to purchases, by day: nothing before a system first reports."""
    total = np.zeros(edges.size - 1)
    for use, sign in _gross_parts(site):
        begun = edges[1:] > (use.curve.first_ms or 0)
        total += np.where(begun, sign * _known_days(use, edges), 0.0)
    return total


def _gross_parts(site: Site) -> list[tuple[MeterUse, float]]:
    """What makes purchases the gross load: PV is added, export taken off."""
    exports = [m for m in site.meters if m.name == EXPORT.figure]
    return [*((s.generation, 1.0) for s in site.pv), *((m, -1.0) for m in exports)]


def _kwh_per_unit(name: str, day: date) -> float:
    unit = USE_OF_FIGURE[name].unit
    if unit == "kWh":
        return 1.0
    if unit == "GJ":
        return KWH_PER_GJ
    row = factors().on("calorific.natural_gas", day)
    return row.value * KWH_PER_MJ if row is not None else float("nan")
