"""Readings as InfluxDB line protocol, and names as InfluxQL.

Measurement = device class, tags device and institution, a field per quantity; readings of the
same device and time go in one line. Source: InfluxDB 2.x line protocol reference.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

from domain.readings import Reading, Series
from store.readings.port import DeviceTags, Directory

_ESCAPED_IN_TAG = re.compile(r"([,= ])")
_NOT_WRITABLE = (
    "InfluxDB cannot hold a device or institution id like this"
    " (control character, or backslash before comma, space, equals sign or end)"
)
_DEVICES_REMEMBERED = 100_000
# A backslash is itself; only one that would meet an escape or end the value cannot be said.
_NOT_A_TAG = re.compile(r"[\x00-\x1f\x7f]|\\[,= ]|\\$|^$")


def escaped_tag(value: str) -> str:
    """A tag value as line protocol and InfluxDB's CSV answers write it."""
    return _ESCAPED_IN_TAG.sub(r"\\\1", value)


def why_not_writable(device: str, directory: Directory) -> str | None:
    """Why InfluxDB could not hold readings of a device, or None."""
    tags = directory.get(device)
    if tags is None:
        return "the device is not in the directory"
    return None if _is_writable(device, tags) else _NOT_WRITABLE


@lru_cache(maxsize=_DEVICES_REMEMBERED)
def _is_writable(device: str, tags: DeviceTags) -> bool:
    return not (_NOT_A_TAG.search(device) or _NOT_A_TAG.search(tags.institution or "-"))


def encode(readings: Sequence[Reading], directory: Directory) -> bytes:
    """One line for each device and time, in nanoseconds."""
    heads = {device: _head(device, directory[device]) for device in {r[0] for r in readings}}
    names = {quantity: escaped_tag(quantity) for quantity in {r[1] for r in readings}}
    lines: dict[tuple[str, int], str] = {}
    for device, quantity, at_ms, value in readings:
        if (device, at_ms) in lines:
            lines[device, at_ms] += f",{names[quantity]}={float(value)!r}"
        else:
            lines[device, at_ms] = f"{heads[device]} {names[quantity]}={float(value)!r}"
    return "\n".join([f"{line} {at_ms}000000" for (_, at_ms), line in lines.items()]).encode()


def encode_singly(readings: Sequence[Reading], directory: Directory) -> bytes:
    """One line for each reading, so that none shares the fate of another."""
    return b"\n".join(encode([r], directory) for r in readings)


@lru_cache(maxsize=_DEVICES_REMEMBERED)
def _head(device: str, tags: DeviceTags) -> str:
    institution = f",institution={escaped_tag(tags.institution)}" if tags.institution else ""
    return f"{tags.device_class},device={escaped_tag(device)}{institution}"


def quoted_name(name: str) -> str:
    """A measurement, field or tag key in InfluxQL."""
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _quoted_text(value: str) -> str:
    """A string in InfluxQL."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n") + "'"


def any_device(devices: Sequence[str]) -> str:
    """The InfluxQL condition that the device is one of these."""
    if len(devices) == 1:
        return f'"device" = {_quoted_text(devices[0])}'
    # One pattern is several times as fast as many comparisons.
    pattern = "|".join(re.escape(d).replace("/", r"\/") for d in devices)
    return f'"device" =~ /^({pattern})$/'


def by_quantity(series: Sequence[Series]) -> dict[str, list[str]]:
    """Quantity → its devices, each once."""
    found: dict[str, dict[str, None]] = {}
    for device, quantity in series:
        found.setdefault(quantity, {})[device] = None
    return {quantity: list(devices) for quantity, devices in found.items()}
