"""Readings as MQTT messages in the native formats (the names are fixed by the design)."""

from collections.abc import Iterator
from typing import NamedTuple

import msgspec
import numpy as np

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
) -> Iterator[Message]:
    """A block as payloads of a gateway: ``{"<device>": [{"ts": …, "values": {…}}, …]}``."""
    topic = f"civicmeter/v1/gateway/{gateway}/telemetry"
    rows = max(1, per_message // len(block.quantities))
    for low in range(0, len(block.at_ms), rows):
        part = block.part(low, low + rows)
        records = telemetry(part)
        if records:
            yield Message(topic, _encoder.encode({block.device: records}), part.readings)


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
    if not np.isnan(block.values).any():
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
