"""Between the network thread, which decodes, and the worker, which stores: what waits."""

import threading
import time
from collections import deque

from ingest.messages.batch import DecodedMessages
from ingest.settings import CollectorSettings


class BatchQueue:
    """Holds what was decoded, and gives it away in batches of a size that is worth storing.

    One thread puts, one takes.
    """

    def __init__(self, settings: CollectorSettings, stopping: threading.Event) -> None:
        self._settings = settings
        self._stopping = stopping
        self._parts: deque[DecodedMessages] = deque()
        self._bytes = 0
        self._arrived = threading.Condition()
        self.messages = 0
        """How many messages wait."""

    def put(self, decoded: DecodedMessages) -> None:
        with self._arrived:
            self._parts.append(decoded)
            self.messages += len(decoded.messages)
            self._bytes += decoded.payload_bytes
            self._arrived.notify_all()

    def wake(self) -> None:
        """Let who waits look whether to stop."""
        with self._arrived:
            self._arrived.notify_all()

    def take(self) -> DecodedMessages:
        """Wait for messages and take a batch of them; empty after a second without any."""
        settings = self._settings
        batch = DecodedMessages(doubtful=[])
        with self._arrived:
            if not self._parts and not self._stopping.is_set():
                self._arrived.wait(1.0)
            self._linger()
            while (
                self._parts
                and len(batch.messages) < settings.batch_messages
                and batch.payload_bytes < settings.batch_bytes
            ):
                batch.add(self._parts.popleft())
            self.messages -= len(batch.messages)
            self._bytes -= batch.payload_bytes
        return batch

    def _linger(self) -> None:
        """Let the batch grow while messages keep coming, for as long as the settings say."""
        settings = self._settings
        end = time.monotonic() + settings.linger_s
        waiting = self.messages
        while self._wants_more():
            self._arrived.wait(min(settings.quiet_s, max(0.0, end - time.monotonic())))
            if self.messages == waiting or time.monotonic() >= end:
                return
            waiting = self.messages

    def _wants_more(self) -> bool:
        """Whether a batch of what waits now would be a small one."""
        settings = self._settings
        return (
            0 < self.messages < settings.batch_messages
            and self._bytes < settings.enough_bytes
            and not self._stopping.is_set()
        )
