"""When messages without a time of their own came first.

Their readings get the time of arrival. If the connection breaks before the broker knows that
such a message is stored, it sends it again, and a second arrival would be a second reading.
So a message that comes again keeps the time of its first arrival, and storing it changes nothing.
"""

from collections.abc import Iterable

from ingest.messages.message import Message


class Arrivals:
    """Remembers one message for each packet id, so at most 65,535.

    An entry stands until the broker gives its packet id to another undated message, since an
    acknowledgement that was sent may not have reached it; or until the session is a new one,
    whose packet ids begin anew.
    """

    def __init__(self) -> None:
        self._first: dict[int, tuple[int, int]] = {}

    def remember(self, undated: Iterable[Message]) -> None:
        """Keep when these came; QoS 0 messages never come again."""
        for message in undated:
            if message.qos:
                self._first[message.mid] = (_content(message), message.arrived_at_ms)

    def forget(self) -> None:
        """The broker knows nothing of what it sent before."""
        self._first.clear()

    def as_first_heard(self, messages: list[Message]) -> list[Message]:
        """The messages; those that came before have the time they first came at."""
        if not any(m.again for m in messages):
            return messages
        return [self._first_heard(m) if m.again else m for m in messages]

    def _first_heard(self, message: Message) -> Message:
        content, at_ms = self._first.get(message.mid, (0, 0))
        if content != _content(message):
            return message
        return message._replace(arrived_at_ms=at_ms)


def _content(message: Message) -> int:
    return hash((message.topic, message.payload))
