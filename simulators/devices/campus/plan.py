"""What a simulated institution consists of."""

from dataclasses import dataclass, field

from domain.calendar import Month
from domain.places import Contract, Dated, Institution
from simulators.devices.bins import BinSpec
from simulators.devices.building.house import House
from simulators.devices.climate import Climate
from simulators.devices.solar import Array

TIMEZONE = "Asia/Shanghai"


@dataclass(frozen=True)
class Roof:
    """A PV array behind a device of its own."""

    id: str
    array: Array


@dataclass(frozen=True)
class Siting:
    """Where a weather station stands, against the city's climate: always so much warmer, on some
    days more than on others; and how its thermometer rocks. All in °C; a station of which
    nothing is said measures the climate itself.
    """

    warmer_c: float = 0.0
    days_sd_c: float = 0.0
    sensor_sd_c: float = 0.0


@dataclass(frozen=True, kw_only=True)
class CampusPlan:
    """An institution, its devices and what of it is simulated.

    Its main electricity meter reads import and export every 15 min, all else is hourly. Set a
    device id to "" to leave that device out.
    """

    institution: Institution
    houses: tuple[House, ...]
    climate: Climate
    seed: int
    first: Month
    end: Month | None = None
    contract: Contract | None = None
    roof: Roof | None = None
    bins: tuple[BinSpec, ...] = ()
    weather: str = ""
    siting: Siting = Siting()
    electricity: str = ""
    air_conditioning: str = ""
    water: str = ""
    heat: str = ""
    gas: str = ""
    multiplier: float = 1.0
    """Of the main electricity meter: what its register shows, times this, is the energy."""
    waste_kg_per_head_day: float = 0.4
    names: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Device or building id → its zh and en names."""

    def name(self, record: str) -> tuple[str, str]:
        """The zh and en names of a device or building; its id where it has none."""
        return self.names.get(record, (record, record))


def dated(day: Month, value: float) -> tuple[Dated, ...]:
    """A value that holds from a month's first day."""
    return (Dated(day.first_day, value),)
