"""A posted value before it is judged, and a refusal."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from domain.calendar import to_ms
from domain.instants import InstantError, parse_instant

MAX_MS = 253_402_300_799_999
"""The last millisecond of the year 9999."""


class UnreadableBodyError(Exception):
    """The body as a whole is not of its format; the text says where and why."""


@dataclass(frozen=True, slots=True)
class RowError:
    """Why something was not stored: `code` is a key ``refused.<code>`` of the API's texts."""

    code: str
    values: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PostedValue:
    """One value as posted. `row` is its position in the body, from 1 (a line, or an element).

    `at_ms` or `value` None, or `error` set: it could not be read, and will be refused.
    """

    row: int
    device: str
    quantity: str
    at_ms: int | None = None
    value: float | None = None
    error: RowError | None = None


def bad_row(row: int, reason: str, device: str = "", quantity: str = "") -> PostedValue:
    return PostedValue(row, device, quantity, error=RowError("bad_row", {"reason": reason}))


def time_ms(raw: object) -> int | None:
    """Milliseconds since the epoch of a posted time: a whole number of ms, or RFC 3339 text
    with a zone. None when it is neither."""
    if isinstance(raw, bool):
        return None
    if isinstance(raw, int):
        return raw if abs(raw) <= MAX_MS else None
    if isinstance(raw, float):
        return int(raw) if raw.is_integer() and abs(raw) <= MAX_MS else None
    if isinstance(raw, str):
        return _time_of_text(raw.strip())
    return None


def _time_of_text(text: str) -> int | None:
    digits = text.removeprefix("-")
    if digits.isascii() and digits.isdigit():
        return time_ms(int(text)) if len(digits) <= 15 else None
    try:
        return to_ms(parse_instant(text))
    except InstantError:
        return None


def number(raw: object) -> float | None:
    """A posted number as a finite float, or None. Text is not a number, nor is true."""
    if isinstance(raw, bool) or not isinstance(raw, int | float):
        return None
    try:
        value = float(raw)
    except OverflowError:
        return None
    return value if math.isfinite(value) else None


def number_of_text(text: str) -> float | None:
    """A number written as text (CSV, line protocol): plain decimal, finite, ASCII."""
    text = text.strip()
    if not text.isascii() or "_" in text:
        return None
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
