"""A contract's control group: which institutions may be in it, what is read of them, and what is
frozen. Pure: `Planner` reads what `wanted` asks for.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from hashlib import sha256
from heapq import nsmallest
from typing import NamedTuple

import pandas as pd

from config.working_days import day_types
from domain.calendar import Month, local_day, months_between
from domain.carriers import ENERGY_CARRIERS
from domain.models import ModelRecord
from domain.places import Carrier, Contract, Institution
from domain.registry import Registry
from processing.months.energy_days import daily_energy
from processing.months.site import Site
from processing.savings.engine import assess, fit_baseline
from processing.savings.models.frozen import FrozenModel
from processing.savings.own_calibration import calibration_on
from processing.savings.peers.group import LEAST_PEERS, PeerMonth, months_beside
from processing.savings.peers.records import (
    NOBODY,
    ControlGroup,
    FrozenMonth,
    Roster,
    freeze_month,
    period,
)

MOST_PEERS = 40
"""More tell little more, and each has to be read."""
WINDOW_MONTHS = 12
_KNOWN_SHARE = 0.9
"""Of the baseline's days a peer must have been measured on so many."""
_MOST_REPORT = 0.8
"""A month is frozen once so many of the peers have it …"""
_WAITS_DAYS = 5
"""… or so many days after its end, with those that have it."""
_MEMORY = timedelta(days=13)
"""What the first days of a span felt; too few to be a month."""


@dataclass(frozen=True)
class Peer:
    """An institution that may be a peer: its daily energy, as `daily_energy` has it."""

    institution: Institution
    daily: Mapping[Carrier, pd.DataFrame]


class Span(NamedTuple):
    """Whose days are wanted, and of which months, `last` included."""

    peers: tuple[str, ...]
    first: Month
    last: Month


def may_be_peers(registry: Registry, institution: Institution) -> list[str]:
    """The untreated institutions of the same city and calendar, at most MOST_PEERS of them.

    None with a contract of its own, none of the same legal person. Of more, those first by a digest of their id: nobody chooses.
    """
    treated = {c.institution for c in registry.contracts}
    found = [
        other.id
        for other in registry.institutions
        if other.id not in treated | {institution.id} and _comparable(institution, other)
    ]
    return nsmallest(MOST_PEERS, found, key=_lot)


@cache
def _lot(name: str) -> bytes:
    return sha256(name.encode()).digest()


def _comparable(one: Institution, other: Institution) -> bool:
    cities = one.district_code[:4], other.district_code[:4]
    return (
        (one.origin, one.timezone, one.calendar) == (other.origin, other.timezone, other.calendar)
        and not (one.credit_code and one.credit_code == other.credit_code)
        and (cities[0] == cities[1] or not all(cities))
    )


def carriers_with_peers(contract: Contract) -> list[Carrier]:
    """Whole buildings are compared with whole buildings; equipment (option B) with nobody."""
    return [] if contract.option == "B" else [c for c in contract.carriers if c in ENERGY_CARRIERS]


def wanted(
    registry: Registry,
    institution: Institution,
    kept: Sequence[ModelRecord],
    months: Sequence[Month] | None,
    now: datetime,
    reached: date,
) -> Span | None:
    """Whose days the months of the institution need: of a roster that is to be frozen with its
    baseline, or of months that are over and not frozen yet. None: nobody's. Its own readings have
    `reached` a day; before that of a baseline's end no baseline is frozen."""
    today = local_day(now, institution.timezone)
    last = max(months) if months else Month.of(today)
    metered = {m.carrier for m in registry.meters(institution.id)}
    spans: list[tuple[Roster | None, Month, Month]] = []
    for contract in registry.contracts_of(institution.id):
        for carrier in (c for c in carriers_with_peers(contract) if c in metered):
            roster, frozen = kept_group(contract, carrier, kept)
            if roster is not None:
                known = {f.month for f in frozen}
                missing = [m for m in months_due(contract, months, last, today) if m not in known]
                spans += [(roster, missing[0], missing[-1])] if missing else []
            elif contract.baseline_end <= today and contract.baseline_end < reached:
                fitted = any(_of(r, contract, carrier, "baseline") for r in kept)
                spans += [] if fitted else [(None, Month.of(contract.baseline_start), last)]
    if not spans:
        return None
    may_be = may_be_peers(registry, institution)
    of_these = {n for r, _, _ in spans for n in may_be if r is None or n in r.models}
    if len(of_these) < LEAST_PEERS:
        return None
    return Span(tuple(sorted(of_these)), min(s[1] for s in spans), max(s[2] for s in spans))


def months_due(
    contract: Contract, months: Sequence[Month] | None, last: Month, today: date
) -> list[Month]:
    """The reporting months up to `last` that are over: those within the windows of `months`, or
    all of them."""
    first = Month.of(contract.reporting_start)
    if months:
        first = max(first, min(months).plus(1 - WINDOW_MONTHS))
    if contract.reporting_end is not None:
        last = min(last, Month.of(contract.reporting_end - timedelta(days=1)))
    return [m for m in months_between(first, last.plus(1)) if m.end_day <= today]


def peer_of(site: Site, span: Span, carriers: Sequence[Carrier]) -> Peer:
    """The daily energy of a site that may be a peer."""
    found = {}
    for carrier in carriers:
        daily = daily_energy(site, carrier, span.first.first_day - _MEMORY, span.last.end_day)
        if daily is not None:
            found[carrier] = daily
    return Peer(site.institution, found)


class Control(NamedTuple):
    """A contract's control group, and what was frozen of it now."""

    group: ControlGroup
    frozen: list[ModelRecord]


def control(
    contract: Contract,
    carrier: Carrier,
    model: FrozenModel,
    is_new: bool,
    kept: Sequence[ModelRecord],
    peers: Sequence[Peer],
    months: Sequence[Month],
    now: datetime,
    today: date,
) -> Control:
    """The roster, frozen now where the baseline is new, and its months up to the last of `months`.

    A baseline that was frozen without a roster never gets one: choosing peers when their year is
    known would be choosing a result. Models of bills have none.
    """
    roster, before = kept_group(contract, carrier, kept)
    if carrier not in carriers_with_peers(contract) or model.bills is not None or not months:
        return Control(NOBODY, [])
    frozen: list[ModelRecord] = []
    if roster is None:
        roster = _roster(contract, carrier, peers) if is_new else None
        if roster is None:
            return Control(NOBODY, [])
        frozen.append(
            ModelRecord.of_carrier(contract, carrier, "peers", roster.digest, roster.json, now)
        )
    days = {p.institution.id: _beside(roster, p, carrier, model) for p in peers}
    known = {m.month: m for m in before}
    for month in months_due(contract, months, max(months), today):
        if month in known:
            continue
        told = {n: of[period(month)] for n, of in days.items() if period(month) in of}
        waited = today >= month.end_day + timedelta(days=_WAITS_DAYS)
        if not days or not (waited or len(told) >= _MOST_REPORT * len(roster.models)):
            continue
        window = [known[m] for m in sorted(known) if m >= month.plus(1 - WINDOW_MONTHS)]
        calibration = calibration_on(model, month.end_day - timedelta(days=1))
        one = freeze_month(roster, month, told, window, calibration)
        known[month] = one
        frozen.append(
            ModelRecord.of_carrier(contract, carrier, "peer_month", one.digest, one.json, now)
        )
    return Control(ControlGroup(roster, tuple(known[m] for m in sorted(known))), frozen)


def kept_group(
    contract: Contract, carrier: Carrier, kept: Sequence[ModelRecord]
) -> tuple[Roster | None, list[FrozenMonth]]:
    """What the ledger holds of a control group. Of two records of a month the first stands."""
    rosters = [r for r in kept if _of(r, contract, carrier, "peers")]
    if not rosters:
        return None, []
    found: dict[Month, FrozenMonth] = {}
    for record in kept:
        if _of(record, contract, carrier, "peer_month"):
            one = FrozenMonth.from_json(record.json)
            found.setdefault(one.month, one)
    return Roster.from_json(rosters[0].json), [found[m] for m in sorted(found)]


def _of(record: ModelRecord, contract: Contract, carrier: Carrier, kind: str) -> bool:
    return (record.contract, record.carrier, record.boundary, record.kind) == (
        contract.id,
        carrier.value,
        contract.boundary,
        kind,
    )


def _roster(contract: Contract, carrier: Carrier, peers: Sequence[Peer]) -> Roster | None:
    """The peers that were measured, and behaved, in the contract's baseline period."""
    models = dict(_fitted(contract, carrier, peers))
    return Roster(models) if len(models) >= LEAST_PEERS else None


def _fitted(
    contract: Contract, carrier: Carrier, peers: Sequence[Peer]
) -> Iterator[tuple[str, FrozenModel]]:
    start, end = pd.Timestamp(contract.baseline_start), pd.Timestamp(contract.baseline_end)
    for peer in sorted(peers, key=lambda p: p.institution.id):
        daily = peer.daily.get(carrier)
        if daily is None:
            continue
        baseline = daily[(daily.index >= start) & (daily.index < end)]
        if baseline["use"].notna().sum() < _KNOWN_SHARE * (end - start).days:
            continue
        model = fit_baseline(
            baseline,
            day_types=day_types(_dates(baseline), peer.institution.calendar),
            heating_season=peer.institution.heating_season,
            carrier=carrier.value,
        )
        if not any(f.severity == "serious" for f in model.findings):
            yield peer.institution.id, model


def _beside(
    roster: Roster, peer: Peer, carrier: Carrier, of: FrozenModel
) -> Mapping[pd.Period, PeerMonth]:
    """The months of a peer of the roster beside its model."""
    model, daily = roster.models.get(peer.institution.id), peer.daily.get(carrier)
    if model is None or daily is None or daily.empty:
        return {}
    kinds = day_types(_dates(daily), peer.institution.calendar)
    days = assess(model, daily, day_types=kinds).days
    last: date = pd.DatetimeIndex(days.index)[-1].date()
    return months_beside(model, days, calibration_on(of, last))


def _dates(daily: pd.DataFrame) -> list[date]:
    return list(pd.DatetimeIndex(daily.index).date)
