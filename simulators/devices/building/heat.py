"""District heat of a building: in the heating season, by the weather and by habit."""

from datetime import date
from functools import lru_cache

import numpy as np

from simulators.devices.building.archetypes import Archetype
from simulators.devices.building.felt import Thermometer, slow_c
from simulators.devices.building.house import Factors, House, Season
from simulators.devices.grid import Floats, Grid, fixed
from simulators.devices.randomness import stream

FREE_HEAT_C = 2.2
"""How much warmer than outdoors people, lights and sun keep a building unheated."""


def heat_gj(
    house: House, grid: Grid, climate: Thermometer, seed: int, days: Factors, wobble: Floats
) -> Floats:
    """District heat per step: only in the heating season, less at night."""
    season = _season(house.heating_season, grid)
    if not season.any():
        return np.zeros(grid.steps)
    watts = _heating_w_per_m2(house.archetype, climate, grid)
    factor = days.heat * wobble * _habits(house, grid, seed) * days.area
    joules = watts * house.area_m2 * grid.step_s * season * factor
    return np.asarray(joules / 1e9, dtype=np.float64)


def _habits(house: House, grid: Grid, seed: int) -> Floats:
    """Windows and valves: heat varies more from day to day than the weather explains."""
    noise = stream(seed, house.id, "heat", grid.month)
    return grid.each_step(np.exp(0.08 * noise.standard_normal(grid.days)))


@lru_cache(maxsize=64)
def _heating_w_per_m2(kind: Archetype, climate: Thermometer, grid: Grid) -> Floats:
    hour = grid.hour_of_day
    indoors = np.where((hour > 5.5) & (hour < 18.5), 20.0, 17.0)
    missing = np.maximum(indoors - FREE_HEAT_C - slow_c(climate, grid), 0.0)
    return fixed(kind.heat_base_w_per_m2 + kind.heat_loss_w_per_m2_c * missing)


@lru_cache(maxsize=64)
def _season(season: Season | None, grid: Grid) -> Floats:
    """1 on steps within the heating season, 0 on all others."""
    inside = [season is not None and _in_season(d, season) for d in grid.month.days()]
    return fixed(grid.each_step(np.array(inside, dtype=np.float64)))


def _in_season(day: date, season: Season) -> bool:
    """Seasons over New Year start in autumn; the end day is excluded."""
    start, end = season
    today = (day.month, day.day)
    return (start <= today or today < end) if start > end else start <= today < end
