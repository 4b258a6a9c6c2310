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
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from domain.calendar import from_ms, to_ms
from domain.errors import ConfigError

KINDS: dict[str, str] = {
    "loss": "readings that never come (`rate` of them inside)",
    "duplicate": "messages sent twice",
    "reorder": "messages out of order",
    "burst": "nothing during the time, then everything at once",
    "rollover": "the register reaches its largest value (`size`) at the start and begins at 0",
    "swap": "another meter from the start on, its register beginning at `value`",
    "reset": "the register falls to 0 at the start and counts on from there",
    "spike": "single readings far off (times `factor`)",
    "stuck": "the same value again and again, then the right one",
    "drift": "a measurement goes off by `per_day` more each day",
    "unit_slip": "the value in another unit (times `factor`)",
    "zone_slip": "the clock off by `slip_h` hours",
    "clock_drift": "the clock gains `per_day` seconds a day",
    "malformed": "bytes that are no message, in place of `rate` of the readings",
    "flapping": "the line breaks, without a goodbye, at `rate` of the readings, and comes back",
    "wrong_credentials": "somebody tries to log in as the device, at `rate` of the readings",
    "oversized": "beside `rate` of the readings a message of several MB in the device's name",
}
ON_REGISTERS = frozenset({"rollover", "swap", "reset"})
"""Kinds that make sense for registers only."""
ON_STATES = frozenset({"drift"})
"""Kinds that make sense for measurements only."""
ON_LINES = frozenset({"flapping", "wrong_credentials", "oversized"})
"""Kinds that befall the device's line, and leave its readings as they are."""


@dataclass(frozen=True)
class FaultSpec:
    """One ``[[fault]]`` table. Numbers a kind does not use are ignored by it."""

    kind: str
    devices: tuple[str, ...] = ("*",)
    quantities: tuple[str, ...] = ("*",)
    share: float = 1.0
    start_at: datetime | None = None
    hours: float = 24.0
    rate: float = 1.0
    factor: float = 1000.0
    value: float = 12.0
    size: float = 1_000_000.0
    per_day: float = 0.2
    slip_h: float = 8.0


_LISTS = ("devices", "quantities")
_NUMBERS = ("share", "hours", "rate", "factor", "value", "size", "per_day", "slip_h")


def read_faults(path: Path) -> tuple[FaultSpec, ...]:
    """The faults of a file. Raises ConfigError that names the place and what may stand there."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"the fault file {path} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not TOML: {error}") from error
    return parse_faults(content, str(path))


def parse_faults(content: dict[str, Any], where: str) -> tuple[FaultSpec, ...]:
    """Faults from a parsed file. Raises ConfigError."""
    tables = content.get("fault", [])
    if set(content) - {"fault"} or not isinstance(tables, list):
        raise ConfigError(f"{where} may hold [[fault]] tables and nothing else")
    return tuple(_spec(f"{where}, fault {i}", t) for i, t in enumerate(tables, 1))


def _spec(where: str, table: object) -> FaultSpec:
    if not isinstance(table, dict):
        raise ConfigError(f"{where}: write it as a [[fault]] table")
    kind = table.get("kind")
    if kind not in KINDS:
        raise ConfigError(f"{where}: kind {kind!r} is not known; there are {', '.join(KINDS)}")
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
    return FaultSpec(kind=kind, start_at=_start(where, table.get("start")), **given)


def _names(where: str, key: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not value or not all(isinstance(v, str) for v in value):
        raise ConfigError(f'{where}: {key} must be a list of names, for example ["*-elec"]')
    return tuple(value)


def _number(where: str, key: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ConfigError(f"{where}: {key} must be a number")
    if key in ("share", "rate") and not 0 <= value <= 1:
        raise ConfigError(f"{where}: {key} is a share between 0 and 1")
    if key in ("hours", "size") and value <= 0:
        raise ConfigError(f"{where}: {key} must be more than 0")
    return float(value)


def _start(where: str, value: object) -> datetime | None:
    if value is None:
        return None
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise ConfigError(
            f"{where}: start must be a time with its zone, for example 2026-09-05T08:00:00+08:00"
        )
    return from_ms(to_ms(value.astimezone(UTC)))
