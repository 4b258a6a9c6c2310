"""Messages beside the good readings: repetitions, contradictions, garbage."""

from collections.abc import Iterator

from simulators.devices.block import Extra, Site
from simulators.faults.fault import Sent

_ROWS = 32
"""Rows in one extra message."""


def extras_of(site: Site, kind: str, sent: Sent) -> Iterator[Extra]:
    """What a fault of a kind makes the site send beside its blocks."""
    for what, blocks, rows in (
        ("duplicate", sent.again, _ROWS),
        ("contradiction", sent.contradicting, _ROWS),
        (kind, sent.garbled, 1),
    ):
        for block in blocks:
            for low in range(0, len(block.at_ms), rows):
                part = block.part(low, low + rows)
                at_ms = int(part.at_ms[0])
                for message in site.messages(part):
                    garbled = blocks is sent.garbled
                    body = _garbled(message.payload, at_ms) if garbled else message.payload
                    yield Extra(what, at_ms, message.topic, body)


def _garbled(payload: bytes, at_ms: int) -> bytes:
    """Broken in one of three ways: cut off, overwritten, or not even text."""
    way = at_ms // 60_000 % 3
    if way == 0:
        return payload[: 2 * len(payload) // 3]
    middle = len(payload) // 2
    return payload[:middle] + (b"#?{" if way == 1 else b"\xff\xfe\x00") + payload[middle:]
