"""Everything one institution said, as curves: read once, then asked about any month."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np

from domain.calendar import Month, from_ms, local_day
from domain.carriers import ELECTRICITY, FIGURE_OF_REGISTER
from domain.places import AnyDevice, Bin, Carrier, Contract, Institution, Meter
from domain.readings import Series
from domain.registry import Registry
from processing.curves.curve import Floats, Ints, UseCurve
from processing.curves.days import day_edges
from processing.curves.filling import FillRules, fill_gaps
from processing.curves.measured_states import MAX_TEMPERATURE_GAP_MS, integral_curve
from processing.curves.meter_use import (
    NEVER_ENDS,
    CorrectedAt,
    MeterUse,
    Samples,
    meter_uses,
    service_end,
    service_start,
)
from processing.curves.register_spec import RegisterRules
from processing.curves.rules import shipped_rules
from processing.curves.zeros import set_aside_zeros
from processing.quality.arrivals import Arrivals
from processing.quality.series import MAIN_SERIES, OF_WEATHER, SUN, WARMTH, quantities_of
from processing.quality.weather_drift import neighbour_stations
from processing.solar.source import PvSource, pv_source


@dataclass(frozen=True)
class Site:
    """The curves of one institution, its bins' samples, and its contracts.

    `arrivals`: of each device the registry names, how often it has to report, and when it did.
    `ends`: of each device that is taken out of service, when.
    """

    institution: Institution
    records: tuple[Meter, ...] = ()
    """The meters as registered, virtual ones too."""
    meters: tuple[MeterUse, ...] = ()
    pv: tuple[PvSource, ...] = ()
    bins: tuple[Bin, ...] = ()
    bin_samples: Samples = field(default_factory=dict)
    temperature: UseCurve = field(default_factory=UseCurve.empty)
    temperatures_around: tuple[UseCurve, ...] = ()
    """Those of other stations of the city, which the own one is compared with."""
    irradiance: UseCurve = field(default_factory=UseCurve.empty)
    """On the horizontal, of the weather device."""
    contracts: tuple[Contract, ...] = ()
    arrivals: tuple[Arrivals, ...] = ()
    ends: Mapping[str, int] = field(default_factory=dict)
    corrected: CorrectedAt = field(default_factory=dict)
    """Of series that are no curves of use of their own (weather, bins, irradiance)."""
    vouched: CorrectedAt = field(default_factory=dict)
    """At which instants a person stands for what a bin showed."""

    def span(self) -> tuple[date, date] | None:
        """The local days from the first to the last reading of a device, end excluded.

        Weather alone does not make a month; a reading on the last instant of a month, being
        its end, does not make the next one. None without any reading.
        """
        bounds = [
            (u.curve.first_ms, u.curve.last_ms)
            for u in (*self.meters, *(p.generation for p in self.pv))
        ]
        bounds += [(int(at[0]), int(at[-1])) for at, _ in self.bin_samples.values() if at.size]
        known = [(a, b) for a, b in bounds if a is not None and b is not None]
        if not known:
            return None
        first, last = min(a for a, _ in known), max(b for _, b in known)
        start, end = (local_day(from_ms(t), self.institution.timezone) for t in (first, last - 1))
        return start, date.fromordinal(end.toordinal() + 1)


def wanted_series(registry: Registry, institution: Institution) -> Iterator[Series]:
    """The series that figures of the institution are computed from."""
    devices: list[AnyDevice] = [
        *registry.meters(institution.id),
        *registry.pv_systems(institution.id),
        *registry.bins(institution.id),
    ]
    for device in devices:
        yield from (Series(device.id, q) for q in quantities_of(device))
    if institution.weather_device:
        yield from (Series(institution.weather_device, q) for q in OF_WEATHER)
        for station in neighbour_stations(registry, institution.weather_device):
            yield Series(station, WARMTH)


def build_site(
    registry: Registry,
    institution: Institution,
    samples: Mapping[tuple[str, str], tuple[Ints, Floats]],
    rules: RegisterRules | None = None,
    fill: FillRules | None = None,
    corrected: CorrectedAt | None = None,
    vouched: CorrectedAt | None = None,
) -> Site:
    """The curves behind the samples of `wanted_series`; times and values in any order.

    Without `rules` or `fill` those of `config/tables/processing.toml` hold. `corrected`: at
    which instants the samples of a series are not what the device said; `vouched`: at which a
    person stands for them, so that no heuristic overrules them (without it, those of `corrected`).
    """
    corrected = corrected or {}
    vouched = corrected if vouched is None else vouched
    rules, fill = rules or shipped_rules()[0], fill or shipped_rules()[1]
    has_pv = bool(registry.pv_systems(institution.id))
    meters = []
    for meter in registry.meters(institution.id):
        if meter.formula:
            continue
        uses = [
            replace(u, corrected_ms=corrected.get((meter.id, _register_of(u)), _NO_TIMES))
            for u in meter_uses(meter, samples, institution.timezone, rules, vouched)
        ]
        # Behind a PV system purchases really stop on sunny days.
        if len(uses) == 1 and not (has_pv and not meter.parent):
            uses = [_without_false_zeros(u, institution.timezone) for u in uses]
        uses = [replace(u, until_ms=service_end(meter, institution, u.curve.last_ms)) for u in uses]
        meters += [_filled(u, fill) for u in uses]
    sources = (
        pv_source(system, samples, institution.weather_device, rules, vouched)
        for system in registry.pv_systems(institution.id)
    )
    uses_own = {*FIGURE_OF_REGISTER, *MAIN_SERIES["pv"]}
    bins = tuple(registry.bins(institution.id))
    ours = {b.id for b in bins}
    around = neighbour_stations(registry, institution.weather_device)
    return Site(
        institution=institution,
        records=tuple(registry.meters(institution.id)),
        meters=tuple(meters),
        pv=tuple(_ended(_marked(s, corrected), institution) for s in sources if s is not None),
        bins=bins,
        bin_samples={k: v for k, v in samples.items() if k[0] in ours},
        temperature=_state(institution.weather_device, WARMTH, samples),
        irradiance=_state(institution.weather_device, SUN, samples),
        temperatures_around=tuple(
            _state(s, WARMTH, samples) for s in around if (s, WARMTH) in samples
        ),
        contracts=tuple(registry.contracts_of(institution.id)),
        arrivals=tuple(_arrivals(registry, institution, samples)),
        ends={
            d.id: end_ms
            for d in registry.of_institution(institution.id)
            if (end_ms := service_end(d, institution)) != NEVER_ENDS
        },
        corrected={
            s: at for s, at in corrected.items() if s[1] not in uses_own and s[0] not in around
        },
        vouched={s: at for s, at in vouched.items() if s[0] in ours},
    )


_NO_TIMES: Ints = np.empty(0, np.int64)
_REGISTER_OF_FIGURE = {figure: register for register, figure in FIGURE_OF_REGISTER.items()}


def _register_of(use: MeterUse) -> str:
    return _REGISTER_OF_FIGURE[use.name]


def _state(station: str, quantity: str, samples: Samples) -> UseCurve:
    known = samples.get((station, quantity))
    return UseCurve.empty() if known is None else integral_curve(*known, MAX_TEMPERATURE_GAP_MS)


def _arrivals(registry: Registry, institution: Institution, samples: Samples) -> Iterator[Arrivals]:
    for device in registry.of_institution(institution.id):
        if isinstance(device, Meter):
            quantities: tuple[str, ...] = () if device.formula else (device.register,)
        else:
            quantities = MAIN_SERIES[device.device_class]
        heard = [samples[(device.id, q)][0] for q in quantities if (device.id, q) in samples]
        at = np.sort(heard[0]) if heard else np.empty(0, np.int64)
        if quantities:
            service_ms = service_start(device, institution.timezone)
            until_ms = service_end(device, institution)
            yield Arrivals(device.id, service_ms, device.expected_interval_s * 1000, at, until_ms)


def _ended(source: PvSource, institution: Institution) -> PvSource:
    use = source.generation
    end_ms = service_end(source.system, institution, use.curve.last_ms)
    return replace(source, generation=replace(use, until_ms=end_ms))


def _marked(source: PvSource, corrected: CorrectedAt) -> PvSource:
    series = [(source.system.id, q) for q in MAIN_SERIES["pv"]]
    at = [corrected[s] for s in series if s in corrected]
    if not at:
        return source
    generation = replace(source.generation, corrected_ms=np.unique(np.concatenate(at)))
    return replace(source, generation=generation)


def _filled(use: MeterUse, fill: FillRules) -> MeterUse:
    longer_than_ms = max(fill.longer_than_ms, use.max_gap_ms)
    filled = fill_gaps(use.curve, replace(fill, longer_than_ms=longer_than_ms))
    return use if filled is use.curve else replace(use, curve=filled, unfilled=use.curve)


def _without_false_zeros(use: MeterUse, timezone: str) -> MeterUse:
    if use.carrier is not Carrier.ELECTRICITY or use.name != ELECTRICITY.figure:
        return use
    first, last = use.curve.first_ms, use.curve.last_ms
    if first is None or last is None:
        return use
    month, end = (Month.of(local_day(from_ms(t), timezone)) for t in (first, last))
    edges = [month.first_day]
    while month <= end:
        month = month.plus(1)
        edges.append(month.first_day)
    instants = np.array([day_edges(d, d, timezone)[0] for d in edges], np.int64)
    return replace(use, curve=set_aside_zeros(use.curve, instants))
