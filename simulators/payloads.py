"""Readings as MQTT messages in the native formats (the names are fixed by the design)."""

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

import msgspec

from simulators.block import Block

READINGS_PER_MESSAGE = 96
"""Some 6 kB of JSON: far below any broker's limit, and few enough messages to be fast."""
_encoder = msgspec.json.Encoder()


class Message(NamedTuple):
    """A payload for a topic, and how many distinct good readings it carries."""

    topic: str
    payload: bytes
    readings: int


def gateway_messages(
    gateway: str, block: Block, per_message: int = READINGS_PER_MESSAGE
) -> Iterator[tuple[Message, Block]]:
    """A block as payloads of a gateway, ``{"<device>": [{"ts": …, "values": {…}}, …]}``, each
    with the rows it carries."""
    topic = f"civicmeter/v1/gateway/{gateway}/telemetry"
    rows = max(1, per_message // len(block.quantities))
    write = _full_rows if block.full else _rows
    for low in range(0, len(block.at_ms), rows):
        part = block.part(low, low + rows)
        payload = write(part)
        if payload:
            yield Message(topic, payload, part.readings), part


def _rows(block: Block) -> bytes:
    """Any block of a device as a gateway's payload; nothing when it has no reading."""
    records = telemetry(block)
    return _encoder.encode({block.device: records}) if records else b""


def _full_rows(block: Block) -> bytes:
    """The same bytes for a block without gaps, three times as fast.

    Python objects for each row cost more than their text, so the numbers are written in one
    go and laid into the row's text in another.
    """
    count, columns = block.values.shape
    numbers = _encoder.encode(block.values.ravel().tolist())[1:-1].decode().split(",")
    fields: list[str | int] = [0] * (count * (columns + 1))
    fields[0 :: columns + 1] = block.at_ms.tolist()
    for column in range(columns):
        fields[column + 1 :: columns + 1] = numbers[column::columns]
    device, row = _row_text(block.device, block.quantities)
    return (device + ",".join([row] * count) % tuple(fields) + "]}").encode()


@lru_cache(maxsize=4096)
def _row_text(device: str, quantities: tuple[str, ...]) -> tuple[str, str]:
    """How a payload begins, and a row with %s in place of its numbers."""
    names = [msgspec.json.encode(q).decode().replace("%", "%%") for q in quantities]
    values = ",".join(f"{name}:%s" for name in names)
    begin = "{" + msgspec.json.encode(device).decode() + ":["
    return begin, '{"ts":%s,"values":{' + values + "}}"


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
