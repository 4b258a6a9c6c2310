"""The formats a body may have, each a pure function from bytes to posted values.

They raise UnreadableBodyError only when nothing of the body can be told apart; otherwise a
broken row is a value with an error, and the rows beside it are not touched.
"""

import csv
import io
from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec

from api.intake.posted import (
    PostedValue,
    UnreadableBodyError,
    bad_row,
    number_of_text,
    posted_value,
    time_ms,
)
from config.written import Repeated, lenient_json, names_once, text_of
from domain.judge import Refusal, quoted, read_number

if TYPE_CHECKING:
    from _csv import Reader as Table


def native_json(body: bytes) -> Iterator[PostedValue]:
    """Native JSON: one object, an array of them, or a gateway's map.

    An object is ``{"device": "b7", "ts": 1451649600512, "values": {"water_m3": 1.5}}``;
    a gateway's map is ``{"b7": [{"ts": …, "values": {…}}]}``. `ts` is ms or RFC 3339.
    """
    content = _decode(body)
    if isinstance(content, list):
        for row, item in enumerate(content, 1):
            yield from _telemetry(row, item)
    elif isinstance(content, dict) and isinstance(content.get("values"), dict):
        yield from _telemetry(1, content)
    elif isinstance(content, dict):
        yield from _gateway(content)
    else:
        raise UnreadableBodyError("expected an object or an array of objects")


def ndjson_lines(body: bytes, first: int) -> Iterator[PostedValue]:
    """One native object a line, the first of which is row `first`; empty lines are passed over."""
    for row, line in enumerate(io.BytesIO(body), first):
        if line.strip():
            yield from object_said(row, line)


def object_said(row: int, written: bytes) -> Iterator[PostedValue]:
    """What one native object says; as a whole a bad row if it is not JSON."""
    try:
        item = _decode(written)
    except UnreadableBodyError as error:
        yield bad_row(row, str(error))
    else:
        yield from _telemetry(row, item)


def _decode(body: bytes) -> object:
    """JSON, a name that an object holds twice as `Repeated`. C's words for no number are none."""
    try:
        content = msgspec.json.decode(body)
        return content if names_once(content, body) else lenient_json(text_of(body))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        try:
            return lenient_json(text_of(body))
        except (ValueError, RecursionError):
            raise UnreadableBodyError(f"not JSON: {error}") from error


def _items(said: object) -> list[object]:
    """What is said of a device of a gateway's map; one named twice says both."""
    if isinstance(said, Repeated):
        return [item for part in said for item in _items(part)]
    return said if isinstance(said, list) else [said]


def _gateway(content: dict[str, object]) -> Iterator[PostedValue]:
    row = 0
    for device, items in content.items():
        for item in _items(items):
            row += 1
            if isinstance(item, dict):
                yield from _telemetry(row, {**item, "device": device})
            else:
                yield bad_row(row, "expected {ts, values} of a device", device)


def _telemetry(row: int, item: object) -> Iterator[PostedValue]:
    if not isinstance(item, dict):
        yield bad_row(row, "expected an object with device, ts and values")
        return
    device, values = item.get("device"), item.get("values")
    name = device if isinstance(device, str) else ""
    if not name or not isinstance(values, dict) or not values:
        yield bad_row(row, "expected an object with device, ts and values", name)
        return
    at_ms = time_ms(item.get("ts"))
    for quantity, raw in values.items():
        yield posted_value(row, name, quantity, at_ms, _number(raw))


def _number(raw: object) -> float | Refusal:
    if isinstance(raw, Repeated):
        return Refusal("repeated_name", {"value": quoted(raw)})
    return read_number(raw)


COLUMNS = {"设备": "device", "设备编号": "device", "时间": "ts", "采集时间": "ts"}
COLUMNS |= {"数据项": "quantity", "数值": "value", "读数": "value"}
"""What columns are called in Chinese; others are taken as they are."""


VERDICT_COLUMNS = ("verdict", "verdict_code", "verdict_field", "verdict_reason")
"""What an answer adds to a posted table (see `api.routes.posted.judged_table`). When it is mended and
posted again they say nothing."""


def comma_separated(body: bytes, timezone: str | None = None) -> Iterator[PostedValue]:
    """CSV (UTF-8, UTF-16 or GBK; with commas, semicolons or tabs) with a header: device, ts and
    either quantity and value, or one column a quantity. Empty cells of such a column mean nothing
    was measured and are passed over, as are the columns of a verdict. With a `timezone`, times without a zone are local there."""
    text = text_of_table(body)
    reader = table_of(text, separator_of(text))
    header: list[str] | None = None
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as error:
            yield bad_row(reader.line_num, str(error))
            continue
        if cells is None:
            break
        if header is None:
            header = header_of(cells)
        elif cells:
            yield from _cells(reader.line_num, header, cells, timezone)
    if header is None:
        raise UnreadableBodyError("no header: expected device,ts,quantity,value")


def text_of_table(body: bytes) -> str:
    try:
        return text_of(body, chinese=True)
    except ValueError as error:
        raise UnreadableBodyError(str(error)) from error


def separator_of(text: str) -> str:
    """What stands between the cells of a table, by its first line."""
    first = text.partition("\n")[0]
    return max(",;\t", key=first.count)


def table_of(text: str, separator: str) -> "Table":
    """What reads a table's rows of cells."""
    return csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)


def row_said(
    row: int, header: list[str], line: str, separator: str, timezone: str | None
) -> Iterator[PostedValue]:
    """What one line of a table without quotes says; an empty one, nothing."""
    try:
        for cells in table_of(line, separator):
            yield from _cells(row, header, cells, timezone)
    except csv.Error as error:
        yield bad_row(row, str(error))


def header_of(cells: list[str]) -> list[str]:
    """The names of the columns. Raises UnreadableBodyError if they are not enough to tell what
    the rows say."""
    header = [COLUMNS.get(c.strip(), c.strip()) for c in cells]
    wide = [c for c in header if c not in ("device", "ts", *VERDICT_COLUMNS)]
    if not {"device", "ts"} <= set(header) or not wide or len(set(header)) != len(header):
        raise UnreadableBodyError(
            "the header must name device, ts and either quantity,value or one column a quantity, "
            "each once"
        )
    if ("quantity" in wide or "value" in wide) and set(wide) != {"quantity", "value"}:
        raise UnreadableBodyError("with quantity there must be value, and nothing else")
    return header


def _cells(
    row: int, header: list[str], cells: list[str], timezone: str | None
) -> Iterator[PostedValue]:
    if len(cells) != len(header):
        yield bad_row(row, f"{len(cells)} cells, the header has {len(header)}")
        return
    by_name = {n: c.strip() for n, c in zip(header, cells, strict=True)}
    if VERDICT_COLUMNS[0] in by_name:
        by_name = {n: unmarked(c) for n, c in by_name.items() if n not in VERDICT_COLUMNS}
    device, at_ms = by_name.pop("device"), time_ms(by_name.pop("ts"), timezone)
    if "quantity" in by_name:
        value = number_of_text(by_name["value"])
        yield posted_value(row, device, by_name["quantity"], at_ms, value)
        return
    for quantity, cell in by_name.items():
        if cell:
            yield posted_value(row, device, quantity, at_ms, number_of_text(cell))


def unmarked(cell: str) -> str:
    """A cell of an answered table as it was sent: without the mark that it is no formula."""
    return cell.removeprefix("'")
