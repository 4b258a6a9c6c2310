"""Collecting while the store is away: into the spool, and from there into the store."""

import logging
import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from domain.errors import StoreUnavailableError
from ingest.live.batch import DecodedMessages, decode_messages
from ingest.live.counters import Counters
from ingest.live.router import Router
from ingest.live.spool import Spool, spool_path
from ingest.settings import CollectorSettings

log = logging.getLogger("civicmeter.collector")
_LOOK_S = 0.2


def wanted(settings: CollectorSettings) -> bool:
    """Whether there is a spool to fill, or one that was left to be stored."""
    return settings.spool is not None and (
        settings.spool_bytes > 0 or spool_path(settings.spool, settings.client_id).exists()
    )


class Spooling:
    """Makes batches safe, in the store or, when that does not answer in time, in the spool.

    While anything is in the spool, what comes goes behind it, and a thread of its own, the only
    one that talks to the store, takes it out from the front.
    """

    def __init__(
        self,
        settings: CollectorSettings,
        router: Router,
        store: Callable[[DecodedMessages], None],
        counters: Counters,
        stopping: threading.Event,
    ) -> None:
        """`store` stores a batch or raises StoreUnavailableError; doing it again is harmless.
        Raises ConfigError when the spool cannot be opened."""
        assert settings.spool is not None
        self._settings = settings
        self._router = router
        self._store = store
        self._counters = counters
        self._stopping = stopping
        self._spool = Spool(spool_path(settings.spool, settings.client_id), settings.spool_bytes)
        self._thread = ThreadPoolExecutor(1, "collector-store")
        self._draining: Future[None] | None = None
        if self._spool.messages:
            log.warning("%d messages wait in the spool since the last time", self._spool.messages)
        self._tell()

    @property
    def empty(self) -> bool:
        return not self._spool.messages

    def take(self, decoded: DecodedMessages, give_up: Callable[[], bool]) -> None:
        """Returns when a batch is safe. Raises StoreUnavailableError when it is not and
        `give_up` says to wait no longer."""
        while not (self.empty and self._stored_at_once(decoded)):
            if self._spool.append(decoded):
                self._tell()
                self.drain()
                return
            log.warning("the spool is full: nothing is acknowledged until the store is back")
            self.drain()
            if give_up():
                raise StoreUnavailableError("the store is away and the spool full: start the store")
            time.sleep(_LOOK_S)

    def drain(self) -> None:
        """See that what is in the spool is on its way into the store."""
        if self._draining is not None and self._draining.done():
            self._draining.result()  # raises what went wrong, if not the store's absence
            self._draining = None
        if self._draining is None and not self.empty and not self._stopping.is_set():
            self._draining = self._thread.submit(self._drain)

    def close(self) -> None:
        """What is still in the spool stays there for the next time."""
        self._thread.shutdown()
        self._spool.close()

    def _stored_at_once(self, decoded: DecodedMessages) -> bool:
        storing = self._thread.submit(self._store, decoded)
        try:
            storing.result(self._settings.spool_after_s)
        except StoreUnavailableError as error:
            self._counters.add(store_failures=1)
            log.warning("the store is away, messages go into the spool: %s", error)
        except TimeoutError:
            # What has begun goes on; should it succeed after all, the spool only repeats it.
            storing.cancel()
            log.warning("the store is slow, messages go into the spool")
        else:
            return True
        return False

    def _drain(self) -> None:
        settings = self._settings
        pause_s = settings.retry_min_s
        while not self._stopping.is_set():
            waited = self._spool.oldest(settings.batch_messages)
            if waited is None:
                return
            decoded = waited.decoded
            decoded.add(decode_messages(waited.unread, self._router, settings.max_payload_bytes))
            try:
                self._store(decoded)
            except StoreUnavailableError as error:
                self._counters.add(store_failures=1)
                log.warning("the store is still away: %s", error)
                self._stopping.wait(random.uniform(0, pause_s))
                pause_s = min(settings.retry_max_s, pause_s * 2)
                continue
            self._spool.forget(waited)
            self._tell()
            pause_s = settings.retry_min_s

    def _tell(self) -> None:
        self._counters.spool(self._spool.messages, self._spool.bytes)
