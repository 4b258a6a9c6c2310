"""A building: its kind, size and people, and the changes it undergoes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from domain.places import CalendarName
from simulators.devices.building.archetypes import Archetype
from simulators.devices.grid import Floats, Grid

Season = tuple[tuple[int, int], tuple[int, int]]
"""Month and day it begins, and those of the day after its end."""


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

    @property
    def retrofitted(self) -> bool:
        return any(c.kind == "retrofit" for c in self.changes)

    @property
    def without_retrofits(self) -> "House":
        """The same building, had nobody retrofitted it."""
        return replace(self, changes=tuple(c for c in self.changes if c.kind != "retrofit"))


@dataclass(frozen=True)
class Factors:
    """What changes multiply the parts of a load by, on each step (or one for all)."""

    lighting: Floats
    cooling: Floats
    power: Floats
    heat: Floats
    people: Floats
    area: Floats


def factors_on(changes: Sequence[Change], grid: Grid) -> Factors:
    """The factors on each step, days before a change having 1; one for all without changes."""
    if not changes:
        return Factors(*np.ones((6, 1)))
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
    return Factors(*table[:, grid.day_index])
