"""The energy of a site whose meters are read once a month: by bill and by calendar month."""

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
import pandas as pd

from domain.calendar import DAY_MS, Month, from_ms, local_time, months_between, to_ms
from domain.places import Carrier
from processing.curves.curve import Floats, Ints
from processing.curves.days import day_edges
from processing.curves.measured_states import daily_mean
from processing.curves.meter_use import MeterUse
from processing.months.energy_days import energy_between, sources_of
from processing.months.site import Site
from processing.savings.inputs.bills import bill_weather
from processing.savings.inputs.sufficiency import rules

_NONE: Ints = np.empty(0, np.int64)


def billed_energy(
    site: Site, carrier: Carrier, start: date, end: date, meters: Sequence[str] = ()
) -> pd.DataFrame:
    """Use in kWh between readings some 25 days or more apart, of the local days [start, end).

    As bills (see `savings.inputs.bills`), of the same meters as `daily_energy`; the readings are
    those of the one that is read least often, and a bill starts at the midnight nearest to its
    reading. The first and last reading may lie some days outside.
    """
    near, least = (rules()[name] for name in ("bill_edge_max_d", "bill_days_min"))
    first, last = start - timedelta(days=near), end + timedelta(days=near)
    at = min((_readings(u) for u in sources_of(site, carrier, meters)), key=len, default=_NONE)
    edges: list[tuple[date, int]] = []
    for instant in at.tolist():
        local = local_time(from_ms(instant), site.institution.timezone)
        day = (local + timedelta(hours=12)).date()
        if first <= day <= last and (not edges or (day - edges[-1][0]).days >= least):
            edges.append((day, instant))
    days = pd.DatetimeIndex([day for day, _ in edges])
    instants = np.array([instant for _, instant in edges], np.int64)
    use = energy_between(site, carrier, meters, instants, end, _known_bills)
    return pd.DataFrame({"start": days[:-1], "end": days[1:], "use": use, "estimated": False})


def monthly_energy(
    site: Site, carrier: Carrier, start: date, end: date, meters: Sequence[str] = ()
) -> pd.DataFrame:
    """Use in kWh of the calendar months within [start, end), as bills, of the same meters.

    A month is known when nothing of it is missing and a reading lies near each of its ends.
    `estimated_ratio` is the share of it that was interpolated or filled.
    """
    first = Month.of(start) if start.day == 1 else Month.of(start).plus(1)
    months = list(months_between(first, Month.of(end)))
    timezone = site.institution.timezone
    bounds = [*months, months[-1].plus(1)] if months else []
    edges = np.array([to_ms(m.interval(timezone)[0]) for m in bounds], np.int64)
    grids = [u.grid(edges).estimated for u in sources_of(site, carrier, meters)]
    return pd.DataFrame(
        {
            "start": pd.DatetimeIndex([m.first_day for m in months]),
            "end": pd.DatetimeIndex([m.end_day for m in months]),
            "use": energy_between(site, carrier, meters, edges, end, _known_months),
            "estimated_ratio": np.mean(grids, axis=0) if grids and months else 0.0,
        }
    )


def billed_weather(site: Site, days: pd.DatetimeIndex) -> pd.DataFrame:
    """Daily mean temperatures as models of bills want them, indexed by local date."""
    start, end = days[0].date(), days[-1].date() + timedelta(days=1)
    edges = day_edges(start, end, site.institution.timezone)
    index = pd.date_range(start, periods=edges.size - 1)
    mean = pd.Series(daily_mean(site.temperature, edges), index=index)
    return bill_weather(mean).to_frame("temperature_c")


def _known_bills(use: MeterUse, edges: Ints) -> Floats:
    grid = use.grid(edges)
    return np.where(grid.missing <= 0, grid.use, np.nan)


def _known_months(use: MeterUse, edges: Ints) -> Floats:
    at = _readings(use)
    if at.size == 0:
        return np.full(max(edges.size - 1, 0), np.nan)
    after = np.searchsorted(at, edges).clip(0, at.size - 1)
    apart = np.minimum(np.abs(at[after] - edges), np.abs(edges - at[(after - 1).clip(0)]))
    near = apart <= rules()["bill_edge_max_d"] * DAY_MS
    return np.where(near[:-1] & near[1:], _known_bills(use, edges), np.nan)


def _readings(use: MeterUse) -> Ints:
    return (use.curve if use.unfilled is None else use.unfilled).at_ms
