"""Tasmota plugs and meters.

Topic ``tele/<x>/SENSOR``::

    {"Time": "2023-05-19T20:52:56",
     "ENERGY": {"Total": 514.153, "Power": 56, "Voltage": 234, "Current": 0.392, …}}

`Time` is local and does not say its zone: the mapping's ``timezone`` does (default
Asia/Shanghai). In the hour that a clock change repeats, the time nearer to the arrival is
taken. Energy is in kWh. Devices with three phases send arrays: registers and powers are summed,
voltages and currents kept by phase. Of what else comes as an array, such as ``ENERGY.Factor``, a
part is read where the mapping's ``fields`` name it (``ENERGY.Factor.a``). Other sensors are named like ``AM2301.Temperature``.
Source: Tasmota's own sources (energy driver) and its documentation.
"""

from domain.calendar import DEFAULT_TIMEZONE, from_ms, to_ms
from domain.errors import PayloadError
from domain.instants import InstantError, parse_instant
from domain.judge import quoted
from ingest.decode.base import Decoded
from ingest.decode.fields import Collecting, an_object, leaves
from ingest.decode.values import number, read_json
from ingest.mapping import Field, Mapping

NAMES = {
    "ENERGY.Total": Field("energy_import_kwh"),
    "ENERGY.ExportActive": Field("energy_export_kwh"),
    "ENERGY.Power": Field("power_w"),
    "ENERGY.Factor": Field("power_factor_ratio"),
    "ENERGY.Frequency": Field("frequency_hz"),
    **{f"ENERGY.Voltage.{p}": Field(f"voltage_{p}_v") for p in "abc"},
    **{f"ENERGY.Current.{p}": Field(f"current_{p}_a") for p in "abc"},
}
_SUMMED = {"ENERGY.Total", "ENERGY.ExportActive", "ENERGY.Power"}
_BY_PHASE = {"ENERGY.Voltage", "ENERGY.Current"}


def decode(topic: str, payload: bytes, arrived_at_ms: int, mapping: Mapping) -> Decoded:
    """The readings of one telemetry message."""
    said = an_object(read_json(payload), "the message")
    collecting = Collecting(mapping, NAMES, arrived_at_ms, strict=False)
    device = mapping.device_of(topic)
    at_ms = None
    if "Time" in said:
        at_ms = local_ms(said["Time"], mapping.timezone or DEFAULT_TIMEZONE, arrived_at_ms)
    for name, value in leaves({k: v for k, v in said.items() if k != "Time"}):
        try:
            for part, single in _parts(name, value):
                collecting.value(device, (part,), single, at_ms)
        except PayloadError as error:
            collecting.reject(device, error.code, f"{name}: {error.detail}")
    return collecting.done()


def _parts(name: str, value: object) -> list[tuple[str, object]]:
    """A value by its name; phases are summed or told apart."""
    if name in _BY_PHASE:
        several = value if isinstance(value, list) else [value]
        return [(f"{name}.{p}", v) for p, v in zip("abc", several, strict=False)]
    if isinstance(value, list):
        if name in _SUMMED:
            return [(name, sum(number(v) for v in value))]
        return [(f"{name}.{p}", v) for p, v in zip("abcdefgh", value, strict=False)]
    return [(name, value)]


def local_ms(text: object, timezone: str, arrived_at_ms: int) -> int:
    """Milliseconds since the epoch of a local time in ISO 8601, with or without its zone."""
    try:
        if not isinstance(text, str):
            raise InstantError("no_time")
        return to_ms(parse_instant(text, timezone=timezone, near=from_ms(arrived_at_ms)))
    except InstantError as error:
        beyond = error.fault == "beyond"
        reason = "beyond the calendar" if beyond else "not a time in ISO 8601"
        raise PayloadError("bad_time", f"Time {quoted(text)} is {reason}") from error
