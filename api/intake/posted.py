"""A posted value before it is judged."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from domain.calendar import to_ms
from domain.instants import InstantError, parse_instant
from domain.judge import LARGEST_MS, Refusal, read_number
from domain.readings import Reading


class UnreadableBodyError(Exception):
    """The body as a whole is not of its format; the text says where and why."""


@dataclass(frozen=True, slots=True)
class PostedValue:
    """One value as posted. `row` is its position in the body, from 1 (a line, or an element).

    `said` is what it says, to be judged; or why it could not be read.
    """

    row: int
    device: str
    quantity: str
    said: Reading | Refusal


class Columns(NamedTuple):
    """Many values as posted, each with a device, a time and a finite number: for each its row, as
    in PostedValue, and what a Reading has."""

    row: list[int]
    device: list[str]
    quantity: list[str]
    at_ms: list[int]
    value: list[float]

    def values(self) -> Iterator[PostedValue]:
        """The same one by one."""
        for row, device, quantity, at_ms, value in zip(*self, strict=True):
            said = Reading(device, quantity, at_ms, value)
            yield PostedValue(row, said.device, said.quantity, said)

    def first(self, count: int) -> "Columns":
        row, device, quantity, at_ms, value = self
        return Columns(row[:count], device[:count], quantity[:count], at_ms[:count], value[:count])


def bad_row(row: int, reason: str, device: str = "", quantity: str = "") -> PostedValue:
    return PostedValue(row, device, quantity, Refusal("bad_row", {"reason": reason}))


def posted_value(
    row: int, device: str, quantity: str, at_ms: int | None, value: float | Refusal
) -> PostedValue:
    """A value with its time; of both being wrong, the time is what is said."""
    said: Reading | Refusal
    if at_ms is None:
        said = Refusal("bad_time")
    else:
        said = value if isinstance(value, Refusal) else Reading(device, quantity, at_ms, value)
    return PostedValue(row, device, quantity, said)


def time_ms(raw: object, timezone: str | None = None) -> int | None:
    """Milliseconds since the epoch of a posted time: a whole number of ms, or RFC 3339 text
    with a zone. With a `timezone`, a text without one is local there, also as spreadsheets write
    it (``2026/3/5 14:00``); the hour that is there twice in autumn, or never in spring, is none.
    None when it is nothing of it."""
    if isinstance(raw, bool):
        return None
    if isinstance(raw, int):
        return raw if abs(raw) <= LARGEST_MS else None
    if isinstance(raw, float):
        return int(raw) if raw.is_integer() and abs(raw) <= LARGEST_MS else None
    if isinstance(raw, str):
        return _time_of_text(raw.strip(), timezone)
    return None


_OF_SPREADSHEETS = re.compile(
    r"([0-9]{4})[-/]([0-9]{1,2})[-/]([0-9]{1,2})[ T]([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?"
)


def _time_of_text(text: str, timezone: str | None) -> int | None:
    digits = text.removeprefix("-")
    if digits.isascii() and digits.isdigit():
        return time_ms(int(text)) if len(digits) <= 19 else None
    if timezone is not None and (parts := _OF_SPREADSHEETS.fullmatch(text)):
        year, *others = (int(part or 0) for part in parts.groups())
        month, day, hour, minute, second = others
        text = f"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}"
    try:
        return to_ms(parse_instant(text, timezone=timezone))
    except InstantError:
        return None


def number_of_text(text: str) -> float | Refusal:
    """A number written as text (CSV, line protocol): plain decimal, ASCII."""
    text = text.strip()
    try:
        value = float(text) if text.isascii() and "_" not in text else None
    except ValueError:
        value = None
    return read_number(text if value is None else value)
