"""Deliberately bad messages, with their truth: each kind is to be kept aside with a reason."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from domain.calendar import to_ms
from domain.registry import Registry
from simulators.devices.block import Message

KINDS = ("malformed_json", "unknown_device", "future_time", "ancient_time", "not_a_number")
EACH = 3
UNKNOWN_DEVICE = "nobody-registered-this"


def bad_messages(
    registry: Registry, now: datetime, each: int = EACH
) -> Iterator[tuple[str, Message]]:
    """(kind, message), `each` of every kind, none of them carrying a good reading.

    They come from the registry's first meter, or in its name.
    """
    device = registry.devices[0]
    quantity = next(
        (getattr(d, "register", "") for d in registry.devices if getattr(d, "register", "")),
        "power_w",
    )
    meter = next((d for d in registry.devices if getattr(d, "register", "")), device)
    for number in range(each):
        at = now - timedelta(hours=number + 1)
        for kind in KINDS:
            sender = UNKNOWN_DEVICE if kind == "unknown_device" else meter.id
            topic = f"civicmeter/v1/{sender}/telemetry"
            yield kind, Message(topic, _body(kind, at, quantity).encode(), 0)


def _body(kind: str, at: datetime, quantity: str) -> str:
    value = "1.5"
    if kind == "future_time":
        at += timedelta(days=400)
    elif kind == "ancient_time":
        at = datetime(1990, 1, 1, tzinfo=UTC)
    elif kind == "not_a_number":
        value = "NaN"
    body = f'{{"ts": {to_ms(at)}, "values": {{"{quantity}": {value}}}}}'
    return body[: len(body) // 2] if kind == "malformed_json" else body
