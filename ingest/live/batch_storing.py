"""What the collector does with a batch: judge it by the registry of now, store it, keep aside."""

import logging
import random
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from domain.errors import StoreUnavailableError
from domain.judge import Judge
from ingest.aside.replay import replay
from ingest.live.counters import Counters
from ingest.messages.batch import (
    Batch,
    DecodedMessages,
    Persistently,
    keep_batch,
    sort_batch,
    write_batch,
)
from ingest.messages.router import Router
from ingest.settings import CollectorSettings
from store.ledger.port import Ledger
from store.readings.port import Directory, ReadingStore, WriteResult

log = logging.getLogger("civicmeter.collector")
T = TypeVar("T")


class BatchStoring:
    """Stores batches, and keeps aside what is no reading.

    `devices` is a live view of the registered devices, which `refresh` brings up to date; that
    is done now and then, and when an unknown device speaks. What waited for its device to be
    registered is stored then.
    """

    def __init__(
        self,
        settings: CollectorSettings,
        store: ReadingStore,
        ledger: Ledger,
        devices: Directory,
        refresh: Callable[[], None],
        router: Router,
        counters: Counters,
        now_ms: Callable[[], int],
        stopping: threading.Event,
    ) -> None:
        self._settings = settings
        self._store = store
        self._ledger = ledger
        self._devices = devices
        self._refresh = refresh
        self._router = router
        self._counters = counters
        self._now_ms = now_ms
        self._stopping = stopping
        self._give_up_at = float("inf")
        self._refreshed_at = float("-inf")

    def judge(self) -> Judge:
        """The judge of this moment."""
        return Judge(self._devices, self._settings.times, self._now_ms())

    def store(self, decoded: DecodedMessages, persistently: Persistently | None = None) -> None:
        """Store a batch. Unless `persistently` says otherwise, wait while the store is away.

        Raises StoreUnavailableError; doing it again is harmless.
        """
        wait = persistently or self._persistently
        began = time.monotonic()
        batch = sort_batch(decoded, self.judge())
        unknown = "unknown_device" in batch.aside.counts
        if unknown and self.refresh_registry(self._settings.unknown_refresh_s):
            batch = sort_batch(decoded, self.judge())
        result = write_batch(batch, self._store, wait)
        keep_batch(batch, self._ledger, wait, self._settings.room_aside)
        self._count(batch, result, time.monotonic() - began)

    def give_up_in(self, seconds: float) -> None:
        """From now on, so long and no longer is a store waited for."""
        self._give_up_at = time.monotonic() + seconds

    def gives_up(self) -> bool:
        """Whether a stopping collector has tried for long enough."""
        return self._stopping.is_set() and time.monotonic() > self._give_up_at

    def refresh_registry(self, not_within_s: float) -> bool:
        """Read the registry again unless that was done lately; True when it was read."""
        if time.monotonic() - self._refreshed_at < not_within_s:
            return False
        self._refreshed_at = time.monotonic()
        try:
            self._refresh()
            self._accept_waiting()
        except StoreUnavailableError as error:
            log.warning("the registry cannot be read now: %s", error)
            return False
        return True

    def _accept_waiting(self) -> None:
        """Ingest what devices sent, or had sent for them, before they were registered."""
        for device in self._ledger.kept_devices("unknown_device"):
            if device in self._devices:
                done = replay(
                    self._store,
                    self._ledger,
                    self._devices,
                    self._router,
                    self._settings.times,
                    self._now_ms(),
                    code="unknown_device",
                    device=device,
                )
                self._counters.add(stored=done.stored, repeated=done.repeated)

    def _count(self, batch: Batch, result: WriteResult, seconds: float) -> None:
        self._counters.add(
            batches=1, stored=result.stored, repeated=result.repeated, untimed=batch.decoded.untimed
        )
        if batch.aside.counts:
            self._counters.reject(batch.aside.counts)
            log.info("kept aside: %s", batch.aside.counts, extra={"aside": batch.aside.counts})
        self._counters.batch(seconds, batch.lags_s(self._now_ms()))

    def _persistently(self, call: Callable[[], T]) -> T:
        """The answer of a store, asked again with growing, random pauses while it is away."""
        settings = self._settings
        pause_s = settings.retry_min_s
        while True:
            try:
                return call()
            except StoreUnavailableError as error:
                self._counters.add(store_failures=1)
                if self.gives_up():
                    raise
                log.warning("the store cannot take a batch now, trying again: %s", error)
            # Full jitter, so that many collectors do not come back at the same moment.
            self._stopping.wait(random.uniform(0, pause_s))
            if self._stopping.is_set():
                time.sleep(settings.retry_min_s)
            pause_s = min(settings.retry_max_s, pause_s * 2)
