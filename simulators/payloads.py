"""Readings as MQTT messages in the native formats (the names are fixed by the design)."""

from collections.abc import Iterable, Iterator
from functools import lru_cache

import msgspec
import numpy as np

from simulators.block import Block, Message
from simulators.grid import Floats, Ints

READINGS_PER_MESSAGE = 96
"""Some 6 kB of JSON: far below any broker's limit, and few enough messages to be fast."""
_encoder = msgspec.json.Encoder()


def native_messages(gateway: str, block: Block, live: bool) -> Iterable[Message]:
    """The past through a gateway; a live reading from the device itself."""
    if not live:
        return gateway_messages(gateway, block)
    message = device_message(block)
    return (message,) if message else ()


def gateway_messages(
    gateway: str, block: Block, per_message: int = READINGS_PER_MESSAGE
) -> Iterator[Message]:
    """A block as payloads of a gateway: ``{"<device>": [{"ts": …, "values": {…}}, …]}``."""
    topic = f"civicmeter/v1/gateway/{gateway}/telemetry"
    rows = max(1, per_message // len(block.quantities))
    if block.full:
        yield from _full_messages(topic, block, rows)
        return
    for low in range(0, len(block.at_ms), rows):
        part = block.part(low, low + rows)
        records = telemetry(part)
        if records:
            yield Message(topic, _encoder.encode({block.device: records}), part.readings)


def _full_messages(topic: str, block: Block, rows: int) -> Iterator[Message]:
    """The same bytes for a block without gaps, several times as fast.

    Python objects for each row cost more than their text. So all numbers are written in one
    go, laid between the constant pieces of text, and each message is one join.
    """
    count, columns = block.values.shape
    numbers = _numbers(block.values.ravel())
    names = [_encoder.encode(q).decode() + ":" for q in block.quantities]
    width = 2 * columns
    text = [""] * (count * width)
    text[0::width] = _openings(block.at_ms.tobytes(), names[0])
    for column in range(columns):
        if column:
            text[2 * column :: width] = ["," + names[column]] * count
        text[2 * column + 1 :: width] = numbers[column::columns]
    device = "{" + _encoder.encode(block.device).decode() + ":["
    for low in range(0, count, rows):
        body = "".join(text[low * width : (low + rows) * width])
        # The first row has no row before it to close, the last one nobody to close it.
        payload = (device + body[3:] + "}}]}").encode()
        yield Message(topic, payload, columns * min(rows, count - low))


@lru_cache(maxsize=16)
def _openings(at_ms: bytes, name: str) -> list[str]:
    """Each row's text up to its first number. Most devices of a city share a month's times."""
    times = _numbers(np.frombuffer(at_ms, dtype=np.int64))
    return [f'}}}},{{"ts":{at},"values":{{{name}' for at in times]


def _numbers(values: Ints | Floats) -> list[str]:
    return _encoder.encode(values.tolist())[1:-1].decode().split(",")


def device_message(block: Block) -> Message | None:
    """A block as one message of the device itself; None when there is nothing to say."""
    records = telemetry(block)
    if not records:
        return None
    body = records[0] if len(records) == 1 else records
    topic = f"civicmeter/v1/{block.device}/telemetry"
    return Message(topic, _encoder.encode(body), block.readings)


def telemetry(block: Block) -> list[dict[str, object]]:
    """``{"ts": ms, "values": {…}}`` a time; what a device did not report is left out."""
    names = block.quantities
    times = block.at_ms.tolist()
    if block.full:
        return [
            {"ts": at, "values": dict(zip(names, row, strict=True))}
            for at, row in zip(times, block.values.tolist(), strict=True)
        ]
    found: list[dict[str, object]] = []
    for at, row in zip(times, block.values.tolist(), strict=True):
        # NaN is the one value that differs from itself.
        values = {q: v for q, v in zip(names, row, strict=True) if v == v}
        if values:
            found.append({"ts": at, "values": values})
    return found
