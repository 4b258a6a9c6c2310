"""Zigbee2MQTT.

Topic ``zigbee2mqtt/<name>``::

    {"power": 12.5, "voltage": 231, "current": 0.05, "energy": 3.2, "linkquality": 120}

Energy is in kWh. There is no time unless `last_seen` is switched on (ISO 8601 or milliseconds);
without it the time of arrival is taken. What a temperature or humidity is of, the mapping says.
Source: Zigbee2MQTT documentation.
"""

from ingest.decode.base import Decoded
from ingest.decode.fields import Collecting, an_object, leaves
from ingest.decode.values import epoch_ms, iso_ms, read_json
from ingest.mapping import Field, Mapping

NAMES = {
    "power": Field("power_w"),
    "energy": Field("energy_import_kwh"),
    "produced_energy": Field("energy_export_kwh"),
    "voltage": Field("voltage_a_v"),
    "voltage_phase_b": Field("voltage_b_v"),
    "voltage_phase_c": Field("voltage_c_v"),
    "current": Field("current_a_a"),
    "current_phase_b": Field("current_b_a"),
    "current_phase_c": Field("current_c_a"),
    "ac_frequency": Field("frequency_hz"),
    "power_factor": Field("power_factor_ratio"),
    "battery": Field("battery_pct"),
}


def decode(topic: str, payload: bytes, arrived_at_ms: int, mapping: Mapping) -> Decoded:
    """The readings of one state message."""
    said = an_object(read_json(payload), "the message")
    collecting = Collecting(mapping, NAMES, arrived_at_ms, strict=False)
    seen = said.pop("last_seen", None)
    at_ms = None
    if seen is not None:
        at_ms = iso_ms(seen) if isinstance(seen, str) else epoch_ms(seen)
    for name, value in leaves(said):
        collecting.value(mapping.device_of(topic), (name,), value, at_ms)
    return collecting.done()
