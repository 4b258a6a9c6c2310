"""The outdoor temperature as a building feels it: late, and smoothed."""

from functools import lru_cache
from typing import Protocol

from simulators.devices.grid import Floats, Grid, Ints

LAG_H = 5.0
"""How far a building's felt temperature lags behind the outdoor one."""


class Thermometer(Protocol):
    """Anything that knows the outdoor temperature: a `Climate`, or a measured one."""

    def temperature_c(self, at_ms: Ints) -> Floats: ...

    def __hash__(self) -> int: ...


@lru_cache(maxsize=64)
def felt_c(climate: Thermometer, grid: Grid) -> Floats:
    """Outdoor temperature as the building feels it: the mean of now and two lags."""
    lag = int(LAG_H * 3_600_000)
    at = grid.middles_ms
    now, before, long_before = (
        climate.temperature_c(at),
        climate.temperature_c(at - lag),
        climate.temperature_c(at - 4 * lag),
    )
    return 0.4 * now + 0.35 * before + 0.25 * long_before


@lru_cache(maxsize=64)
def slow_c(climate: Thermometer, grid: Grid) -> Floats:
    """Outdoor temperature as the walls pass it on, some hours late."""
    return climate.temperature_c(grid.middles_ms - 3 * 3_600_000)
