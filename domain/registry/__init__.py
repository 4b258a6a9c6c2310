"""The registry: which institutions, buildings, devices and contracts exist."""

from dataclasses import dataclass
from functools import cached_property

from domain.errors import ConfigError
from domain.places import (
    AnyDevice,
    Bin,
    Building,
    Contract,
    Institution,
    Meter,
    PvSystem,
    WeatherStation,
)
from domain.registry.fit import misfits
from domain.registry.records import Misfit


@dataclass(frozen=True)
class Registry:
    """A consistent set of records; build it, then `check()` it."""

    institutions: tuple[Institution, ...] = ()
    buildings: tuple[Building, ...] = ()
    devices: tuple[AnyDevice, ...] = ()
    contracts: tuple[Contract, ...] = ()

    @cached_property
    def institution_by_id(self) -> dict[str, Institution]:
        return {i.id: i for i in self.institutions}

    @cached_property
    def device_by_id(self) -> dict[str, AnyDevice]:
        return {d.id: d for d in self.devices}

    @cached_property
    def gateways(self) -> tuple[str, ...]:
        """The gateways that speak for devices, sorted."""
        return tuple(sorted({d.gateway for d in self.devices if d.gateway}))

    def meters(self, institution: str) -> list[Meter]:
        return [d for d in self._of(institution) if isinstance(d, Meter)]

    def pv_systems(self, institution: str) -> list[PvSystem]:
        return [d for d in self._of(institution) if isinstance(d, PvSystem)]

    def bins(self, institution: str) -> list[Bin]:
        return [d for d in self._of(institution) if isinstance(d, Bin)]

    @cached_property
    def weather_stations(self) -> tuple[WeatherStation, ...]:
        return tuple(d for d in self.devices if isinstance(d, WeatherStation))

    def contracts_of(self, institution: str) -> list[Contract]:
        return [c for c in self.contracts if c.institution == institution]

    @cached_property
    def _devices_by_institution(self) -> dict[str, list[AnyDevice]]:
        found: dict[str, list[AnyDevice]] = {}
        for device in self.devices:
            found.setdefault(device.institution, []).append(device)
        return found

    def of_institution(self, institution: str) -> list[AnyDevice]:
        """Every device of an institution, in the order of `devices`."""
        return self._devices_by_institution.get(institution, [])

    def _of(self, institution: str) -> list[AnyDevice]:
        return self.of_institution(institution)

    def misfits(self) -> list[Misfit]:
        """Everything that could not be computed with, all of it at once, each with its record."""
        return list(misfits(self.institutions, self.buildings, self.devices, self.contracts))

    def problems(self) -> list[str]:
        """As `misfits`, one sentence each."""
        return [str(m) for m in self.misfits()]

    def check(self) -> "Registry":
        """Itself, or ConfigError listing every problem."""
        problems = self.problems()
        if problems:
            raise ConfigError("the registry does not fit together:\n  " + "\n  ".join(problems))
        return self
