"""Corrections as people write them: local times, and tables of comma-separated values."""

import csv
from collections.abc import Iterator, Mapping
from datetime import datetime

from config.texts import refusal_text
from domain.calendar import to_ms
from domain.corrections import Correction
from domain.errors import ConfigError
from domain.instants import InstantError, parse_instant
from domain.judge import Refusal, quoted
from domain.registry import Registry

NEEDED = ("device", "quantity", "time")
OPTIONAL = ("value", "leave_out", "reason", "by")
_YES, _NO = {"true", "yes", "1", "x"}, {"", "false", "no", "0"}


class RefusedError(ValueError):
    """Part of a correction cannot be read. Caught here; people see its sentence."""

    def __init__(self, code: str, **values: object) -> None:
        super().__init__(refusal_text(Refusal(code, values), "en"))


def instant_ms(text: str, timezone: str) -> int:
    """The instant of an ISO 8601 time, local to `timezone` when it says no offset.

    Raises RefusedError for what is no time, and for local times that are there twice or never.
    """
    try:
        return to_ms(parse_instant(text.strip(), timezone=timezone))
    except InstantError as error:
        if error.fault in ("no_such_time", "two_such_times"):
            raise RefusedError(error.fault, text=text, timezone=timezone) from None
        raise RefusedError("bad_local_time", text=text) from None


def timezone_of(registry: Registry, device: str) -> str:
    """Of the device's institution. Raises RefusedError for a device nobody registered."""
    known = registry.device_by_id.get(device)
    if known is None:
        raise RefusedError("unknown_device", device=device)
    return registry.institution_by_id[known.institution].timezone


def read_corrections(
    table: str, file: str, registry: Registry, *, by: str, reason: str, now: datetime
) -> list[Correction]:
    """The corrections of a CSV table: device, quantity, time, value or leave_out, reason, by.

    `by` and `reason` hold for rows that do not say. Raises ConfigError naming `file` and every
    row that cannot be read.
    """
    found, wrong = [], []
    for line, row in _rows(table, file):
        try:
            found.append(_of_row(row, registry, by, reason, now))
        except RefusedError as error:
            wrong.append(f"line {line}: {error}")
    if wrong:
        raise ConfigError(f"nothing of {file} was entered:\n  " + "\n  ".join(wrong))
    if not found:
        raise ConfigError(f"{file} has no rows: write one a correction, below the header")
    return found


def _rows(table: str, file: str) -> Iterator[tuple[int, Mapping[str, str]]]:
    reader = csv.DictReader(table.splitlines(), strict=True)
    try:
        names = [n.strip().lower() for n in reader.fieldnames or ()]
        unknown = set(names) - {*NEEDED, *OPTIONAL}
        if unknown or not set(NEEDED) <= set(names):
            raise ConfigError(
                f"{file}: the header must name {', '.join(NEEDED)} and may name "
                f"{', '.join(OPTIONAL)}; it is {', '.join(names) or 'empty'}"
            )
        reader.fieldnames = names
        for row in reader:
            yield reader.line_num, {k: (v or "").strip() for k, v in row.items() if k}
    except csv.Error as error:
        raise ConfigError(f"{file}, line {reader.line_num}: {error}") from error


def _of_row(
    row: Mapping[str, str], registry: Registry, by: str, reason: str, now: datetime
) -> Correction:
    return Correction(
        device=row["device"],
        quantity=row["quantity"],
        at_ms=instant_ms(row["time"], timezone_of(registry, row["device"])),
        value=_value(row.get("value", ""), row.get("leave_out", "")),
        author=row.get("by") or by,
        reason=row.get("reason") or reason,
        entered_at=now,
    )


def _value(value: str, leave_out: str) -> float | None:
    """The number; None to leave the reading out, which has to be said."""
    if leave_out.lower() not in _YES | _NO:
        raise RefusedError("bad_flag", text=leave_out)
    gone = leave_out.lower() in _YES
    if gone and value:
        raise RefusedError("two_values")
    if not gone and not value:
        raise RefusedError("no_value")
    try:
        return None if gone else float(value)
    except ValueError:
        raise RefusedError("bad_value", value=quoted(value)) from None
