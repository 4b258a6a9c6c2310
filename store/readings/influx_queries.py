"""What is asked of InfluxDB, in InfluxQL."""

import re
from collections.abc import Sequence
from typing import Literal

from domain.places import DEVICE_TYPES
from domain.readings import Series
from store.readings.frames import MAX_MS, MIN_MS


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


MEASUREMENTS = ", ".join(map(quoted_name, DEVICE_TYPES))


def select(
    function: str, quantity: str, devices: Sequence[str] | None, first_ms: int, last_ms: int
) -> str:
    """A statement for one field of the devices (None: of all), times inclusive.

    ``::float`` passes over what somebody else wrote into the field as text.
    """
    field = f"{quoted_name(quantity)}::float"
    selected = f"{function}({field})" if function else field
    condition = "" if devices is None else f"{any_device(devices)} AND "
    return (
        f"SELECT {selected} FROM {MEASUREMENTS} WHERE {condition}"
        f'time >= {first_ms}ms AND time <= {last_ms}ms GROUP BY "device"'
    )


def span(function: Literal["first", "last"], bound: int, reach: int) -> tuple[int, int]:
    if function == "last":
        return max(bound - reach, MIN_MS), bound
    return bound, min(bound + reach, MAX_MS)
