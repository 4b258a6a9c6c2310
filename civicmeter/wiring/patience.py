"""How long the HTTP service waits for a request, and for how many at once.

uvicorn waits for ever for a request that has begun: a few hundred sockets that send a byte a
minute would hold every connection there is.
"""

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEADERS_S = 10.0
"""From the connection, or a request's first byte, to the end of its headers."""

BODY_S = 120.0
"""From there to the end of its body: 16 MiB at 1.1 Mbit/s."""

MOST_CONNECTIONS = 500


class PatientProtocol(H11Protocol):
    """HTTP/1.1 as uvicorn speaks it, within limits of time and number.

    A connection beyond the number takes the place of the one that has been waited for longest;
    where all are being answered it is closed itself.
    """

    headers_s = HEADERS_S
    body_s = BODY_S
    most = MOST_CONNECTIONS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._timer: asyncio.TimerHandle | None = None
        self._awaited: object = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wait_for("headers", self.headers_s)
        if len(self.connections) > self.most:
            awaited = [c for c in self.connections if isinstance(c, PatientProtocol) and c.idle]
            min(awaited, key=lambda c: c.due_at, default=self).close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._wait_for(None)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        state = self.conn.their_state
        if self.transport.is_closing() or state in (h11.DONE, h11.MUST_CLOSE, h11.CLOSED):
            self._wait_for(None)
        elif state is h11.SEND_BODY:
            self._wait_for("body", self.body_s)
        elif state is h11.IDLE:
            self._wait_for("headers", self.headers_s)

    @property
    def idle(self) -> bool:
        """Whether nothing is being answered here."""
        return self.cycle is None or self.cycle.response_complete

    @property
    def due_at(self) -> float:
        """When the wait ends (of the loop's clock); at once where a next request may come."""
        return self._timer.when() if self._timer is not None else 0.0

    def close(self) -> None:
        """Hang up. Nothing is answered: who sends so slowly does not read it either."""
        self._wait_for(None)
        self.connections.discard(self)
        self.transport.abort()

    def _wait_for(self, what: str | None, seconds: float = 0.0) -> None:
        """Begin a wait, unless it is the one under way: a byte now and then does not prolong it."""
        if what is not None and (what, self.cycle) == self._awaited:
            return
        self._awaited = None if what is None else (what, self.cycle)
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None if what is None else self.loop.call_later(seconds, self.close)
