"""Numbers, times and JSON as devices send them, read strictly."""

from typing import Any

import msgspec

from config.texts import refusal_text
from config.written import Repeated, lenient_json, names_once, text_of
from domain.calendar import to_ms
from domain.errors import PayloadError
from domain.instants import InstantError, parse_instant
from domain.judge import LARGEST_MS, Refusal, quoted, read_number

UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What msgspec raises for bytes it cannot read as the type wanted."""


def read_json(payload: bytes) -> Any:
    """The payload as plain Python values; names an object holds twice hold `Repeated`.

    ``NaN``, ``-nan`` and ``Infinity`` are no JSON, but gateways send them: they are let
    through here, so that they cost only the value they stand for. Raises PayloadError.
    """
    if not payload.strip():
        raise PayloadError("empty", "the message has no content")
    try:
        content = msgspec.json.decode(payload)
        if names_once(content, payload):
            return content
    except UNREADABLE:
        pass  # msgspec is fast and strict; the slow reader decides
    try:
        text = text_of(payload)
    except ValueError as error:
        raise PayloadError("bad_json", str(error)) from error
    try:
        return lenient_json(text)
    except (ValueError, RecursionError) as error:
        raise PayloadError("bad_json", f"not JSON: {error or type(error).__name__}") from error


def refuse_repeated(value: object) -> None:
    """Raises PayloadError for what an object says twice: nobody knows which is meant."""
    if isinstance(value, Repeated):
        raise PayloadError("repeated_name", f"{len(value)} values under one name: {quoted(value)}")


def number(value: object) -> float:
    """A finite number. Raises PayloadError for text, booleans, null, NaN and infinities.

    >>> number(12)
    12.0
    >>> number("12")
    Traceback (most recent call last):
    domain.errors.PayloadError: bad_value: the value must be a finite number, with a point for decimals and nothing between thousands, not '12'
    """
    found = read_number(value)
    if isinstance(found, Refusal):
        refuse_repeated(value)
        raise PayloadError(found.code, refusal_text(found, "en"))
    return found


def epoch_ms(value: object) -> int:
    """Milliseconds since the epoch as a whole number. Raises PayloadError otherwise."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    refuse_repeated(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise PayloadError("bad_time", f"ts {quoted(value)} is not milliseconds since the epoch")
    if abs(value) > LARGEST_MS:
        raise PayloadError("bad_time", f"ts {quoted(value)} is too large a number")
    return value


def seconds_ms(value: float) -> int:
    """Seconds as whole milliseconds. Raises PayloadError for what no calendar has."""
    if abs(value) > LARGEST_MS / 1000:
        raise PayloadError("bad_time", f"{value!r} s is too large a number")
    return epoch_ms(round(value * 1000))


def iso_ms(text: object) -> int:
    """Milliseconds since the epoch of an ISO 8601 time that carries its zone.

    >>> iso_ms("1970-01-01T08:00:01+08:00")
    1000
    >>> iso_ms("2026-03-15T12:00:00")
    Traceback (most recent call last):
    domain.errors.PayloadError: bad_time: '2026-03-15T12:00:00' does not say its time zone
    """
    refuse_repeated(text)
    if not isinstance(text, str):
        raise PayloadError("bad_time", f"{quoted(text)} is not a time in ISO 8601")
    try:
        return to_ms(parse_instant(text))
    except InstantError as error:
        reasons = {
            "no_zone": f"{quoted(text)} does not say its time zone",
            "beyond": f"{error.at} is beyond the calendar",
        }
        reason = reasons.get(error.fault, f"{quoted(text)} is not a time in ISO 8601")
        raise PayloadError("bad_time", reason) from error
