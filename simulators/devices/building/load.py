"""What a building uses, step by step: pure functions over a month's grid, vectorised.

The model: people come on working days (`occupancy`), light and sockets follow them, air
conditioning follows a felt temperature that lags the outdoor one, lifts and pumps follow both,
and everything varies a little from day to day and hour to hour. A change (a retrofit, a
closure, more people) scales parts of it from a local day on, with the same randomness, so its
effect is known exactly.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from simulators.devices.building.archetypes import Archetype
from simulators.devices.building.felt import Thermometer, felt_c
from simulators.devices.building.heat import heat_gj
from simulators.devices.building.house import House, factors_on
from simulators.devices.building.occupancy import occupancy
from simulators.devices.grid import Floats, Grid, fixed, total
from simulators.devices.randomness import stream


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
    days = factors_on(house.changes, grid)
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
        heat_gj=heat_gj(house, grid, climate, seed, days, wobble),
        gas_m3=_meals_gas_m3(house, grid, present * wobble),
        people=present * house.heads,
    )


@lru_cache(maxsize=64)
def _conditioning_w_per_m2(kind: Archetype, climate: Thermometer, grid: Grid) -> Floats:
    """What cooling, and heating beside the district's, take while all are there."""
    felt = felt_c(climate, grid)
    warm = np.maximum(felt - kind.cooling_balance_c, 0.0)
    cold = np.maximum(kind.heating_balance_c - felt, 0.0)
    return fixed(kind.cooling_w_per_m2_c * warm + kind.aux_heating_w_per_m2_c * cold)


def _wobble(house: House, grid: Grid, seed: int) -> Floats:
    """Day-to-day and step-to-step variation around 1, shared by all of a building's uses."""
    noise = stream(seed, house.id, "wobble", grid.month)
    per_day = 0.025 * noise.standard_normal(grid.days)
    per_step = 0.03 * noise.standard_normal(grid.steps)
    return np.exp(grid.each_step(per_day) + per_step)


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
