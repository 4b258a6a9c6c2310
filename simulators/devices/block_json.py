"""Rows of a block as JSON text, a whole block at a time and without a Python object a number.

The text of a row is a record of fields of fixed width: constant pieces, and numbers in groups of
four digits that are looked up in tables. What is shorter than its field ends in NUL bytes, which
are taken out when rows are joined (JSON never holds a NUL).
"""

from functools import lru_cache

import msgspec
import numpy as np
from numpy.typing import NDArray

from simulators.devices.block import DECIMALS, Block
from simulators.devices.grid import Floats, Ints

Bools = NDArray[np.bool_]
Rows = NDArray[np.void]
Texts = NDArray[np.bytes_]
_GROUP = 10_000
_MOST = _GROUP**3
"""Scaled numbers below it have at most 12 digits, so a float is the nearest to one only of them:
the shortest text for the float is that number's."""
_encoder = msgspec.json.Encoder()


def texts_of(block: Block, count: int) -> list[bytes]:
    """``{"ts":…,"values":{…}}`` of so many rows at a time with commas between them; nothing is
    said of a row where the device said nothing. The block has at least one row.
    """
    rows = _rows(block)
    text, size = rows.tobytes(), count * rows.itemsize
    return [
        text[start : start + size].replace(b"\0", b"")[:-1] for start in range(0, len(text), size)
    ]


def _rows(block: Block) -> Rows:
    known = None if block.full else ~np.isnan(block.values)
    numbers: dict[str, Texts] = {}
    for column, quantity in enumerate(block.quantities):
        values = block.values[:, column]
        if known is not None:
            values = np.where(known[:, column], values, 0.0)
        for place, texts in enumerate(_numbers(values, DECIMALS.get(quantity, 1))):
            numbers[f"{column} number {place}"] = texts
    widths = tuple((name, texts.dtype.itemsize) for name, texts in numbers.items())
    rows = _copied(_without_numbers(block.at_ms.tobytes(), block.quantities, widths))
    for name, texts in numbers.items():
        rows[name] = texts
    if known is not None:
        _leave_out(rows, known)
    return rows


@lru_cache(maxsize=64)
def _without_numbers(
    at_ms: bytes, quantities: tuple[str, ...], widths: tuple[tuple[str, int], ...]
) -> Rows:
    """All else in the rows. Most devices of a city share a month's times."""
    times = _times(at_ms)
    fields: dict[str, bytes | Texts] = {"open": b'{"ts":', "at": times, "values": b',"values":{'}
    for column, quantity in enumerate(quantities):
        if column:
            fields[f"{column} comma"] = b","
        fields[f"{column} name"] = _encoder.encode(quantity) + b":"
        for name, width in widths:
            if name.startswith(f"{column} "):
                fields[name] = np.zeros(len(times), f"S{width}")
    fields["close"] = b"}},"
    columns = {name: np.asarray(text) for name, text in fields.items()}
    rows = np.empty(len(times), [(name, text.dtype) for name, text in columns.items()])
    for name, text in columns.items():
        rows[name] = text
    return rows


@lru_cache(maxsize=16)
def _times(at_ms: bytes) -> Texts:
    return np.array(_plain_texts(np.frombuffer(at_ms, dtype=np.int64)), dtype=np.bytes_)


def _copied(rows: Rows) -> Rows:
    """At once: numpy's own copy goes field by field."""
    return np.frombuffer(bytearray(rows), rows.dtype)


def _leave_out(rows: Rows, known: Bools) -> None:
    """Take out what was not reported, the comma before a row's first name, and empty rows."""
    said = np.zeros(len(rows), dtype=np.bool_)
    for column, here in enumerate(known.T):
        for name in rows.dtype.names or ():
            if name.startswith(f"{column} "):
                rows[name][~here] = b""
        if column:
            rows[f"{column} comma"][~said] = b""
        said |= here
    for name in ("open", "at", "values", "close"):
        rows[name][~said] = b""


def _numbers(values: Floats, decimals: int) -> list[Texts]:
    """Numbers as JSON, split into fields that belong one after the other."""
    scale = 10.0**decimals
    whole = np.rint(values * scale)
    as_shown = (
        whole.max() < _MOST and not np.signbit(values).any() and (whole / scale == values).all()
    )
    if not as_shown:
        return [np.array(_plain_texts(values), dtype=np.bytes_)]
    higher, texts = _split(whole.astype(np.int64), _lowest(decimals))
    fields = [texts]
    while most := int(higher.max()):
        higher, texts = _split(higher, _higher(min(4, len(str(most)))))
        fields.insert(0, texts)
    return fields


def _split(numbers: Ints, table: Texts) -> tuple[Ints, Texts]:
    """Numbers without their last four digits, and the text of these."""
    higher = numbers // _GROUP
    # With digits before it a group keeps its zeros: these texts are the table's second half.
    return higher, table.take(np.minimum(numbers, numbers - (higher - 1) * _GROUP))


@lru_cache(maxsize=8)
def _lowest(decimals: int) -> Texts:
    """The last four digits with the point among them."""
    texts = _plain_texts(np.arange(2 * _GROUP) / 10**decimals)
    after_others = [text[1:] for text in texts[_GROUP:]]
    return np.array(texts[:_GROUP] + after_others, dtype=np.bytes_)


@lru_cache(maxsize=4)
def _higher(digits: int) -> Texts:
    """Four digits before others; only so many where no number has more."""
    alone = ["", *(str(i) for i in range(1, 10**digits))]
    after_others = [f"{i:04}" for i in range(_GROUP)] if digits == 4 else []
    return np.array(alone + after_others, dtype=np.bytes_)


def _plain_texts(values: Floats | Ints) -> list[bytes]:
    return _encoder.encode(values.tolist())[1:-1].split(b",")
