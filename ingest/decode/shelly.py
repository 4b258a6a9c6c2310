"""Shelly devices of the second generation and later.

Topic ``<id>/events/rpc``::

    {"src": "shellypro3em-…", "method": "NotifyStatus",
     "params": {"ts": 1656420126.53, "emdata:0": {"total_act": 1234.5, "total_act_ret": 0.1}}}

Names are those of the parts, as in ``emdata:0.total_act``. Energy is in Wh. Updates are
partial: what is absent has not changed. A device with several channels (``em1data:1`` …) needs
``fields`` that say which meter each is. Other notifications carry no readings.
Source: Shelly API documentation, components EM, EM1, EMData, EM1Data, PM1, Switch.
"""

from ingest.decode.base import Decoded
from ingest.decode.fields import Collecting, an_object, leaves
from ingest.decode.values import number, read_json, seconds_ms
from ingest.mapping import Field, Mapping

_ONE_PHASE = {
    "voltage": Field("voltage_a_v"),
    "current": Field("current_a_a"),
    "pf": Field("power_factor_ratio"),
    "freq": Field("frequency_hz"),
}
NAMES = {
    "emdata:0.total_act": Field("energy_import_kwh", unit="Wh"),
    "emdata:0.total_act_ret": Field("energy_export_kwh", unit="Wh"),
    "em:0.total_act_power": Field("power_w"),
    **{f"em:0.{p}_voltage": Field(f"voltage_{p}_v") for p in "abc"},
    **{f"em:0.{p}_current": Field(f"current_{p}_a") for p in "abc"},
    "em1data:0.total_act_energy": Field("energy_import_kwh", unit="Wh"),
    "em1data:0.total_act_ret_energy": Field("energy_export_kwh", unit="Wh"),
    "em1:0.act_power": Field("power_w"),
    **{f"em1:0.{name}": field for name, field in _ONE_PHASE.items()},
    **{
        f"{part}:0.{name}": field
        for part in ("switch", "pm1")
        for name, field in {
            "apower": Field("power_w"),
            "aenergy.total": Field("energy_import_kwh", unit="Wh"),
            "ret_aenergy.total": Field("energy_export_kwh", unit="Wh"),
            **_ONE_PHASE,
        }.items()
    },
}
_WITH_READINGS = {"NotifyStatus", "NotifyFullStatus"}


def decode(topic: str, payload: bytes, arrived_at_ms: int, mapping: Mapping) -> Decoded:
    """The readings of one notification."""
    said = an_object(read_json(payload), "the message")
    collecting = Collecting(mapping, NAMES, arrived_at_ms, strict=False)
    method = str(said.get("method", ""))
    if method not in _WITH_READINGS:
        collecting.ignore(method or "a message without method")
        return collecting.done()
    parts = an_object(said.get("params"), "params")
    at_ms = seconds_ms(number(parts["ts"])) if "ts" in parts else None
    source = str(said.get("src", ""))
    device = mapping.device_of(topic) or mapping.devices.get(source, source)
    for name, value in leaves({k: v for k, v in parts.items() if isinstance(v, dict)}):
        collecting.value(device, (name,), value, at_ms)
    return collecting.done()
