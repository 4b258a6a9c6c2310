"""How the records of a registry fit together: names, references, trees. Pure."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from domain.carriers import FIGURE_OF_REGISTER
from domain.places import AnyDevice, Building, Contract, Institution, Meter, PvSystem
from domain.quantities import QUANTITIES
from domain.registry.agreements import agreements_that_clash
from domain.registry.records import Misfit, Record, misfits_of

_NOT_THERE = "which is not there"


class Known(NamedTuple):
    """All records, by kind and by id; where an id is there twice, the last one."""

    institutions: Mapping[str, Institution]
    buildings: Mapping[str, Building]
    devices: Mapping[str, AnyDevice]


def misfits(
    institutions: Sequence[Institution],
    buildings: Sequence[Building],
    devices: Sequence[AnyDevice],
    contracts: Sequence[Contract],
) -> Iterator[Misfit]:
    """Everything that could not be computed with, of each record and between them."""
    known = Known(
        {i.id: i for i in institutions}, {b.id: b for b in buildings}, {d.id: d for d in devices}
    )
    for what, records in (
        ("institution", institutions),
        ("building", buildings),
        ("device", devices),
        ("contract", contracts),
    ):
        yield from doubles(what, records)
    for record in (*institutions, *buildings, *devices, *contracts):
        yield from misfits_of(record)
    for placed in (*buildings, *devices, *contracts):
        if placed.institution not in known.institutions:
            reason = f"names institution {placed.institution!r}, {_NOT_THERE}"
            yield Misfit(placed, "institution", reason)
    for institution in institutions:
        if institution.weather_device and institution.weather_device not in known.devices:
            reason = f"names weather device {institution.weather_device!r}, {_NOT_THERE}"
            yield Misfit(institution, "weather_device", reason)
    for device in devices:
        yield from _device(device, known)
    yield from _circles(devices, "parent", lambda m: [m.parent] if m.parent else [])
    yield from _circles(devices, "formula", lambda m: [part for part, _ in m.formula])
    for contract in contracts:
        yield from _contract(contract, known)
    yield from agreements_that_clash(contracts)


class Double(Misfit):
    """An id that several records of a kind have."""

    def __str__(self) -> str:
        return self.reason


def doubles(what: str, records: Sequence[Record]) -> Iterator[Misfit]:
    """Ids that are there more than once, each told at its last record."""
    counted = Counter(r.id for r in records)
    last = {r.id: r for r in records}
    for name, count in sorted(counted.items()):
        if count > 1:
            reason = f"{what} {name!r} is there {count} times: keep one"
            yield Double(last[name], "id", reason)


def _device(device: AnyDevice, known: Known) -> Iterator[Misfit]:
    if device.gateway and device.gateway in known.devices:
        reason = (
            f"names gateway {device.gateway!r}, which is a device: name the account differently"
        )
        yield Misfit(device, "gateway", reason)
    if device.building:
        building = known.buildings.get(device.building)
        if building is None:
            reason = f"names building {device.building!r}, {_NOT_THERE}"
            yield Misfit(device, "building", reason)
        elif building.institution != device.institution:
            reason = f"names building {device.building!r} of {building.institution!r}"
            yield Misfit(device, "building", f"{reason}: name one of {device.institution!r}")
    if isinstance(device, PvSystem) and device.grid_meter:
        yield from _referred(device, "grid_meter", "grid meter", device.grid_meter, known)
    if isinstance(device, Meter):
        yield from _meter(device, known)


def _meter(meter: Meter, known: Known) -> Iterator[Misfit]:
    quantity = QUANTITIES.get(meter.register)
    if quantity is None or quantity.kind != "total_increasing":
        own = repr(meter.register)
        reason = f"has {own} as its register: {own} is not a register quantity"
        yield Misfit(meter, "register", f"{reason}, write one of {_registers()}")
    elif meter.register not in FIGURE_OF_REGISTER:
        reason = f"counts {meter.register}, which is no use of a carrier"
        yield Misfit(meter, "register", f"{reason}: write one of {_registers()}")
    if meter.parent:
        yield from _referred(meter, "parent", "parent", meter.parent, known)
    for k, (part, _) in enumerate(meter.formula):
        yield from (replace(m, item=k) for m in _part(meter, part, known))


def _registers() -> str:
    return ", ".join(FIGURE_OF_REGISTER)


def _referred(
    device: AnyDevice, field: str, what: str, name: str, known: Known
) -> Iterator[Misfit]:
    """A meter that a device names: it must be there, a meter, and of the same institution."""
    other = known.devices.get(name)
    if other is None:
        yield Misfit(device, field, f"names {what} {name!r}, {_NOT_THERE}")
    elif not isinstance(other, Meter):
        yield Misfit(device, field, f"names {what} {name!r}, which is no meter: name a meter")
    elif other.institution != device.institution:
        reason = f"names {what} {name!r}, which is one of {other.institution!r}"
        yield Misfit(device, field, f"{reason}: name one of {device.institution!r}")
    elif isinstance(device, Meter) and field == "parent" and other.carrier != device.carrier:
        reason = f"names {what} {name!r}, which meters {other.carrier}, not {device.carrier}"
        yield Misfit(device, field, f"{reason}: name the meter upstream of it, or leave it empty")


def _part(meter: Meter, part: str, known: Known) -> Iterator[Misfit]:
    yield from _referred(meter, "formula", "part", part, known)
    other = known.devices.get(part)
    if isinstance(other, Meter) and other.register != meter.register:
        reason = f"is made of {part!r}, which counts {other.register}, not {meter.register}"
        yield Misfit(meter, "formula", f"{reason}: make it of meters of one register")


def _circles(
    devices: Sequence[AnyDevice], field: str, next_of: Callable[[Meter], list[str]]
) -> Iterator[Misfit]:
    """Meters that come back to themselves, each told once."""
    meters = {d.id: d for d in devices if isinstance(d, Meter)}
    done: set[str] = set()
    for meter in meters.values():
        way = _way_back(meter.id, meters, next_of, done)
        if way:
            names = " → ".join(way)
            yield Misfit(meter, field, f"comes back to itself by {field} ({names}): cut the circle")


def _way_back(
    start: str,
    meters: Mapping[str, Meter],
    next_of: Callable[[Meter], list[str]],
    done: set[str],
) -> list[str]:
    """The way from `start` round to where it meets itself; empty if there is none that was not
    told before. Without recursion: a chain may be as long as there are meters."""
    way: list[str] = []
    todo: list[tuple[str, bool]] = [(start, False)]
    while todo:
        name, leaving = todo.pop()
        if leaving:
            way.pop()
            done.add(name)
            continue
        if name in way:
            done.update(way)
            return [*way[way.index(name) :], name]
        if name in done or name not in meters:
            continue
        way.append(name)
        todo.append((name, True))
        todo += [(n, False) for n in next_of(meters[name])]
    return []


def _contract(contract: Contract, known: Known) -> Iterator[Misfit]:
    if contract.option == "B" and not contract.meters:
        yield Misfit(contract, "meters", "measures by option B and names no meters: name them")
    if contract.option != "B" and contract.meters:
        yield Misfit(contract, "option", "names meters, but measures the whole: write option B")
    for name in contract.meters:
        meter = known.devices.get(name)
        if not isinstance(meter, Meter) or meter.institution != contract.institution:
            yield Misfit(
                contract, "meters", f"names {name!r}, which is no meter of its institution"
            )
        elif meter.carrier not in contract.carriers:
            reason = f"names {name!r}, whose {meter.carrier} does not count"
            yield Misfit(contract, "meters", f"{reason}: name it in carriers, or take it out")
