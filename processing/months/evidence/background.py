"""What an institution knows beside a contract's use: its meters' events, its other carriers, and
the weather of its city. For those who doubt a saving (`savings.doubts`)."""

from collections.abc import Iterator, Sequence
from datetime import date
from functools import cache

import numpy as np
import numpy.typing as npt
import pandas as pd

from config.working_days import day_types
from domain.calendar import DAY_MS, days_between, from_ms, local_day
from domain.carriers import ENERGY_CARRIERS, EXPORT
from domain.places import Carrier, Contract
from processing.curves.curve import DOUBTFUL, UNKNOWN, Ints, flagged_runs
from processing.curves.days import day_edges
from processing.curves.measured_states import daily_mean
from processing.curves.meter_use import MeterUse
from processing.months.energy_days import daily_energy, sources_of
from processing.months.site import Site
from processing.savings.doubts.case import Background, EventKind, MeterEvent, OtherCarrier
from processing.savings.doubts.limits import rules
from processing.savings.engine import assess, fit_baseline

Bools = npt.NDArray[np.bool_]
_MISSED = 3
"""So many readings that did not come are a gap, where a meter is seldom read."""
_KIND_OF_CODE: dict[str, EventKind] = {
    "meter_replaced": "exchange",
    "register_reset": "reset",
    "register_jump": "jump",
    "register_scaled": "scale",
    "register_returned": "scale",
    "register_strayed": "scale",
}


def background(site: Site, contract: Contract, carrier: Carrier, today: date) -> Background:
    """What is known beside the contract's use of a carrier, up to `today` (excluded)."""

    @cache
    def others() -> Sequence[OtherCarrier]:
        return tuple(_other_carriers(site, contract, carrier, today))

    return Background(
        events=tuple(meter_events(site, sources_of(site, carrier, contract.meters))),
        others=others,
        peer_c=_peer_temperature(site, contract.baseline_start, today),
        institution=site.institution,
    )


def meter_events(site: Site, uses: Sequence[MeterUse]) -> Iterator[MeterEvent]:
    """What happened to the meters: exchanges, resets, jumps, gaps, corrections, other ratios."""
    records = {m.id: m for m in site.records}
    for use in uses:
        curve = use.curve if use.unfilled is None else use.unfilled
        at: list[tuple[EventKind, int]] = [
            (_KIND_OF_CODE[e.code], e.at_ms) for e in curve.events if e.code in _KIND_OF_CODE
        ]
        lost = (curve.segment == UNKNOWN) | (curve.segment == DOUBTFUL)
        least = max(int(rules()["gap_min_days"] * DAY_MS), _MISSED * use.interval_ms)
        lost |= np.diff(curve.at_ms) >= least
        at += [("gap", t) for t in _ends_of_runs(lost, curve.at_ms, least)]
        at += [("correction", int(t)) for t in use.corrected_ms]
        days = {(kind, local_day(from_ms(t), site.institution.timezone)) for kind, t in at}
        record = records.get(use.meter)
        if record is not None:
            ratios = record.multiplier
            if use.name == EXPORT.figure and record.export_multiplier:
                ratios = record.export_multiplier
            days |= {("multiplier", d.valid_from) for d in ratios}
        yield from (MeterEvent(kind, day, use.meter) for kind, day in sorted(days))


def _ends_of_runs(lost: Bools, at_ms: Ints, least_ms: int) -> list[int]:
    """Where silences of at least so long end."""
    first, last = flagged_runs(lost)
    start, end = at_ms[first], at_ms[last]
    ends: list[int] = end[end - start >= least_ms].tolist()
    return ends


def _other_carriers(
    site: Site, contract: Contract, own: Carrier, today: date
) -> Iterator[OtherCarrier]:
    """Every other carrier that is metered, each beside a model of its own baseline days."""
    for carrier in (*ENERGY_CARRIERS, Carrier.WATER):
        if carrier is own:
            continue
        daily = daily_energy(site, carrier, contract.baseline_start, today)
        if daily is None:
            continue
        place, dates = site.institution, list(pd.DatetimeIndex(daily.index).date)
        kinds = day_types(dates, place.calendar, place.operation)
        index = daily.index
        model = fit_baseline(
            daily[index < pd.Timestamp(contract.baseline_end)],
            day_types=kinds,
            heating_season=site.institution.heating_season,
            carrier=carrier.value,
        )
        if not model.terms:
            continue
        days = assess(model, daily, day_types=kinds).days
        reported = days[days.index >= pd.Timestamp(contract.reporting_start)]
        yield OtherCarrier(carrier.value, model, reported)


def _peer_temperature(site: Site, start: date, end: date) -> pd.Series | None:
    """The median daily mean of the city's other stations; None without any."""
    if not site.temperatures_around or start >= end:
        return None
    edges = day_edges(start, end, site.institution.timezone)
    around = pd.DataFrame([daily_mean(curve, edges) for curve in site.temperatures_around])
    return pd.Series(around.median().to_numpy(), index=pd.DatetimeIndex(days_between(start, end)))
