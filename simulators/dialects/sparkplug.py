"""Sparkplug B: a birth names the metrics and numbers them, data uses the numbers only.

The protobuf is written by hand, from the field numbers of the Eclipse Sparkplug specification
(3.0, section 6.4), so that it shares nothing with the decoder it tests.
"""

import struct
from collections.abc import Iterable, Iterator

from simulators.dialects.speech import Row, Speech

Rows = list[tuple[int, Row]]
_NAMES = ("energy_import_kwh", "energy_export_kwh", "water_m3", "gas_m3", "heat_gj")
_DOUBLE = 10
"""The specification's number for the data type Double."""
_NODE = "edge"


def _say(device: str, rows: Rows) -> Iterator[tuple[str, bytes]]:
    """A birth that tells the first row, and one message of data for all others."""
    (born_at, first), later = rows[0], rows[1:]
    birth = [_metric(at=born_at, alias=_alias(q), value=v, name=q) for q, v in first.items()]
    yield f"spBv1.0/civic/DBIRTH/{_node(device)}/{device}", _payload(born_at, 0, birth)
    if later:
        data = [
            _metric(at=at, alias=_alias(q), value=v) for at, row in later for q, v in row.items()
        ]
        yield f"spBv1.0/civic/DDATA/{_node(device)}/{device}", _payload(later[-1][0], 1, data)


def _node(device: str) -> str:
    """Each device has an edge node of its own, so aliases of two never meet."""
    return f"{_NODE}-{device}"


def _alias(quantity: str) -> int:
    return _NAMES.index(quantity) + 1


def _payload(at_ms: int, sequence: int, metrics: Iterable[bytes]) -> bytes:
    return _integer(1, at_ms) + b"".join(_bytes(2, m) for m in metrics) + _integer(3, sequence)


def _metric(*, at: int, alias: int, value: float, name: str = "") -> bytes:
    named = _bytes(1, name.encode()) if name else b""
    typed = _integer(4, _DOUBLE)
    double = _varint(13 << 3 | 1) + struct.pack("<d", value)
    return named + _integer(2, alias) + _integer(3, at) + typed + double


def _integer(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _bytes(field: int, content: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    """Seven bits a byte, the lowest first, the high bit set on all but the last."""
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    found.append(value)
    return bytes(found)


sparkplug = Speech(
    "sparkplug",
    _say,
    {
        "topic": "spBv1.0/+/+/+/#",
        "format": "sparkplug",
        "fields": {q: q for q in _NAMES},
    },
    _NAMES,
    batch=24,
)
