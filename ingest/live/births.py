"""Sparkplug's births: kept for other processes and later ones, asked for where they are unknown."""

import time
from collections.abc import Callable, Iterable

from ingest.decode.base import Reject
from ingest.decode.sparkplug import node_of, rebirth
from ingest.messages.batch import DecodedMessages, Persistently, decode_messages
from ingest.messages.message import Message
from ingest.messages.router import Router
from store.ledger.births import Birth
from store.ledger.port import Ledger

UNKNOWN = "unknown_alias"
_ASK_AGAIN_S = 60.0
_ASKED_NODES = 10_000
_OVERLAP_MS = 600_000
"""Clocks of processes differ."""


class BirthKeeping:
    """Keeps what the births of a router are in step with the ledger's.

    `ask` publishes a message: a node that is asked tells its births again.
    """

    def __init__(self, router: Router, ledger: Ledger, ask: Callable[[str, bytes], None]) -> None:
        self._router = router
        self._ledger = ledger
        self._ask = ask
        self._asked: dict[tuple[str, str], float] = {}
        self._since_ms = 0

    def recall(self) -> bool:
        """Learn what the ledger knows; True when any of it is new. Raises
        StoreUnavailableError."""
        news = False
        if self._router.has_births:
            for group, node, aliases, at_ms in self._ledger.births(self._since_ms):
                news |= self._router.births.recall((group, node), aliases, at_ms)
                self._since_ms = max(self._since_ms, at_ms - _OVERLAP_MS)
        return news

    def keep(self, persistently: Persistently) -> bool:
        """Keep durably what was told since; True when there was any."""
        new = self._router.births.take_new()
        if not new:
            return False
        births = [Birth(*node, aliases, at_ms) for node, (aliases, at_ms) in new.items()]
        try:
            persistently(lambda: self._ledger.save_births(births))
        except BaseException:
            self._router.births.tell_again(new)
            raise
        return True

    def understand(
        self, decoded: DecodedMessages, max_payload_bytes: int, now_ms: int, wait: Persistently
    ) -> None:
        """Read again what was not understood, if another process heard the birth; otherwise ask
        for it."""
        unknown = _unknown(decoded)
        if not unknown:
            return
        wait(self.recall)
        again = decode_messages(unknown, self._router, max_payload_bytes)
        decoded.wrong = [(m, w) for m, w in decoded.wrong if not _is_unknown(w)]
        other = [(m, w) for m, w in again.wrong if (m, w) not in decoded.wrong]
        # What was understood the first time is there twice now, and is stored once.
        decoded.runs = [*decoded.runs, *again.runs]
        decoded.topics = [*decoded.topics, *again.topics]
        decoded.wrong += other
        decoded.doubtful = None
        self._ask_for(_unknown(decoded), now_ms)

    def _ask_for(self, messages: Iterable[Message], now_ms: int) -> None:
        for message in messages:
            node = node_of(message.topic)
            asked_s = self._asked.get(node, float("-inf"))
            if time.monotonic() - asked_s >= _ASK_AGAIN_S:
                if len(self._asked) >= _ASKED_NODES:
                    self._asked.clear()
                self._asked[node] = time.monotonic()
                self._ask(*rebirth(message.topic, now_ms))


def _unknown(decoded: DecodedMessages) -> list[Message]:
    return list(dict.fromkeys(m for m, what in decoded.wrong if _is_unknown(what)))


def _is_unknown(what: object) -> bool:
    return isinstance(what, Reject) and what.code == UNKNOWN
