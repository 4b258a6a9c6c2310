"""Messages as firmware in the field writes them, and what must become of each.

Times are those of the message where it says one; what says none is dated on arrival.
"""

from dataclasses import dataclass, field

from ingest.mapping import Field, Mapping

MAPPINGS = (
    Mapping(
        topic="tele/+/SENSOR",
        format="tasmota",
        device="{1}",
        timezone="Asia/Shanghai",
        fields={"SHT3X.Temperature": Field("outdoor_temperature_c")},
    ),
    Mapping(topic="zigbee2mqtt/+", format="zigbee2mqtt", device="{1}"),
)

ARRIVED_MS = 1_795_800_000_000
NOON_MS = 1_795_752_000_000
"""Noon in Shanghai on 27 November 2026."""


@dataclass(frozen=True, slots=True)
class Message:
    """`stored`: (device, quantity, at_ms) → value, nothing else; `aside`: codes kept aside."""

    name: str
    topic: str
    payload: str
    stored: dict[tuple[str, str, int], float]
    aside: list[str] = field(default_factory=list)


MESSAGES = (
    Message(
        "nan of a thermometer that is off costs the thermometer only",
        "tele/kiln/SENSOR",
        '{"Time":"2026-11-27T12:00:00","ENERGY":{"Total":88.25,"Power":140},'
        '"SHT3X":{"Temperature":-nan,"Humidity":nan}}',
        {
            ("kiln", "energy_import_kwh", NOON_MS): 88.25,
            ("kiln", "power_w", NOON_MS): 140,
        },
        ["not_finite"],
    ),
    Message(
        "a battery's millivolts are no mains voltage",
        "zigbee2mqtt/hatch",
        '{"battery":61,"voltage":2890,"linkquality":74}',
        {("hatch", "battery_pct", ARRIVED_MS): 61},
    ),
    Message(
        "the largest negative number of 24 bits is no power",
        "zigbee2mqtt/press",
        '{"current":2.5,"energy":40.5,"power":-8388608,"voltage":231.2}',
        {
            ("press", "current_a_a", ARRIVED_MS): 2.5,
            ("press", "energy_import_kwh", ARRIVED_MS): 40.5,
            ("press", "voltage_a_v", ARRIVED_MS): 231.2,
        },
        ["out_of_limits"],
    ),
    Message(
        "two values under one name: neither is taken, and it is told",
        "civicmeter/v1/attic/telemetry",
        f'{{"ts":{NOON_MS},"values":{{"energy_import_kwh":310.0,"energy_import_kwh":310.5}}}}',
        {},
        ["repeated_name"],
    ),
    Message(
        "a gateway that names one device twice means both",
        "civicmeter/v1/gateway/roof/telemetry",
        f'{{"east":[{{"ts":{NOON_MS - 60_000},"values":{{"energy_import_kwh":7.5}}}}],'
        f'"east":[{{"ts":{NOON_MS},"values":{{"energy_import_kwh":7.75}}}}]}}',
        {
            ("east", "energy_import_kwh", NOON_MS - 60_000): 7.5,
            ("east", "energy_import_kwh", NOON_MS): 7.75,
        },
    ),
    Message(
        "a power factor by phase, where others write one number, is no dead letter",
        "tele/lift/SENSOR",
        '{"Time":"2026-11-27T12:00:00","ENERGY":{"Total":12.5,"Factor":[0.8,0.82,0.79],'
        '"Current":[1.5,1.25,1.75]}}',
        {
            ("lift", "energy_import_kwh", NOON_MS): 12.5,
            ("lift", "current_a_a", NOON_MS): 1.5,
            ("lift", "current_b_a", NOON_MS): 1.25,
            ("lift", "current_c_a", NOON_MS): 1.75,
        },
    ),
    Message(
        "a topic with a space in it",
        "zigbee2mqtt/Stage left",
        '{"energy":3.25}',
        {("Stage left", "energy_import_kwh", ARRIVED_MS): 3.25},
    ),
)
