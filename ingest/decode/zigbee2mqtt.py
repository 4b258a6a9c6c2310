"""Zigbee2MQTT.

Topic ``zigbee2mqtt/<name>``::

    {"power": 12.5, "voltage": 231, "current": 0.05, "energy": 3.2, "linkquality": 120}

Energy is in kWh. There is no time unless `last_seen` is switched on (ISO 8601 or milliseconds);
without it the time of arrival is taken. What a temperature or humidity is of, the mapping says.

``voltage`` is in volts where a device measures a supply, but a battery's own in millivolts: a
message of a device on batteries (``battery`` or ``battery_low``, and nothing of a supply), or a
voltage in the thousands beside nothing of a supply, is a battery's, and no reading unless the
mapping says so.
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

_BATTERY = {"battery", "battery_low", "battery_state"}
_SUPPLY = NAMES.keys() - {"voltage", "battery"}
_MAINS_BELOW_V = 1000.0


def decode(topic: str, payload: bytes, arrived_at_ms: int, mapping: Mapping) -> Decoded:
    """The readings of one state message."""
    said = an_object(read_json(payload), "the message")
    collecting = Collecting(mapping, NAMES, arrived_at_ms, strict=False)
    seen = said.pop("last_seen", None)
    at_ms = None
    if seen is not None:
        at_ms = iso_ms(seen) if isinstance(seen, str) else epoch_ms(seen)
    own = _battery_voltage(said) and "voltage" not in mapping.fields
    for name, value in leaves(said):
        if own and name == "voltage":
            collecting.ignore("voltage (of the battery, in mV)")
            continue
        collecting.value(mapping.device_of(topic), (name,), value, at_ms)
    return collecting.done()


def _battery_voltage(said: dict[str, object]) -> bool:
    """Whether the voltage is that of the device's own battery."""
    if "voltage" not in said or not _SUPPLY.isdisjoint(said):
        return False
    volts = said["voltage"]
    high = isinstance(volts, int | float) and volts >= _MAINS_BELOW_V
    return high or not _BATTERY.isdisjoint(said)
