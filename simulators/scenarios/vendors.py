"""Vendor conformance: one institution for each make of devices, speaking as that make does.

A collector that takes this scenario whole understands every format; a vendor compares what its
gateway sends with what is sent here. Lines are not perfect: some devices buffer and send late,
some send twice, some clocks drift.
"""

import json
from collections.abc import Iterable
from dataclasses import replace

from domain.calendar import Month
from domain.places import AnyDevice, Bin, Meter
from simulators.devices.block import Site
from simulators.devices.campus import Campus, Roof
from simulators.devices.solar import Array
from simulators.dialects import SPEECHES, Speech
from simulators.dialects.site import SpeakingSite
from simulators.faults import FaultySite
from simulators.faults.clocks import ClockDrift
from simulators.faults.on_the_way import Burst, Duplicate
from simulators.scenarios.city import Places

_FAULTS = (
    Burst(("vc-*",), share=0.25, hours=20),
    Duplicate(("vc-*",), share=0.25, hours=120, rate=0.2),
    ClockDrift(("vc-*",), share=0.15, hours=200, per_day=3.0),
)


def vendor_sites(now_month: Month, seed: int, months: int) -> tuple[Site, ...]:
    """One site for each speech, over the last full months."""
    first = now_month.plus(-months)
    places = Places(len(SPEECHES), seed, first, now_month)
    return tuple(
        FaultySite(_site(places.campus(i), speech), _FAULTS, seed, now_month)
        for i, speech in enumerate(SPEECHES.values())
    )


def untimed_devices(sites: Iterable[Site]) -> frozenset[str]:
    """Devices whose messages carry no time: what they sent cannot be told by time."""
    inner = [s.inner for s in sites if isinstance(s, FaultySite)]
    return frozenset(d for s in inner if isinstance(s, SpeakingSite) for d in s.untimed)


def mapping_toml(sites: Iterable[Site]) -> str:
    """What the collector must be told to understand every make: a mapping file."""
    renamed = _renamed(sites)
    tables: list[str] = []
    seen: set[str] = set()
    for speech in SPEECHES.values():
        topic = str(speech.mapping["topic"])
        if speech.name == "native" or topic in seen:
            continue
        seen.add(topic)
        flat = {k: v for k, v in speech.mapping.items() if k != "fields"}
        lines = ["[[mapping]]", *(f"{k} = {json.dumps(v)}" for k, v in flat.items())]
        if speech.name in renamed:
            lines += ["[mapping.devices]", *renamed[speech.name]]
        fields = speech.mapping.get("fields")
        if isinstance(fields, dict):
            lines += [
                "[mapping.fields]",
                *(f"{json.dumps(k)} = {_toml(v)}" for k, v in fields.items()),
            ]
        tables.append("\n".join(lines))
    return "\n\n".join(tables) + "\n"


def _renamed(sites: Iterable[Site]) -> dict[str, list[str]]:
    """Speech → lines of the devices its messages call by another name."""
    found: dict[str, list[str]] = {}
    inner = (s.inner for s in sites if isinstance(s, FaultySite))
    for site in inner:
        for device, speech in site.speeches if isinstance(site, SpeakingSite) else ():
            if speech.called:
                line = f"{json.dumps(speech.called(device))} = {json.dumps(device)}"
                found.setdefault(speech.name, []).append(line)
    return found


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{k} = {json.dumps(v)}" for k, v in value.items()) + " }"
    return json.dumps(value)


def _site(campus: Campus, speech: Speech) -> SpeakingSite:
    """An institution whose devices of the kinds a make builds are of that make."""
    name = f"vc-{speech.name.replace('_', '-')}"
    institution = replace(
        campus.institution,
        id=name,
        name_zh=f"对接测试：{speech.name}（模拟）",
        name_en=f"Conformance: {speech.name} (simulated)",
        weather_device="",
    )
    bins = tuple(replace(b, id=b.id.replace(campus.institution.id, name)) for b in campus.bins)
    own = replace(
        campus,
        institution=institution,
        houses=tuple(replace(h, id=f"{name}-main") for h in campus.houses),
        roof=Roof(f"{name}-pv", Array(40.0)),
        bins=bins,
        weather="",
        electricity=f"{name}-elec",
        air_conditioning="",
        water=f"{name}-water",
        heat="",
        gas="",
        multiplier=1.0,
    )
    speaking = [d.id for d in own.devices if _made_by(speech, d)]
    return SpeakingSite(own, tuple((d, speech) for d in speaking))


def _made_by(speech: Speech, device: AnyDevice) -> bool:
    """Whether the maker builds such devices, by what they can report."""
    if isinstance(device, Bin):
        return bool({"fill_level_ratio", "distance_mm"} & set(speech.quantities))
    return isinstance(device, Meter) and device.register in speech.quantities
