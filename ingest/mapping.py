"""Which topics carry which format, and what the names in it mean."""

import tomllib
from collections.abc import Mapping as MappingOf
from dataclasses import dataclass, field, fields
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from config.written import text_of
from domain.errors import ConfigError
from domain.quantities import QUANTITIES
from ingest.units import conversion


@dataclass(frozen=True, slots=True)
class Field:
    """What a name in a payload becomes: ``value × scale + offset`` in `unit`, and that in the
    quantity's unit (an empty `unit` is the quantity's).

    `device` is the device meant where one message speaks for several, otherwise empty.
    """

    quantity: str
    scale: float = 1.0
    offset: float = 0.0
    unit: str = ""
    device: str = ""

    def convert(self, value: float, unit: str = "") -> float | None:
        """The value in the quantity's unit; `unit` is the one the payload names, if it does.

        None when that unit cannot become the quantity's.

        >>> pulses = Field("water_m3", scale=10.0, unit="L")  # a pulse every ten litres
        >>> round(pulses.convert(250), 6)
        2.5
        """
        sent = unit or self.unit
        value = value * self.scale + self.offset
        if not sent:
            return value
        found = conversion(sent, QUANTITIES[self.quantity].unit)
        return None if found is None else value * found[0] + found[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapping:
    """One kind of message: its topics, its format and how its names become ours.

    `topic` is an MQTT filter (``+`` and ``#``). `device` names the device by levels of the
    topic, counted from 0: ``"{2}"`` is the third level, ``"z2m-{1}"`` puts a prefix before it.
    `devices` renames devices as the topic or the payload calls them. `fields` says what the
    names in the payload are; a format's own names need none. `timezone` is that of times that
    do not say theirs. `account` is who alone may publish there, a gateway of the registry, which
    speaks for its own devices only: a name, or levels of the topic as in `device`; empty: the
    devices themselves. `ignore` are names that are neither readings nor worth a complaint.
    """

    topic: str
    format: str
    device: str = ""
    devices: MappingOf[str, str] = field(default_factory=dict, hash=False)
    fields: MappingOf[str, Field] = field(default_factory=dict, hash=False)
    timezone: str = ""
    account: str = ""
    ignore: frozenset[str] = frozenset()

    def device_of(self, topic: str) -> str:
        """The device a topic names, empty when the mapping takes it from the payload.

        Raises ConfigError when the topic has fewer levels than `device` wants.

        >>> hall = Mapping(topic="z2m/+", format="zigbee2mqtt", device="z2m-{1}")
        >>> hall.device_of("z2m/hall")
        'z2m-hall'
        """
        name = _from_levels(self.device, topic) if self.device else ""
        return self.devices.get(name, name)

    def account_of(self, topic: str) -> str:
        """Who published by this topic, if that is a gateway; else empty."""
        return _from_levels(self.account, topic) if self.account else ""


@lru_cache(maxsize=50_000)
def _from_levels(template: str, topic: str) -> str:
    try:
        return template.format(*topic.split("/"))
    except (IndexError, KeyError, ValueError, AttributeError) as error:
        raise ConfigError(
            f"device = {template!r} does not fit topic {topic!r}: "
            'write the topic level, counted from 0, as in "{2}"'
        ) from error


NATIVE = (
    Mapping(topic="civicmeter/v1/+/telemetry", format="native", device="{2}"),
    Mapping(topic="civicmeter/v1/gateway/+/telemetry", format="gateway", account="{3}"),
)
"""The topics every installation listens to."""


def read_mappings(path: Path) -> tuple[Mapping, ...]:
    """The mappings of a TOML file. Raises ConfigError that names the place."""
    try:
        content = tomllib.loads(text_of(path.read_bytes()))
    except OSError as error:
        raise ConfigError(f"the mapping {path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise ConfigError(f"{path} is not TOML: {error}") from error
    tables = content.pop("mapping", [])
    if content or not isinstance(tables, list) or not all(isinstance(t, dict) for t in tables):
        raise ConfigError(f"{path} may hold [[mapping]] tables and nothing else")
    return tuple(_mapping(f"{path}, mapping {i}", t) for i, t in enumerate(tables, 1))


def _mapping(where: str, table: dict[str, Any]) -> Mapping:
    known = {f.name for f in fields(Mapping)}
    if unknown := sorted(set(table) - known):
        raise ConfigError(f"{where}: {unknown[0]!r} is not known; there are {_listed(known)}")
    for key in ("topic", "format"):
        if not isinstance(table.get(key), str):
            raise ConfigError(f"{where}: {key} is missing")
    topic = _checked_filter(where, table["topic"])
    for key in ("device", "timezone", "account"):
        if not isinstance(table.get(key, ""), str):
            raise ConfigError(f"{where}: {key} must be text")
    devices, ignore = table.get("devices", {}), table.get("ignore", [])
    if not isinstance(devices, dict) or not all(isinstance(d, str) for d in devices.values()):
        raise ConfigError(f"{where}: devices must be names = device ids")
    if not isinstance(ignore, list) or not all(isinstance(i, str) for i in ignore):
        raise ConfigError(f"{where}: ignore must be a list of names")
    named = table.get("fields", {})
    if not isinstance(named, dict):
        raise ConfigError(f"{where}: fields must be a table")
    mapping = Mapping(
        topic=topic,
        format=table["format"],
        device=table.get("device", ""),
        devices=devices,
        fields={name: _field(f"{where}, field {name!r}", f) for name, f in named.items()},
        timezone=_checked_zone(where, table.get("timezone", "")),
        account=table.get("account", ""),
        ignore=frozenset(ignore),
    )
    # A level the filter cannot have is found now, not by the first message.
    longest = topic.replace("#", "+/" * 16) if "#" in topic else topic
    mapping.device_of(longest)
    mapping.account_of(longest)
    return mapping


def _field(where: str, value: object) -> Field:
    table = {"quantity": value} if isinstance(value, str) else value
    known = {"quantity", "unit", "scale", "offset", "device"}
    if not isinstance(table, dict) or set(table) - known:
        raise ConfigError(f"{where}: write a quantity, or a table of {_listed(known)}")
    quantity = QUANTITIES.get(table.get("quantity", ""))
    if quantity is None:
        raise ConfigError(
            f"{where}: {table.get('quantity')!r} is not a quantity; there are {_listed(QUANTITIES)}"
        )
    scale, offset = table.get("scale", 1.0), table.get("offset", 0.0)
    for number in (scale, offset):
        if isinstance(number, bool) or not isinstance(number, int | float):
            raise ConfigError(f"{where}: scale and offset must be numbers")
    unit, device = table.get("unit", ""), table.get("device", "")
    if not isinstance(unit, str) or not isinstance(device, str):
        raise ConfigError(f"{where}: unit and device must be text")
    if unit and conversion(unit, quantity.unit) is None:
        raise ConfigError(f"{where}: {unit!r} cannot become {quantity.unit}: use scale and offset")
    return Field(quantity.name, float(scale), float(offset), unit, device)


def _checked_filter(where: str, topic: str) -> str:
    levels = topic.split("/")
    wrong = any(
        ("+" in level and level != "+") or ("#" in level and (level != "#" or i < len(levels) - 1))
        for i, level in enumerate(levels)
    )
    if wrong or not topic or "\0" in topic:
        raise ConfigError(
            f"{where}: {topic!r} is not a topic filter: + stands for a whole level, # for the rest"
        )
    return topic


def _checked_zone(where: str, name: str) -> str:
    if name:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ConfigError(
                f'{where}: {name!r} is not a time zone: write one as "Asia/Shanghai"'
            ) from error
    return name


def _listed(names: Any) -> str:
    return ", ".join(sorted(names))
