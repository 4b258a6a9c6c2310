"""Baselines of contracts: fitted once when their period is over, frozen, and used ever after."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import NamedTuple

import numpy as np
import pandas as pd

from config.working_days import DayTypes, day_types
from domain.adjustments import Adjustment
from domain.calendar import Month, days_between, from_ms, local_day
from domain.carriers import ENERGY_CARRIERS
from domain.models import ModelKey, ModelRecord
from domain.places import Carrier, Contract, Institution
from processing.curves.days import day_edges
from processing.curves.measured_states import daily_mean
from processing.months.energy_bills import billed_energy, billed_weather, monthly_energy
from processing.months.energy_days import daily_energy, sources_of
from processing.months.evidence.background import background
from processing.months.evidence.peers import Peer, control
from processing.months.site import Site
from processing.savings.engine import billed_days, fit_baseline
from processing.savings.inputs.typical import TypicalYear, typical_year
from processing.savings.models.billing import fit_bills
from processing.savings.models.frozen import FrozenModel
from processing.savings.models.operated import as_frozen
from processing.savings.track import SavingsTrack


class Tracks(NamedTuple):
    """The tracks of a site, and the models that were frozen for them now: to be kept."""

    tracks: list[SavingsTrack]
    frozen: list[ModelRecord]


def savings_tracks(
    site: Site,
    kept: Sequence[ModelRecord],
    entered: Sequence[Adjustment],
    now: datetime,
    peers: Sequence[Peer] = (),
    months: Sequence[Month] = (),
) -> Tracks:
    """One track for each energy carrier of each contract whose baseline period is over.

    `kept` are the institution's models in the ledger: a baseline that is not among them is
    fitted now and frozen. So is the typical year, when twelve months have been reported.
    `entered` are all adjustments of the institution. Of `peers` the control groups are frozen with
    their baselines, and what they say of `months` (and those these look back at) once a month is over.
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
                frozen.append(
                    ModelRecord.of_carrier(
                        contract, carrier, "baseline", model.digest, model.to_json(), now
                    )
                )
            else:
                model = FrozenModel.from_json(record.json)
            if model.bills is not None:
                daily = _billed(site, contract, carrier, model, daily)
            beside = control(
                contract, carrier, model, record is None, kept, peers, months, now, today
            )
            frozen += beside.frozen
            tracks.append(
                SavingsTrack(
                    contract,
                    carrier.value,
                    model,
                    daily,
                    as_frozen(_types(institution, daily), model),
                    [a for a in entered if (a.contract, a.carrier) == (contract.id, carrier.value)],
                    typical,
                    institution.calendar,
                    frozenset(u.meter for u in sources_of(site, carrier, contract.meters)),
                    background(site, contract, carrier, today),
                    beside.group,
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
    """The baseline of the contract's period: of its days, or of its bills where no day is known.

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
        return _fit_bills(site, contract, carrier)
    kinds = _types(site.institution, baseline)
    model = fit_baseline(
        baseline,
        day_types=kinds,
        heating_season=site.institution.heating_season,
        carrier=carrier.value,
    )
    # It stays as it was fitted, also when the days are known one day.
    return replace(model, findings=(*model.findings, *kinds.findings))


def _fit_bills(site: Site, contract: Contract, carrier: Carrier) -> FrozenModel | None:
    start, end = contract.baseline_start, contract.baseline_end
    bills = billed_energy(site, carrier, start, end, contract.meters)
    if bills.empty:
        return None
    days = pd.date_range(bills["start"].min(), bills["end"].max(), inclusive="left")
    weather = billed_weather(site, days)
    model = fit_bills(bills, weather["temperature_c"], carrier.value, start, end)
    return model if model.terms else None


def _billed(
    site: Site, contract: Contract, carrier: Carrier, model: FrozenModel, daily: pd.DataFrame
) -> pd.DataFrame:
    """The days a model of bills is laid beside: those of calendar months.

    Not of months in which the reporting period begins or ends: nobody knows how much of their use
    lies within it.
    """
    days = pd.DatetimeIndex(daily.index)
    end = days[-1].date() + timedelta(days=1)
    months = monthly_energy(site, carrier, days[0].date(), end, contract.meters)
    bounds = [contract.reporting_start, contract.reporting_end or date.max]
    cut = [
        any(s.date() < b < e.date() for b in bounds)
        for s, e in zip(months["start"], months["end"], strict=True)
    ]
    months = months[~np.array(cut, dtype=bool)]
    table = billed_days(model, months, billed_weather(site, days))
    of_month = months.set_index(pd.PeriodIndex(months["start"], freq="M"))["estimated_ratio"]
    return table.assign(estimated=of_month.reindex(days.to_period("M")).fillna(0.0).to_numpy())


def _types(institution: Institution, daily: pd.DataFrame) -> DayTypes:
    return day_types(_dates(daily), institution.calendar, institution.operation)


def _dates(daily: pd.DataFrame) -> list[date]:
    return list(pd.DatetimeIndex(daily.index).date)
