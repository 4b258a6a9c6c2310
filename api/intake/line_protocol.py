"""InfluxDB's line protocol: ``meter,device=b7 energy_import_kwh=1.5 1451649600000000000``.

The device is the tag `device`, field names are quantities, the time is in nanoseconds. The
measurement and the other tags are of no consequence: the registry knows better. Source: the
line protocol reference of InfluxDB 2 (escapes: backslash before comma, space, equals sign).
"""

import io
from collections.abc import Iterable, Iterator

from api.intake.posted import (
    PostedValue,
    UnreadableBodyError,
    bad_row,
    number_of_text,
    posted_value,
)

_NS_PER_MS = 1_000_000


def line_protocol(body: bytes, unit_ns: int = 1) -> Iterator[PostedValue]:
    """One line a time of a device; comments (``#``) and empty lines are passed over. Times count
    `unit_ns` nanoseconds."""
    yield from lines_said(text_of_lines(body), 1, unit_ns)


def text_of_lines(body: bytes) -> list[str]:
    """A body's lines."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UnreadableBodyError(f"not UTF-8 at byte {error.start}") from error
    return list(io.StringIO(text, newline="\n"))


def lines_said(lines: Iterable[str], first: int, unit_ns: int) -> Iterator[PostedValue]:
    """What lines say, the first of which is row `first`."""
    for row, raw in enumerate(lines, first):
        line = raw.strip()
        if line and not line.startswith("#"):
            yield from _line(row, line, unit_ns)


def _line(row: int, line: str, unit_ns: int) -> Iterator[PostedValue]:
    series, rest = _cut(line)
    parts = [p for p in _split(rest, " ", quotes=True) if p]
    if len(parts) not in (1, 2):
        yield bad_row(row, "expected: measurement,device=ID quantity=VALUE [nanoseconds]")
        return
    device = device_of(series)
    if not device:
        yield bad_row(row, "no tag device")
        return
    at_ms = _at_ms(parts[1], unit_ns) if len(parts) == 2 else None
    for pair in _split(parts[0], ",", quotes=True):
        name, *value = _split(pair, "=", quotes=True)
        if not name or len(value) != 1:
            yield bad_row(row, "expected quantity=VALUE", device)
        else:
            yield _field(row, device, _plain(name), at_ms, value[0])


def _field(row: int, device: str, quantity: str, at_ms: int | None, text: str) -> PostedValue:
    # Integers end in i, unsigned ones in u; text and truth values are no readings.
    value = number_of_text(text[:-1] if text[-1:] in ("i", "u") else text)
    return posted_value(row, device, quantity, at_ms, value)


def device_of(series: str) -> str:
    """The tag `device` of a measurement and its tags; empty if there is none."""
    for tag in _split(series, ",")[1:]:
        name, *rest = _split(tag, "=")
        if name == "device" and len(rest) == 1:
            return _plain(rest[0])
    return ""


def _at_ms(text: str, unit_ns: int) -> int | None:
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 20:
        return None
    return int(text) * unit_ns // _NS_PER_MS


def _cut(line: str) -> tuple[str, str]:
    """Measurement and tags, and the rest, which begins at the first unescaped space."""
    series = _split(line, " ")[0]
    return series, line[len(series) + 1 :]


def _split(text: str, separator: str, *, quotes: bool = False) -> list[str]:
    """Split at separators that are not escaped and, where `quotes` count (only in fields),
    not inside double quotes."""
    if "\\" not in text and not (quotes and '"' in text):
        return text.split(separator)
    parts, begin, quoted, escaped = [], 0, False, False
    for i, char in enumerate(text):
        if escaped:
            escaped = False
        elif char == "\\":
            escaped = True
        elif quotes and char == '"':
            quoted = not quoted
        elif char == separator and not quoted:
            parts.append(text[begin:i])
            begin = i + 1
    return [*parts, text[begin:]]


def _plain(text: str) -> str:
    for char in ", =":
        text = text.replace(f"\\{char}", char)
    return text
