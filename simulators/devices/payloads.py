"""Readings as MQTT messages in the native formats (the names are fixed by the design)."""

from collections.abc import Iterable, Iterator

import msgspec

from simulators.devices.block import Block, Message
from simulators.devices.block_json import texts_of

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
    if not len(block.at_ms):
        return
    topic, full = f"civicmeter/v1/gateway/{gateway}/telemetry", block.full
    head = b"{" + _encoder.encode(block.device) + b":["
    rows, columns = block.values.shape
    count = max(1, per_message // columns)
    for low, body in zip(range(0, rows, count), texts_of(block, count), strict=True):
        if body:
            part = min(count, rows - low) * columns
            readings = part if full else block.part(low, low + count).readings
            yield Message(topic, b"".join((head, body, b"]}")), readings)


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
