"""The registry: which institutions, buildings, devices and contracts exist."""

from collections import Counter
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
from domain.quantities import QUANTITIES


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

    def problems(self) -> list[str]:
        """Everything that does not fit together, one sentence each, all of them at once."""
        return [
            *_duplicates("institution", [i.id for i in self.institutions]),
            *_duplicates("building", [b.id for b in self.buildings]),
            *_duplicates("device", [d.id for d in self.devices]),
            *_duplicates("contract", [c.id for c in self.contracts]),
            *self._dangling(),
            *self._gateways_wrong(),
            *self._meters_wrong(),
            *self._contracts_wrong(),
        ]

    def check(self) -> "Registry":
        """Itself, or ConfigError listing every problem."""
        problems = self.problems()
        if problems:
            raise ConfigError("the registry does not fit together:\n  " + "\n  ".join(problems))
        return self

    def _dangling(self) -> list[str]:
        buildings = {b.id for b in self.buildings}
        known = self.institution_by_id
        found = [
            f"{type(r).__name__.lower()} {r.id!r} names institution {r.institution!r}, which is not there"
            for r in (*self.buildings, *self.devices, *self.contracts)
            if r.institution not in known
        ]
        found += [
            f"device {d.id!r} names building {d.building!r}, which is not there"
            for d in self.devices
            if d.building and d.building not in buildings
        ]
        found += [
            f"institution {i.id!r} names weather device {i.weather_device!r}, which is not there"
            for i in self.institutions
            if i.weather_device and i.weather_device not in self.device_by_id
        ]
        found += [
            f"PV system {d.id!r} names grid meter {d.grid_meter!r}, which is not there"
            for d in self.devices
            if isinstance(d, PvSystem) and d.grid_meter and d.grid_meter not in self.device_by_id
        ]
        return found

    def _gateways_wrong(self) -> list[str]:
        return [
            f"gateway {g!r} is a device, too: an account is one or the other, name it differently"
            for g in self.gateways
            if g in self.device_by_id
        ]

    def _meters_wrong(self) -> list[str]:
        found = []
        for meter in (d for d in self.devices if isinstance(d, Meter)):
            quantity = QUANTITIES.get(meter.register)
            if quantity is None or quantity.kind != "total_increasing":
                found.append(f"meter {meter.id!r}: {meter.register!r} is not a register quantity")
            if meter.parent and meter.parent not in self.device_by_id:
                found.append(
                    f"meter {meter.id!r} names parent {meter.parent!r}, which is not there"
                )
        return found

    def _contracts_wrong(self) -> list[str]:
        found = []
        for contract in self.contracts:
            head = f"contract {contract.id!r}"
            if contract.option == "B" and not contract.meters:
                found.append(f"{head} measures by option B and names no meters: name them")
            if contract.option != "B" and contract.meters:
                found.append(f"{head} names meters, but measures the whole: write option B")
            for name in contract.meters:
                meter = self.device_by_id.get(name)
                if not isinstance(meter, Meter) or meter.institution != contract.institution:
                    found.append(f"{head} names {name!r}, which is no meter of its institution")
                elif meter.carrier not in contract.carriers:
                    found.append(f"{head} names {name!r}, whose {meter.carrier} does not count")
        return found


def _duplicates(what: str, ids: list[str]) -> list[str]:
    counted = Counter(ids)
    return [f"{what} {i!r} is there {n} times" for i, n in sorted(counted.items()) if n > 1]
