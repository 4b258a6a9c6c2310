"""Bodies read in blocks of rows, as columns where every row of a block is plainly good.

What a body says is defined value by value (`api.intake.formats`, `api.intake.line_protocol`); that
costs some microseconds a value. A block of rows is read here at a fraction of it, but only where no
row could be read otherwise there: as soon as anything is unusual (an escape, a quote too many, a
value that is no number, a missing cell) the whole block is left to those. Both say the same of
any body, which is tested.
"""

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, repeat
from math import isfinite
from typing import TypeVar, cast

import msgspec

from api.intake.batches import Part
from api.intake.formats import (
    VERDICT_COLUMNS,
    comma_separated,
    header_of,
    native_json,
    ndjson_lines,
    object_said,
    row_said,
    separator_of,
    text_of_table,
)
from api.intake.line_protocol import device_of, line_protocol, lines_said, text_of_lines
from api.intake.posted import Columns, PostedValue, time_ms

T = TypeVar("T")
Blocks = Callable[[bytes], Iterator[Part]]

_ROWS = 1_000
_DIGITS = 19
"""Of a time, in nanoseconds until the year 2286."""
_EXACT = 2**53


class _Telemetry(msgspec.Struct, gc=False):
    """What one posted object must hold to be plainly good."""

    device: str
    ts: int | str
    values: dict[str, float]


_items = msgspec.json.Decoder(list[_Telemetry])
_lines = msgspec.json.Decoder(_Telemetry)
_raw_items = msgspec.json.Decoder(list[msgspec.Raw])


def json_blocks(body: bytes) -> Iterator[Part]:
    """As `native_json`; only arrays are read in blocks."""
    try:
        body.decode()  # what is only cut into items is not looked at within its strings
        raw = _raw_items.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        yield from native_json(body)
        return
    for start in range(0, len(raw), _ROWS):
        block = raw[start : start + _ROWS]
        written = b"[" + b",".join(map(bytes, block)) + b"]"
        found = _told(_items.decode, written, range(start + 1, start + 1 + len(block)))
        if found is not None:
            yield found
        else:
            for row, item in enumerate(block, start + 1):
                yield from object_said(row, bytes(item))


def ndjson_blocks(body: bytes) -> Iterator[Part]:
    """As `ndjson_lines`, from row 1."""
    row, begin = 1, 0
    while begin < len(body):
        end = _end_of_rows(body, begin)
        block = body[begin:end]
        rows = block.count(b"\n") + (not block.endswith(b"\n"))
        found = None
        # An object a line, and none that goes on in the next.
        if block[:1] == b"{" and block.count(b"}\n{") == rows - 1:
            found = _told(_lines.decode_lines, block, range(row, row + rows))
        if found is not None:
            yield found
        else:
            yield from ndjson_lines(block, row)
        row, begin = row + rows, end


def _end_of_rows(body: bytes, begin: int) -> int:
    """Where some thousand rows end, more or less: behind the line that a fixed share of bytes ends in."""
    end = body.find(b"\n", min(begin + 80 * _ROWS, len(body)))
    return len(body) if end < 0 else end + 1


def _told(
    decode: Callable[[bytes], list[_Telemetry]], written: bytes, rows: Sequence[int]
) -> Columns | None:
    """What so many objects say, one a row."""
    try:
        items = decode(written)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    said = [item.values for item in items]
    device = [item.device for item in items]
    times = [item.ts for item in items]
    at_ms = _instants(times)
    if len(items) != len(rows) or not all(device) or not all(said) or at_ms is None:
        return None
    counts = list(map(len, said))
    found = Columns(
        _repeated(rows, counts),
        _repeated(device, counts),
        list(chain.from_iterable(said)),
        _repeated(at_ms, counts),
        list(chain.from_iterable(map(_values_of, said))),
    )
    # Three names and the device of each, and the times that are text; any other text, and a name
    # that an object holds twice, is two quotes more.
    texts = 4 * len(items) + len(found.value) + list(map(type, times)).count(str)
    if written.count(b'"') != 2 * texts:
        return None
    return found if _surely_numbers(found) else None


_values_of: Callable[[dict[str, float]], Iterable[float]] = dict.values


def _repeated(some: Sequence[T], counts: list[int]) -> list[T]:
    """Each of some so many times in a row."""
    if max(counts) == min(counts) == 1:
        return list(some)
    return list(chain.from_iterable(map(repeat, some, counts)))


def _instants(said: Sequence[int | str], timezone: str | None = None) -> list[int] | None:
    """Times as posted, in ms; None if one is none."""
    if set(map(type, said)) == {int}:
        return cast(list[int], list(said))
    known = {ts: time_ms(ts, timezone) for ts in set(said)}
    found = [at_ms for ts in said if (at_ms := known[ts]) is not None]
    return found if len(found) == len(said) else None


def _surely_numbers(found: Columns) -> bool:
    """No time that a float would round, no value that is not finite."""
    times = found.at_ms
    return min(times) >= -_EXACT and max(times) <= _EXACT and isfinite(sum(found.value))


def csv_blocks(body: bytes, timezone: str | None = None) -> Iterator[Part]:
    """As `comma_separated`; a table with quotes is not read in blocks."""
    text = text_of_table(body).replace("\r\n", "\n")
    if not text or '"' in text or "\r" in text:
        yield from comma_separated(body, timezone)
        return
    lines = text.removesuffix("\n").split("\n")
    separator = separator_of(text)
    header = header_of(lines[0].split(separator))
    if VERDICT_COLUMNS[0] in header:
        yield from comma_separated(body, timezone)
        return
    for start in range(1, len(lines), _ROWS):
        block = lines[start : start + _ROWS]
        rows = list(range(start + 1, start + 1 + len(block)))
        found = _plain_cells(rows, header, block, separator, timezone)
        if found is not None:
            yield found
            continue
        for row, line in zip(rows, block, strict=True):
            yield from row_said(row, header, line, separator, timezone)


def _plain_cells(
    rows: list[int],
    header: list[str],
    block: list[str],
    separator: str,
    timezone: str | None,
) -> Columns | None:
    width = len(header)
    cells = _cut(block, separator, width)
    if cells is None or max(map(len, block)) >= csv.field_size_limit():
        return None
    columns = {name: cells[k::width] for k, name in enumerate(header)}
    device = list(map(str.strip, columns.pop("device")))
    at_ms = _times(columns.pop("ts"), timezone)
    if at_ms is None:
        return None
    if "quantity" in columns:
        value = _numbers(columns["value"])
        quantity = list(map(str.strip, columns["quantity"]))
        return None if value is None else Columns(rows, device, quantity, at_ms, value)
    # One column a quantity: row by row, as they stand, without the empty cells.
    said = [
        (k, name, text)
        for k, across in enumerate(zip(*columns.values(), strict=True))
        for name, text in zip(columns, across, strict=True)
        if text and not text.isspace()
    ]
    value = _numbers([text for _, _, text in said])
    if value is None:
        return None
    return Columns(
        [rows[k] for k, _, _ in said],
        [device[k] for k, _, _ in said],
        [name for _, name, _ in said],
        [at_ms[k] for k, _, _ in said],
        value,
    )


def line_blocks(body: bytes, unit_ns: int = 1) -> Iterator[Part]:
    """As `line_protocol`; with escapes or text it is not read in blocks."""
    if b"\\" in body or b'"' in body:
        yield from line_protocol(body, unit_ns)
        return
    lines = text_of_lines(body)
    devices: dict[str, str] = {}
    for start in range(0, len(lines), _ROWS):
        block = list(map(str.strip, lines[start : start + _ROWS]))
        found = _plain_lines(start + 1, block, devices, unit_ns)
        if found is not None:
            yield found
        else:
            yield from lines_said(block, start + 1, unit_ns)


def _plain_lines(
    first: int, block: list[str], devices: dict[str, str], unit_ns: int
) -> Columns | None:
    """`devices`: those that sets of tags name, as far as they were seen."""
    parts = _cut(block, " ", 3)
    if parts is None:
        return None
    tags, fields, times = parts[0::3], parts[1::3], _whole_numbers(parts[2::3])
    new = set(tags) - devices.keys()
    devices.update((tag, "" if tag.startswith("#") else device_of(tag)) for tag in new)
    counts = [1 + field.count(",") for field in fields]
    pairs = _cut(",".join(fields).split(","), "=", 2)
    if times is None or pairs is None or not all(pairs[0::2]):
        return None
    texts = pairs[1::2]
    if any(map("".join(texts).__contains__, "iu")):  # integers, unsigned ones
        texts = [text[:-1] if text[-1:] in ("i", "u") else text for text in texts]
    value = _numbers(texts)
    device = list(map(devices.__getitem__, tags))
    if value is None or not all(device):
        return None
    return Columns(
        _repeated(range(first, first + len(block)), counts),
        _repeated(device, counts),
        pairs[0::2],
        _repeated([at * unit_ns // 1_000_000 for at in times], counts),
        value,
    )


def _cut(texts: list[str], separator: str, count: int) -> list[str] | None:
    """The parts of all texts in one list, if each has so many."""
    if {text.count(separator) for text in texts} != {count - 1}:
        return None
    return separator.join(texts).split(separator)


def _times(texts: Sequence[str], timezone: str | None) -> list[int] | None:
    """Whole numbers, or RFC 3339; None if there is anything else among them."""
    if (whole := _whole_numbers(texts)) is not None:
        return whole
    return _instants(texts, timezone)


def _whole_numbers(texts: Sequence[str]) -> list[int] | None:
    """None if there is anything but digits, or too many of them."""
    joined = "".join(texts)
    if not (joined.isascii() and joined.isdigit() and min(map(len, texts))):
        return None
    return list(map(int, texts)) if max(map(len, texts)) <= _DIGITS else None


def _numbers(texts: Sequence[str]) -> list[float] | None:
    """Finite decimal numbers in ASCII; None if there is anything else among them."""
    joined = "".join(texts)
    if not joined.isascii() or "_" in joined:
        return None
    try:
        found = list(map(float, texts))
    except ValueError:
        return None
    return found if isfinite(sum(found)) else None


def values(parts: Iterable[Part]) -> Iterator[PostedValue]:
    """The same value by value."""
    return chain.from_iterable(p.values() if isinstance(p, Columns) else (p,) for p in parts)


BLOCKS: dict[str, Blocks] = {
    "application/json": json_blocks,
    "application/x-ndjson": ndjson_blocks,
    "text/csv": csv_blocks,
    "text/plain": line_blocks,
}
"""Content type → reader. ``text/plain`` is InfluxDB's line protocol, as its clients send it."""
