"""A message as the collector has it, whatever is inside."""

from typing import NamedTuple


class Message(NamedTuple):
    """A message as it came in. `connection` counts the connections of this client, so that no
    acknowledgement goes to another connection than the one its message came by. `again` is the
    broker's word that it may have sent it before (DUP), `retained` that it was published before
    this subscription."""

    connection: int
    mid: int
    qos: int
    topic: str
    payload: bytes
    arrived_at_ms: int
    again: bool = False
    retained: bool = False
