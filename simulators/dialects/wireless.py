"""LoRaWAN water meters and bins behind ChirpStack, and FIWARE waste containers."""

from collections.abc import Iterator
from zlib import crc32

import numpy as np

from simulators.devices.block import Block
from simulators.dialects.speech import Row, Speech, iso, text

Rows = list[tuple[int, Row]]
Said = Iterator[tuple[str, bytes]]
DEPTH_MM = 1_100.0
"""From the sensor of a Milesight bin to its floor."""
_TARE_KG = 13.5


def _uplink(device: str, at: int, content: dict[str, object]) -> tuple[str, bytes]:
    number = at // 3_600_000
    whole = {
        "deduplicationId": f"{crc32(device.encode()):08x}-{number:012x}",
        # Nanoseconds, as ChirpStack writes them.
        "time": iso(at).replace("+00:00", ".000000000+00:00"),
        "deviceInfo": {"deviceName": device, "devEui": device, "tags": {}},
        "fCnt": number % 65_536,
        "fPort": 85,
        "object": content,
    }
    return f"application/civic/device/{device}/event/up", text(whole)


def _say_meter(device: str, rows: Rows) -> Said:
    """A water meter that counts litres."""
    for at, row in rows:
        litres = float(np.round(row["water_m3"] * 1000.0))
        yield _uplink(device, at, {"meter": {"volume_l": litres}, "alarm": 0})


def _say_bin(device: str, rows: Rows) -> Said:
    """Milesight EM400-MUD: a distance in mm, a temperature, the battery now and then."""
    names = {
        "distance_mm": "distance",
        "bin_temperature_c": "temperature",
        "battery_pct": "battery",
    }
    for at, row in rows:
        content: dict[str, object] = {names[q]: v for q, v in row.items()}
        yield _uplink(device, at, {**content, "position": "normal"})


def _as_distance(block: Block) -> Block:
    """The fill level as the ultrasonic sensor sees it, in whole millimetres."""
    if "fill_level_ratio" not in block.quantities:
        return block
    fill = block.values[:, block.quantities.index("fill_level_ratio")]
    distance = np.round(DEPTH_MM * (1.0 - np.clip(fill, 0.0, 0.98)))
    return Block(block.device, ("distance_mm",), block.at_ms, distance[:, None])


def _say_fiware(device: str, rows: Rows) -> Said:
    """NGSI-LD: a filling level, and the cargo's weight beside the container's."""
    for at, row in rows:
        observed = iso(at).replace("+00:00", "Z")
        entity: dict[str, object] = {
            "id": _urn(device),
            "type": "WasteContainer",
            "status": {"type": "Property", "value": "ok"},
        }
        if "fill_level_ratio" in row:
            entity["fillingLevel"] = _property(row["fill_level_ratio"], observed)
        if "mass_kg" in row:
            cargo = float(np.round(row["mass_kg"] - _TARE_KG, 2))
            entity["cargoWeight"] = _property(cargo, observed)
            entity["tareWeight"] = {"type": "Property", "value": _TARE_KG}
        yield f"fiware/{device}", text([entity])


def _urn(device: str) -> str:
    return f"urn:ngsi-ld:WasteContainer:{device}"


def _property(value: float, observed: str) -> dict[str, object]:
    return {"type": "Property", "value": value, "observedAt": observed}


chirpstack_meter = Speech(
    "chirpstack_meter",
    _say_meter,
    {
        "topic": "application/+/device/+/event/up",
        "format": "chirpstack",
        "device": "{3}",
        "fields": {"meter.volume_l": {"quantity": "water_m3", "unit": "L"}},
    },
    ("water_m3",),
)
chirpstack_bin = Speech(
    "chirpstack_bin",
    _say_bin,
    chirpstack_meter.mapping,
    ("distance_mm", "battery_pct"),
    measured=_as_distance,
)
fiware = Speech(
    "fiware",
    _say_fiware,
    {"topic": "fiware/+", "format": "fiware", "device": "{1}"},
    ("fill_level_ratio", "mass_kg"),
    called=_urn,
)
