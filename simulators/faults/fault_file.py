"""Fault files: which faults, on which devices, from when, how often.

A file holds ``[[fault]]`` tables::

    [[fault]]
    kind = "spike"            # one of KINDS
    devices = ["*-elec"]      # names of devices, with * and ?
    quantities = ["*"]        # of these, which quantities
    share = 0.1               # how many of those devices have it (drawn by the seed)
    start = 2026-09-05T08:00:00+08:00
    hours = 24                # how long it lasts
    rate = 0.02               # at how many of the readings inside it strikes

`start` may be left out: then each device's fault begins at a time of its own, drawn by the
seed between the 4th and the 22nd of a month of the scenario. Every fault that happened is
written to the truth.
"""

import tomllib
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from domain.calendar import from_ms, to_ms
from domain.errors import ConfigError
from simulators.faults.fault import Fault, check_of, own_numbers
from simulators.faults.kinds import KINDS

_LISTS = ("devices", "quantities")
_COMMON = tuple(f for f in fields(Fault) if f.type is float)
_NUMBERS = {f.name: f for f in (*_COMMON, *(f for k in KINDS.values() for f in own_numbers(k)))}
"""Every number a table may hold; those its kind does not take are ignored."""


def read_faults(path: Path) -> tuple[Fault, ...]:
    """The faults of a file. Raises ConfigError that names the place and what may stand there."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"the fault file {path} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not TOML: {error}") from error
    return parse_faults(content, str(path))


def parse_faults(content: dict[str, Any], where: str) -> tuple[Fault, ...]:
    """Faults from a parsed file. Raises ConfigError."""
    tables = content.get("fault", [])
    if set(content) - {"fault"} or not isinstance(tables, list):
        raise ConfigError(f"{where} may hold [[fault]] tables and nothing else")
    return tuple(_fault(f"{where}, fault {i}", t) for i, t in enumerate(tables, 1))


def _fault(where: str, table: object) -> Fault:
    if not isinstance(table, dict):
        raise ConfigError(f"{where}: write it as a [[fault]] table")
    name = table.get("kind")
    if name not in KINDS:
        raise ConfigError(f"{where}: kind {name!r} is not known; there are {', '.join(KINDS)}")
    unknown = sorted(set(table) - {"kind", "start", *_LISTS, *_NUMBERS})
    if unknown:
        raise ConfigError(
            f"{where}: {unknown[0]!r} is not known; there are kind, start, "
            + ", ".join((*_LISTS, *_NUMBERS))
        )
    given: dict[str, Any] = {}
    for key in _LISTS:
        if key in table:
            given[key] = _names(where, key, table[key])
    for key in _NUMBERS:
        if key in table:
            given[key] = _number(where, key, table[key])
    given["start_at"] = _start(where, table.get("start"))
    taken = {f.name for f in fields(KINDS[name])}
    return KINDS[name](**{key: value for key, value in given.items() if key in taken})


def _names(where: str, key: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not value or not all(isinstance(v, str) for v in value):
        raise ConfigError(f'{where}: {key} must be a list of names, for example ["*-elec"]')
    return tuple(value)


def _number(where: str, key: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ConfigError(f"{where}: {key} must be a number")
    check = check_of(_NUMBERS[key])
    if check and not check.holds(value):
        raise ConfigError(f"{where}: {key} {check.says}")
    return float(value)


def _start(where: str, value: object) -> datetime | None:
    if value is None:
        return None
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise ConfigError(
            f"{where}: start must be a time with its zone, for example 2026-09-05T08:00:00+08:00"
        )
    return from_ms(to_ms(value.astimezone(UTC)))
