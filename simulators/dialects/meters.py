"""Electricity and other meters: gateways, plugs and home-automation firmware.

Shapes as documented by the makers (see the table of payloads in `docs`); ESPHome's is from
memory. Each speaks with the habits that make decoding hard: arrays of phases, partial updates,
watt-hours, local time that does not say its zone, or no time at all.
"""

from collections.abc import Iterator

import numpy as np

from domain.calendar import DEFAULT_TIMEZONE
from simulators.dialects.speech import Row, Speech, iso, text, watt_hours

Rows = list[tuple[int, Row]]
Said = Iterator[tuple[str, bytes]]
_ELECTRIC = ("energy_import_kwh", "energy_export_kwh")
_REGISTERS = (*_ELECTRIC, "water_m3", "gas_m3", "heat_gj")


def _say_native(device: str, rows: Rows) -> Said:
    """One object, or an array of them when some were buffered."""
    records = [{"ts": at, "values": row} for at, row in rows]
    body = records[0] if len(records) == 1 else records
    yield f"civicmeter/v1/{device}/telemetry", text(body)


_DLT645 = {"energy_import_kwh": "00010000", "energy_export_kwh": "00020000"}


def _say_neuron(device: str, rows: Rows) -> Said:
    """Tags by their DL/T 645 identifiers; each other message in the other of its two forms."""
    for at, row in rows:
        tags = {_DLT645.get(q, q): v for q, v in row.items()}
        whole: dict[str, object] = {"timestamp": at, "node": device, "group": "meters"}
        if at // 60_000 % 2:
            whole["values"], whole["errors"] = tags, {"0206FF00": 2014}
        else:
            whole["tags"] = [{"name": n, "value": v} for n, v in tags.items()]
        yield f"neuron/{device}/upload", text(whole)


def _say_tasmota(device: str, rows: Rows) -> Said:
    """Local time without zone; the total of three phases as an array."""
    for at, row in rows:
        energy: dict[str, object] = {"TotalStartTime": "2024-01-01T00:00:00"}
        if "energy_import_kwh" in row:
            energy["Total"] = _phases(row["energy_import_kwh"])
        if "energy_export_kwh" in row:
            energy["ExportActive"] = _phases(row["energy_export_kwh"])
        yield f"tele/{device}/SENSOR", text({"Time": iso(at, None), "ENERGY": energy})


def _phases(total: float) -> list[float]:
    """A total as that of three phases, each with the display's three decimals."""
    first, second = float(np.round(total * 0.35, 3)), float(np.round(total * 0.33, 3))
    return [first, second, float(np.round(total - first - second, 3))]


def _say_shelly(device: str, rows: Rows) -> Said:
    """Watt-hours, seconds with a fraction; import and export in updates of their own."""
    names = {"energy_import_kwh": "total_act", "energy_export_kwh": "total_act_ret"}
    for at, row in rows:
        for quantity, value in row.items():
            params = {"ts": at / 1000, "emdata:0": {"id": 0, names[quantity]: watt_hours(value)}}
            whole = {"src": device, "dst": f"{device}/events", "method": "NotifyStatus"}
            yield f"{device}/events/rpc", text({**whole, "params": params})


def _say_zigbee2mqtt(device: str, rows: Rows) -> Said:
    for at, row in rows:
        names = {"energy_import_kwh": "energy", "energy_export_kwh": "produced_energy"}
        body = {names[q]: v for q, v in row.items()}
        yield f"zigbee2mqtt/{device}", text({**body, "last_seen": iso(at, 8.0), "linkquality": 118})


def _say_esphome(device: str, rows: Rows) -> Said:
    for _, row in rows:
        for quantity, value in row.items():
            yield f"{device}/sensor/{_ESPHOME[quantity]}/state", repr(watt_hours(value)).encode()


_ESPHOME = {"energy_import_kwh": "total_energy", "energy_export_kwh": "exported_energy"}


def _say_senml(device: str, rows: Rows) -> Said:
    """One pack: a base time and name, then offsets; energy in Wh."""
    begin = rows[0][0]
    records: list[dict[str, object]] = []
    for at, row in rows:
        for quantity, value in row.items():
            electric = quantity in _ELECTRIC
            record: dict[str, object] = {
                "n": quantity.removesuffix("_kwh") if electric else quantity,
                "u": "Wh" if electric else {"water_m3": "m3", "gas_m3": "m3"}.get(quantity, "GJ"),
                "t": (at - begin) / 1000,
                "v": watt_hours(value) if electric else value,
            }
            records.append(record)
    records[0] = {"bn": f"urn:dev:{device}:", "bt": begin / 1000, **records[0]}
    yield f"senml/{device}", text(records)


native = Speech(
    "native",
    _say_native,
    {"topic": "civicmeter/v1/+/telemetry", "format": "native", "device": "{2}"},
    _REGISTERS,
    batch=12,
)
neuron = Speech(
    "neuron",
    _say_neuron,
    {
        "topic": "neuron/+/upload",
        "format": "neuron",
        "fields": {q: q for q in ("water_m3", "gas_m3", "heat_gj")},
    },
    _REGISTERS,
)
tasmota = Speech(
    "tasmota",
    _say_tasmota,
    {
        "topic": "tele/+/SENSOR",
        "format": "tasmota",
        "device": "{1}",
        "timezone": DEFAULT_TIMEZONE,
    },
    _ELECTRIC,
)
shelly = Speech(
    "shelly",
    _say_shelly,
    {"topic": "+/events/rpc", "format": "shelly", "device": "{0}"},
    _ELECTRIC,
)
zigbee2mqtt = Speech(
    "zigbee2mqtt",
    _say_zigbee2mqtt,
    {"topic": "zigbee2mqtt/+", "format": "zigbee2mqtt", "device": "{1}"},
    _ELECTRIC,
)
esphome = Speech(
    "esphome",
    _say_esphome,
    {
        "topic": "+/sensor/+/state",
        "format": "esphome",
        "device": "{0}",
        "fields": {name: {"quantity": q, "unit": "Wh"} for q, name in _ESPHOME.items()},
    },
    _ELECTRIC,
    timed=False,
)
senml = Speech(
    "senml",
    _say_senml,
    {
        "topic": "senml/+",
        "format": "senml",
        "device": "{1}",
        "fields": {
            **{q.removesuffix("_kwh"): q for q in _ELECTRIC},
            **{q: q for q in ("water_m3", "gas_m3", "heat_gj")},
        },
    },
    _REGISTERS,
    batch=16,
)
