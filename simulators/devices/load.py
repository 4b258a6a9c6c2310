"""What a building uses, step by step: pure functions over a month's grid, vectorised.

The model: people come on working days (`occupancy`), light and sockets follow them, air
conditioning follows a felt temperature that lags the outdoor one, lifts and pumps follow both,
and everything varies a little from day to day and hour to hour. A change (a retrofit, a
closure, more people) scales parts of it from a local day on, with the same randomness, so its
effect is known exactly.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from domain.places import CalendarName
from simulators.devices.archetypes import Archetype
from simulators.devices.grid import Floats, Grid, Ints, fixed, total
from simulators.devices.randomness import stream
from simulators.devices.workdays import is_workday


class Thermometer(Protocol):
    """Anything that knows the outdoor temperature: a `Climate`, or a measured one."""

    def temperature_c(self, at_ms: Ints) -> Floats: ...

    def __hash__(self) -> int: ...


Season = tuple[tuple[int, int], tuple[int, int]]
"""Month and day it begins, and those of the day after its end."""
LAG_H = 5.0
FREE_HEAT_C = 2.2
"""How much warmer than outdoors people, lights and sun keep a building unheated."""
"""How far a building's felt temperature lags behind the outdoor one."""


@dataclass(frozen=True)
class Change:
    """From `on` (until `until`, excluded) the parts of the load are multiplied.

    `kind` is "retrofit" (its effect is a saving), "closure", "occupancy" or "area" (the building
    is enlarged or partly given up: all that follows its floor area follows). The factors of
    "occupancy" and "area" multiply, so two such changes compound.
    """

    kind: str
    on: date
    lighting: float = 1.0
    cooling: float = 1.0
    power: float = 1.0
    heat: float = 1.0
    people: float = 1.0
    until: date | None = None
    area: float = 1.0


@dataclass(frozen=True)
class House:
    """One building: its kind, size, people and changes."""

    id: str
    archetype: Archetype
    area_m2: float
    heads: float
    changes: tuple[Change, ...] = ()
    calendar: CalendarName = "cn"
    heating_season: Season | None = ((11, 15), (3, 15))


@dataclass(frozen=True)
class Use:
    """Use per step of one building."""

    electricity_kwh: dict[str, Floats]
    """By item: A, B, C, D."""
    water_m3: Floats
    heat_gj: Floats
    gas_m3: Floats
    people: Floats
    """People present."""

    @property
    def total_kwh(self) -> Floats:
        return total(list(self.electricity_kwh.values()))


def use(house: House, grid: Grid, climate: Thermometer, seed: int) -> Use:
    """What the building uses on each step of a month."""
    kind = house.archetype
    hours = grid.step_s / 3600.0
    days = _in_changes(house.changes, grid)
    present = occupancy(house, grid, seed) * days.people
    wobble = _wobble(house, grid, seed)
    kw = house.area_m2 / 1000.0 * hours * days.area

    running = 0.18 + 0.82 * np.clip(present, 0.0, 1.0)
    cooling = _conditioning_w_per_m2(kind, climate, grid) * running + kind.standby_w_per_m2
    lighting = kind.night_w_per_m2 + kind.day_w_per_m2 * present
    electricity = {
        "A": lighting * days.lighting * wobble * kw,
        "B": cooling * days.cooling * wobble * kw,
        "C": kind.power_w_per_m2 * (0.35 + 0.65 * present) * days.power * wobble * kw,
        "D": np.broadcast_to(kind.special_w_per_m2 * kw, grid.steps),
    }
    litres = (
        house.heads * kind.water_l_per_head_h * present * wobble
        + house.area_m2 * days.area * kind.water_leak_l_per_m2_h
    )
    return Use(
        electricity_kwh=electricity,
        water_m3=litres * hours / 1000.0,
        heat_gj=_heat_gj(house, grid, climate, seed, days, wobble),
        gas_m3=_meals_gas_m3(house, grid, present * wobble),
        people=present * house.heads,
    )


def occupancy(house: House, grid: Grid, seed: int) -> Floats:
    """Share of the people who are there, 0 to about 1, on each step."""
    works = _works(house.calendar, grid)
    attendance = 1 + 0.04 * stream(seed, house.id, "attendance", grid.month).standard_normal(
        len(works)
    )
    per_day = np.where(works, 1.0, house.archetype.rest_day_occupancy) * attendance
    return np.clip(_day_course(house.archetype, grid) * grid.each_step(per_day), 0.0, 1.2)


@lru_cache(maxsize=64)
def _day_course(kind: Archetype, grid: Grid) -> Floats:
    """Share of those who come on a day who are there, on each step."""
    hour = grid.hour_of_day
    come = 1 / (1 + np.exp(-(hour - kind.opens_h) * 4.0 / kind.come_h))
    left = 1 / (1 + np.exp(-(hour - kind.closes_h) * 4.0 / kind.leave_h))
    lunch = kind.lunch_dip * np.exp(-(((hour - 12.7) / 0.7) ** 2))
    return fixed(np.maximum((come - left) * (1 - lunch), 0.0))


@lru_cache(maxsize=64)
def _works(calendar: CalendarName, grid: Grid) -> NDArray[np.bool_]:
    """Whether each day of the month is worked."""
    return np.array([is_workday(d, calendar) for d in grid.month.days()])


@dataclass(frozen=True)
class _Factors:
    lighting: Floats
    cooling: Floats
    power: Floats
    heat: Floats
    people: Floats
    area: Floats


def _in_changes(changes: Sequence[Change], grid: Grid) -> _Factors:
    """The factors on each step, days before a change having 1; one for all without changes."""
    if not changes:
        return _Factors(*np.ones((6, 1)))
    days = grid.month.days()
    table = np.ones((6, grid.days))
    for change in changes:
        factors = (
            change.lighting,
            change.cooling,
            change.power,
            change.heat,
            change.people,
            change.area,
        )
        inside = [change.on <= d and (change.until is None or d < change.until) for d in days]
        table[:, inside] *= np.array(factors)[:, None]
    return _Factors(*table[:, grid.day_index])


@lru_cache(maxsize=64)
def _conditioning_w_per_m2(kind: Archetype, climate: Thermometer, grid: Grid) -> Floats:
    """What cooling, and heating beside the district's, take while all are there."""
    felt = _felt_c(climate, grid)
    warm = np.maximum(felt - kind.cooling_balance_c, 0.0)
    cold = np.maximum(kind.heating_balance_c - felt, 0.0)
    return fixed(kind.cooling_w_per_m2_c * warm + kind.aux_heating_w_per_m2_c * cold)


@lru_cache(maxsize=64)
def _felt_c(climate: Thermometer, grid: Grid) -> Floats:
    """Outdoor temperature as the building feels it: the mean of now and two lags."""
    lag = int(LAG_H * 3_600_000)
    at = grid.middles_ms
    now, before, long_before = (
        climate.temperature_c(at),
        climate.temperature_c(at - lag),
        climate.temperature_c(at - 4 * lag),
    )
    return 0.4 * now + 0.35 * before + 0.25 * long_before


def _wobble(house: House, grid: Grid, seed: int) -> Floats:
    """Day-to-day and step-to-step variation around 1, shared by all of a building's uses."""
    noise = stream(seed, house.id, "wobble", grid.month)
    per_day = 0.025 * noise.standard_normal(grid.days)
    per_step = 0.03 * noise.standard_normal(grid.steps)
    return np.exp(grid.each_step(per_day) + per_step)


def _habits(house: House, grid: Grid, seed: int) -> Floats:
    """Windows and valves: heat varies more from day to day than the weather explains."""
    noise = stream(seed, house.id, "heat", grid.month)
    return grid.each_step(np.exp(0.08 * noise.standard_normal(grid.days)))


def _heat_gj(
    house: House, grid: Grid, climate: Thermometer, seed: int, days: _Factors, wobble: Floats
) -> Floats:
    """District heat per step: only in the heating season, less at night."""
    season = _season(house.heating_season, grid)
    if not season.any():
        return np.zeros(grid.steps)
    watts = _heating_w_per_m2(house.archetype, climate, grid)
    factor = days.heat * wobble * _habits(house, grid, seed) * days.area
    joules = watts * house.area_m2 * grid.step_s * season * factor
    return np.asarray(joules / 1e9, dtype=np.float64)


@lru_cache(maxsize=64)
def _heating_w_per_m2(kind: Archetype, climate: Thermometer, grid: Grid) -> Floats:
    hour = grid.hour_of_day
    indoors = np.where((hour > 5.5) & (hour < 18.5), 20.0, 17.0)
    missing = np.maximum(indoors - FREE_HEAT_C - _slow_c(climate, grid), 0.0)
    return fixed(kind.heat_base_w_per_m2 + kind.heat_loss_w_per_m2_c * missing)


@lru_cache(maxsize=64)
def _season(season: Season | None, grid: Grid) -> Floats:
    """1 on steps within the heating season, 0 on all others."""
    inside = [season is not None and _in_season(d, season) for d in grid.month.days()]
    return fixed(grid.each_step(np.array(inside, dtype=np.float64)))


@lru_cache(maxsize=64)
def _slow_c(climate: Thermometer, grid: Grid) -> Floats:
    """Outdoor temperature as the walls pass it on, some hours late."""
    return climate.temperature_c(grid.middles_ms - 3 * 3_600_000)


def _in_season(day: date, season: Season) -> bool:
    """Seasons over New Year start in autumn; the end day is excluded."""
    start, end = season
    today = (day.month, day.day)
    return (start <= today or today < end) if start > end else start <= today < end


def _meals_gas_m3(house: House, grid: Grid, present: Floats) -> Floats:
    if not house.archetype.meals_gas_m3_per_head:
        return np.zeros(grid.steps)
    hour = grid.hour_of_day
    meals = sum(
        weight * np.exp(-(((hour - at) / 0.6) ** 2))
        for at, weight in ((7.0, 0.2), (11.3, 0.5), (17.0, 0.3))
    )
    rate = house.heads * house.archetype.meals_gas_m3_per_head / (0.6 * np.sqrt(np.pi))
    return np.asarray(meals * rate * present * grid.step_s / 3600.0, dtype=np.float64)
