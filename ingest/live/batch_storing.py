"""What the collector does with a batch: judge it by the registry of now, store it, keep aside."""

import logging
import random
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from domain.errors import PayloadError, StoreUnavailableError
from domain.judge import Judge, Refusal
from ingest.aside.replay import replay
from ingest.live.births import UNKNOWN, BirthKeeping
from ingest.live.clock import Clock
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
from store.aside import AsideBatch, keep
from store.ledger.port import Ledger
from store.readings.port import Directory, ReadingStore, WriteResult

log = logging.getLogger("civicmeter.collector")
T = TypeVar("T")
_REASON = 300
_MEND_S = 3.0
_MANY = 3
_MOST_UNLISTED = 100


class BatchStoring:
    """Stores batches, and keeps aside what is no reading.

    `devices` is a live view of the registered devices, which `refresh` brings up to date; that
    is done now and then, and when an unknown device speaks. What waited for its device to be
    registered is stored then; what waited for a birth, when that is heard; what a clock refused
    that was behind, when it is set.
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
        clock: Clock,
        births: BirthKeeping,
        stopping: threading.Event,
    ) -> None:
        self._settings = settings
        self._reading_store = store
        self._ledger = ledger
        self._devices = devices
        self._refresh = refresh
        self._router = router
        self._counters = counters
        self._clock = clock
        self._now_ms = clock.now_ms
        self._births = births
        self._mendable: set[str] = {UNKNOWN}
        self._fresh = True
        self._unlisted: set[str] = set()
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
        try:
            self._store(decoded, wait)
        except StoreUnavailableError:
            raise
        except Exception:
            log.exception(
                "a batch of %d messages fails: looking for the one", len(decoded.messages)
            )
            self._isolate(decoded, wait)

    def _store(self, decoded: DecodedMessages, wait: Persistently) -> None:
        began = time.monotonic()
        self._births.understand(decoded, self._settings.max_payload_bytes, self._now_ms(), wait)
        if self._births.keep(wait):
            self._mendable.add(UNKNOWN)
        self._hear(decoded)
        batch = sort_batch(decoded, self.judge())
        unknown = "unknown_device" in batch.aside.counts
        behind = "future_time" in batch.aside.counts and self._clock.compare(self._devices)
        if behind:
            self._mendable.add("future_time")
        if (unknown and self.refresh_registry(self._settings.unknown_refresh_s)) or behind:
            batch = sort_batch(decoded, self.judge())
        result = write_batch(batch, self._reading_store, wait)
        keep_batch(batch, self._ledger, wait, self._settings.room_aside)
        self._count(batch, result, time.monotonic() - began)

    def _hear(self, decoded: DecodedMessages) -> None:
        """What the messages say of the time, and who speaks."""
        self._clock.hear(decoded.runs)
        waited = 2 * len(decoded.messages) > self._settings.batch_messages
        if self._clock.hear_age(decoded.runs, self._devices.keys(), waited=waited):
            self._mendable.add("future_time")
        self._counters.show(clock_ahead_s=self._clock.seems_ahead_ms // 1000)
        if decoded.gateways:
            self._notice(set(decoded.gateways.values()))

    def _notice(self, gateways: set[str]) -> None:
        """Warn of gateways that speak while the registry names that of no device, each once."""
        one = next(iter(self._devices.values()), None)
        if one is None or one.gateway is not None:
            self._unlisted.clear()
        elif new := sorted(gateways - self._unlisted)[: _MOST_UNLISTED - len(self._unlisted)]:
            self._unlisted.update(new)
            log.warning(
                "the gateways %s speak, and the registry names the gateway of no device, so each "
                "may speak for every one: fill the column gateway, then make the access list anew "
                "(civicmeter broker acl)",
                ", ".join(map(ascii, new)),
            )
        self._counters.show(unlisted_gateways=len(self._unlisted))

    def _isolate(self, decoded: DecodedMessages, wait: Persistently) -> None:
        """Store the parts, smaller and smaller ones; keep aside the one that fails."""
        parts = decoded.halves()
        for part in parts:
            try:
                self._store(part, wait)
            except StoreUnavailableError:
                raise
            except Exception as error:
                if part.halves():
                    self._isolate(part, wait)
                else:
                    self._keep_failed(part, error, wait)
        if not parts:
            self._keep_failed(decoded, RuntimeError("nothing of it could be told apart"), wait)

    def _keep_failed(self, part: DecodedMessages, error: Exception, wait: Persistently) -> None:
        reason = f"{type(error).__name__}: {error}"[:_REASON]
        log.error("kept aside, as it fails: %s", reason, exc_info=error)
        aside = AsideBatch(self._now_ms())
        try:
            for run, topic in zip(part.runs, part.topics, strict=True):
                for reading in run.readings():
                    aside.reading(topic, reading, Refusal("failed", {"reason": reason}))
            for message, _ in part.wrong:
                aside.message(message.topic, message.payload, PayloadError("failed", reason))
            wait(
                lambda: keep(self._ledger, aside.entries(), aside.kept(), self._settings.room_aside)
            )
        except StoreUnavailableError:
            raise
        except Exception:
            # It must not come again and again: what it was is in the log.
            log.exception("cannot be kept aside either, and is lost: %r %r", part.runs, part.wrong)
        self._counters.reject({"failed": 1})

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
            if self._births.recall():
                self._mendable.add(UNKNOWN)
            if self._clock.was_set() or (self._fresh and self._refused_many()):
                self._mendable.add("future_time")
            self._fresh = False
            for code in sorted(self._mendable):
                self._take_back(code)
            self._mendable.clear()
        except StoreUnavailableError as error:
            log.warning("the registry cannot be read now: %s", error)
            return False
        except Exception:
            log.exception("what waits cannot be taken in now")
        return True

    def mend(self) -> None:
        """Take in what was kept aside and can be read now, if anything has changed."""
        if self._mendable:
            self.refresh_registry(_MEND_S)

    def _refused_many(self) -> bool:
        """Whether so many devices' readings were refused as of the future that the clock must
        have been wrong, before this process began."""
        refused = sum(
            device in self._devices for device in self._ledger.kept_devices("future_time")
        )
        return refused >= _MANY and 2 * refused >= len(self._devices)

    def _accept_waiting(self) -> None:
        """Ingest what devices sent, or had sent for them, before they were registered."""
        for device in self._ledger.kept_devices("unknown_device"):
            if device in self._devices:
                self._take_back("unknown_device", device)

    def _take_back(self, code: str, device: str | None = None) -> None:
        done = replay(
            self._reading_store,
            self._ledger,
            self._devices,
            self._router,
            self._settings.times,
            self._now_ms(),
            code=code,
            device=device,
        )
        self._counters.add(stored=done.stored, repeated=done.repeated)
        if done.mended:
            log.info("%d messages kept aside (%s) are taken in", done.mended, code)

    def _count(self, batch: Batch, result: WriteResult, seconds: float) -> None:
        self._counters.add(
            batches=1,
            stored=result.stored,
            repeated=result.repeated,
            untimed=batch.decoded.untimed,
            retained_untimed=batch.decoded.retained_untimed,
        )
        if batch.aside.counts:
            self._counters.reject(batch.aside.counts)
            log.info("kept aside: %s", batch.aside.counts, extra={"aside": batch.aside.counts})
        self._counters.batch(seconds, batch.lags_s(self._now_ms()))

    def wait_for(self, call: Callable[[], None]) -> None:
        """Do what a store or disk may refuse for a while."""
        self._persistently(call)

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
