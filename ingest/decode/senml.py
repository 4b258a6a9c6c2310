"""SenML (RFC 8428) in JSON.

Any topic::

    [{"bn": "urn:dev:ow:10e2073a01080063:", "bt": 1.320067464e9, "bu": "Wh",
      "n": "energy", "v": 20}, {"t": 60, "v": 20.3, "n": "energy"}]

Base fields are resolved as in section 4.6; times below 2^28 are relative to the arrival
(section 4.5.3). Units (also those of RFC 8798) are converted to the quantity's. Names in
``fields``: the whole name, or `n` alone. The device is the field's, else the topic's, else the
base name (see ``devices``).
"""

from dataclasses import dataclass

from domain.errors import PayloadError
from domain.judge import quoted
from ingest.decode.base import Decoded
from ingest.decode.fields import Collecting, an_object
from ingest.decode.values import epoch_ms, number, read_json, refuse_repeated, seconds_ms
from ingest.mapping import Mapping

_RELATIVE_BELOW_S = 2**28
_VERSION = 10


@dataclass(slots=True)
class _Base:
    """Base fields, which hold from the record that sets them on."""

    name: str = ""
    time_s: float | None = None
    unit: str = ""
    value: float = 0.0


def decode(topic: str, payload: bytes, arrived_at_ms: int, mapping: Mapping) -> Decoded:
    """The readings of one pack; a record that cannot be read costs only itself.

    >>> from ingest.mapping import Field
    >>> meter = Mapping(topic="senml/+", format="senml", device="{1}",
    ...                 fields={"energy": Field("energy_import_kwh")})
    >>> pack = b'[{"bu": "Wh", "bt": 1451649600, "n": "energy", "v": 1500}]'
    >>> decode("senml/hall", pack, 0, meter).readings
    [Reading(device='hall', quantity='energy_import_kwh', at_ms=1451649600000, value=1.5)]
    """
    records = read_json(payload)
    if not isinstance(records, list):
        raise PayloadError("bad_shape", f"{quoted(records)} is not a list of records")
    collecting = Collecting(mapping, {}, arrived_at_ms, strict=True)
    base = _Base()
    device = mapping.device_of(topic)
    for record in records:
        try:
            said = an_object(record, "the record")
            _set_base(base, said)
            _read(collecting, device or _renamed(mapping, base.name), base, said, arrived_at_ms)
        except PayloadError as error:
            collecting.reject(device, error.code, error.detail)
    return collecting.done()


def _set_base(base: _Base, said: dict[str, object]) -> None:
    if said.get("bver", _VERSION) != _VERSION:
        raise PayloadError("bad_shape", f"SenML version {quoted(said['bver'])} is not known")
    if unknown := [k for k in said if k.endswith("_")]:
        # Section 4.4: a field ending in _ must be understood, or the record ignored.
        raise PayloadError("bad_shape", f"field {quoted(unknown[0])} is not known")
    if "bn" in said:
        base.name = _text(said["bn"])
    if "bu" in said:
        base.unit = _text(said["bu"])
    if "bt" in said:
        base.time_s = number(said["bt"])
    if "bv" in said:
        base.value = number(said["bv"])


def _read(
    collecting: Collecting, device: str, base: _Base, said: dict[str, object], arrived_at_ms: int
) -> None:
    own = _text(said.get("n", ""))
    if "v" not in said:
        if {"vs", "vb", "vd", "s"} & set(said):
            collecting.ignore(base.name + own)
        return
    at_ms, after_ms = None, 0
    if base.time_s is not None or "t" in said:
        time_s = (base.time_s or 0.0) + number(said.get("t", 0.0))
        if time_s < _RELATIVE_BELOW_S:
            after_ms = seconds_ms(time_s)
            epoch_ms(arrived_at_ms + after_ms)
        else:
            at_ms = seconds_ms(time_s)
    unit = _text(said.get("u", base.unit))
    value = base.value + number(said["v"])
    names = (base.name + own, own)
    collecting.value(device, names, value, at_ms, unit, after_ms=after_ms)


def _renamed(mapping: Mapping, name: str) -> str:
    """The device a base name means; such names often end in a separator."""
    trimmed = name.rstrip(":/._")
    return mapping.devices.get(name, mapping.devices.get(trimmed, trimmed))


def _text(value: object) -> str:
    if not isinstance(value, str):
        refuse_repeated(value)
        raise PayloadError("bad_shape", f"{quoted(value)} is not text")
    return value
