"""The daily energy of a site that a contract is about: of its main meters, or of some meters alone."""

from collections.abc import Callable, Sequence
from datetime import date

import numpy as np
import pandas as pd

from config.factors import KWH_PER_GJ, KWH_PER_MJ, factors
from domain.calendar import days_between
from domain.carriers import EXPORT, USE_OF_FIGURE, uses_of
from domain.places import Carrier
from processing.curves.curve import Floats, Ints
from processing.curves.days import day_edges
from processing.curves.measured_states import daily_mean
from processing.curves.meter_use import MeterUse
from processing.months.site import Site

_MOST_ESTIMATED = 0.25
"""A day of which more was filled proves no saving."""

Known = Callable[[MeterUse, Ints], Floats]
"""The use of a meter in each interval between edges, NaN where it is not known well enough."""


def daily_energy(
    site: Site, carrier: Carrier, start: date, end: date, meters: Sequence[str] = ()
) -> pd.DataFrame | None:
    """Daily use in kWh, mean outdoor temperature and irradiance of the local days [start, end).

    Of the main meters; where there is PV, electricity is the gross load: import + PV − export.
    Of `meters` alone where some are given (IPMVP option B), virtual ones too. Only days that are
    wholly known count, others are NaN; so are filled ones. None when no meter of the carrier
    reported.
    """
    span = site.span()
    if span is None or not _parts(site, carrier, meters):
        return None
    end = min(end, span[1])
    if start >= end:
        return None
    days = days_between(start, end)
    edges = day_edges(start, end, site.institution.timezone)
    return pd.DataFrame(
        {
            "use": energy_between(site, carrier, meters, edges, end, _known_days),
            "temperature_c": daily_mean(site.temperature, edges),
            "irradiance_w_per_m2": daily_mean(site.irradiance, edges),
        },
        index=pd.DatetimeIndex(pd.to_datetime(days)),
    )


def energy_between(
    site: Site, carrier: Carrier, meters: Sequence[str], edges: Ints, day: date, known: Known
) -> Floats:
    """Energy in kWh in each interval, as `daily_energy` sums it; factors of fuels are `day`'s."""
    parts = _parts(site, carrier, meters)
    use = np.zeros(max(edges.size - 1, 0))
    for meter, factor in parts:
        idle = meter.idle(edges)
        amount = known(meter, edges) * _kwh_per_unit(meter.name, day) * factor
        use += np.where(idle, 0.0 if len(parts) > 1 else np.nan, amount)
    if carrier is Carrier.ELECTRICITY and not meters:
        use = use + _pv_less_export(site, edges, known)
    return use


def sources_of(site: Site, carrier: Carrier, meters: Sequence[str]) -> list[MeterUse]:
    """The meters and PV systems whose readings make the energy."""
    found = [use for use, _ in _parts(site, carrier, meters)]
    if carrier is Carrier.ELECTRICITY and not meters:
        found += [use for use, _ in _gross_parts(site)]
    return found


def _parts(site: Site, carrier: Carrier, meters: Sequence[str]) -> list[tuple[MeterUse, float]]:
    return _isolated(site, carrier, meters) if meters else _mains(site, carrier)


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


def _pv_less_export(site: Site, edges: Ints, known: Known) -> Floats:
    """What PV adds to purchases: nothing before a system first reports, or after its service."""
    total = np.zeros(max(edges.size - 1, 0))
    for use, sign in _gross_parts(site):
        begun = (edges[1:] > (use.curve.first_ms or 0)) & (edges[:-1] < use.until_ms)
        total += np.where(begun, sign * known(use, edges), 0.0)
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
