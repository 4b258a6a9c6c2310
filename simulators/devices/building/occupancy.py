"""People in a building: when they come, how many are there, when they leave."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from domain.places import CalendarName
from simulators.devices.building.archetypes import Archetype
from simulators.devices.building.house import House
from simulators.devices.building.workdays import is_workday
from simulators.devices.grid import Floats, Grid, fixed
from simulators.devices.randomness import stream


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
