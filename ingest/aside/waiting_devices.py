"""Devices that talk but are not registered: who waits, and accepting them."""

import json
from dataclasses import dataclass, replace
from datetime import datetime

from domain.audit import LOCAL, Actor
from domain.carriers import USES
from domain.errors import ConfigError
from domain.places import AnyDevice, Bin, Meter, PvSystem, WasteStream, WeatherStation
from domain.registry import Registry
from store.ledger.port import Ledger

_CARRIER_OF = {use.register: use.carrier for use in USES}


@dataclass(frozen=True, slots=True)
class Waiting:
    """A device nobody registered. `quantities` are what it reports, as far as is kept."""

    device: str
    readings: int
    first_at: datetime
    last_at: datetime
    quantities: tuple[str, ...]
    sources: tuple[str, ...]


def waiting(ledger: Ledger) -> list[Waiting]:
    """The waiting devices, sorted by name."""
    by_device: dict[str, list[Waiting]] = {}
    for entry in ledger.aside():
        if entry.code == "unknown_device" and entry.device:  # else those not told apart
            found = Waiting(
                entry.device, entry.count, entry.first_at, entry.last_at, (), (entry.source,)
            )
            by_device.setdefault(entry.device, []).append(found)
    return [
        Waiting(
            device,
            sum(e.readings for e in entries),
            min(e.first_at for e in entries),
            max(e.last_at for e in entries),
            reported_quantities(ledger, device),
            tuple(sorted({s for e in entries for s in e.sources})),
        )
        for device, entries in sorted(by_device.items())
    ]


def reported_quantities(ledger: Ledger, device: str) -> tuple[str, ...]:
    """The quantities in what is kept of a waiting device, in its latest thousand messages."""
    found: set[str] = set()
    for message in ledger.kept_messages(code="unknown_device", device=device):
        if not message.topic:  # in the native gateway form
            for items in json.loads(message.payload).values():
                found.update(q for item in items for q in item["values"])
    return tuple(sorted(found))


def device_like(model: AnyDevice, device: str, institution: str) -> AnyDevice:
    """A device of the same kind as `model`, at another institution if one is named."""
    same = institution in ("", model.institution)
    place = model.institution if same else institution
    building = model.building if same else ""
    copy = replace(model, id=device, institution=place, building=building, name_zh="", name_en="")
    # What joins the model to others is not the new one's.
    if isinstance(copy, Meter):
        return replace(copy, parent=copy.parent if same else "")
    if isinstance(copy, PvSystem):
        return replace(copy, grid_meter=copy.grid_meter if same else "")
    return copy


def guessed_device(
    device: str,
    institution: str,
    quantities: tuple[str, ...],
    *,
    capacity_kwp: float | None = None,
    stream: str | None = None,
) -> AnyDevice:
    """A device of the kind its quantities speak of. Raises ConfigError when that is unclear."""
    if capacity_kwp is not None:
        return PvSystem(id=device, institution=institution, capacity_kwp=capacity_kwp)
    if stream is not None:
        return Bin(id=device, institution=institution, stream=WasteStream(stream))
    registers = [q for q in quantities if q in _CARRIER_OF]
    if len(registers) == 1:
        register = registers[0]
        return Meter(
            id=device, institution=institution, carrier=_CARRIER_OF[register], register=register
        )
    if "outdoor_temperature_c" in quantities and not registers:
        return WeatherStation(id=device, institution=institution)
    raise ConfigError(
        f"what {device} reports ({', '.join(quantities) or 'nothing that is kept'}) does not say "
        "what it is: give --like with a device of its kind, --capacity-kwp for a PV system, "
        "--stream for a bin, or add it with `civicmeter registry import`"
    )


def accept(ledger: Ledger, device: AnyDevice, actor: Actor = LOCAL) -> Registry:
    """Register a waiting device; gives the registry with it. Raises ConfigError."""
    before = ledger.registry()
    others = tuple(d for d in before.devices if d.id != device.id)
    registry = replace(before, devices=(*others, device)).check()
    ledger.save_registry(Registry(devices=(device,)), actor=actor)
    return registry
