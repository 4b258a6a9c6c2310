"""The collector: from the broker into the store, nothing lost, nothing twice.

Two threads: paho's reads the network, decodes and queues what it heard; the worker takes that
in batches, stores it, and only then acknowledges the messages. While the store cannot take a batch, the worker
tries again and acknowledges nothing; the broker then stops sending once as many messages wait
as the receive maximum allows, and keeps the rest. A process that dies has acknowledged nothing
it has not stored; the broker delivers that again, and storing it again changes nothing. With a
spool, batches the store cannot take are kept on disk and acknowledged (ingest.live.spooling).
"""

import gc
import logging
import random
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from prometheus_client import REGISTRY

from domain.errors import CivicmeterError, StoreUnavailableError
from ingest.aside.replay import replay
from ingest.live.batch import (
    Batch,
    Heard,
    Persistently,
    hear,
    keep_batch,
    look,
    once,
    sort_batch,
    write_batch,
)
from ingest.live.connection import Connection
from ingest.live.counters import Counters, Counts
from ingest.live.first_arrivals import Arrivals
from ingest.live.frame_gaps import FrameGaps
from ingest.live.metrics import CollectorMetrics
from ingest.live.mqtt_client import Message
from ingest.live.router import Router
from ingest.live.spooling import Spooling, wanted
from ingest.settings import CollectorSettings
from store.ledger.port import Ledger
from store.readings.port import Directory, ReadingStore, WriteResult

log = logging.getLogger("civicmeter.collector")
T = TypeVar("T")
_GIVE_WAY_S = 1e-6
"""Asleep for any time at all, a thread lets others run for some 70 µs, enough to wake up in."""


def system_ms() -> int:
    """Now, in milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


def relax_garbage_collection() -> None:
    """Let the process look for garbage cycles seldom.

    A batch is some hundred thousand small tuples without cycles that live for a moment. With
    Python's usual thresholds looking through them took half of the time of decoding.
    """
    youngest, *older = gc.get_threshold()
    gc.set_threshold(max(youngest, 100_000), *older)


class Collector:
    """Collects until stopped. `devices` is a live view of the registered devices, which
    `refresh` brings up to date.

    ::

        collector = Collector(settings, store, ledger, devices, refresh)
        collector.start()
        ...
        collector.stop()
    """

    def __init__(
        self,
        settings: CollectorSettings,
        store: ReadingStore,
        ledger: Ledger,
        devices: Directory,
        refresh: Callable[[], None] = lambda: None,
        now_ms: Callable[[], int] = system_ms,
    ) -> None:
        self._settings = settings
        self._store = store
        self._ledger = ledger
        self._devices = devices
        self._refresh = refresh
        self._now_ms = now_ms
        self._counters = Counters()
        self._router = Router(settings.mappings)
        self._arrivals = Arrivals()
        self._connection = Connection(
            settings,
            self._router.filters,
            self._receive,
            self._counters,
            now_ms,
            self._arrivals.forget,
        )
        self._metrics = CollectorMetrics(settings.client_id, self._counters.snapshot)
        self._queue: deque[Heard] = deque()
        self._waiting = self._waiting_bytes = 0
        self._arrived = threading.Condition()
        self._stopping = threading.Event()
        self._storing = False
        self._give_up_at = float("inf")
        self._refreshed_at = float("-inf")
        self._room_aside = True
        self._gaps = FrameGaps()
        self._spooling: Spooling | None = None
        self._worker = threading.Thread(target=self._work, name="collector", daemon=True)
        self.failure: BaseException | None = None
        """What ended the worker, if it did not end by itself."""

    def start(self, timeout_s: float | None = 10.0) -> None:
        """Connect and begin. With `timeout_s` None, do not wait for the connection.

        Raises ConfigError when the broker refuses or is not there in time, or the spool cannot
        be used.
        """
        relax_garbage_collection()
        settings = self._settings
        if wanted(settings):
            store = lambda heard: self._store_batch(heard, once)  # noqa: E731
            self._spooling = Spooling(settings, self._router, store, self._counters, self._stopping)
        REGISTRY.register(self._metrics)
        self._worker.start()
        self._connection.start()
        if timeout_s is not None:
            try:
                self._connection.wait(timeout_s)
            except CivicmeterError:
                self.stop()
                raise

    def stop(self) -> None:
        """Store and acknowledge what was received, then leave; the session stays."""
        self._connection.pause()
        self._give_up_at = time.monotonic() + self._settings.drain_s
        self._stopping.set()
        with self._arrived:
            self._arrived.notify_all()
        self._worker.join()
        if self._spooling is not None:
            self._spooling.close()
        self._connection.stop()
        with suppress(KeyError):  # stopped before
            REGISTRY.unregister(self._metrics)

    def wait_idle(self, timeout_s: float, quiet_s: float = 0.5) -> bool:
        """Until everything received is stored and nothing more came for `quiet_s`.

        False when that did not happen in time.
        """
        end = time.monotonic() + timeout_s
        received, since = -1, time.monotonic()
        while time.monotonic() < end and self._worker.is_alive():
            counts = self.counters()
            if counts.received != received or counts.unacknowledged or counts.spooled_messages:
                received, since = counts.received, time.monotonic()
            elif time.monotonic() - since >= quiet_s:
                return True
            time.sleep(0.02)
        return False

    def counters(self) -> Counts:
        """What was done so far."""
        return self._counters.snapshot()

    @property
    def connected(self) -> bool:
        return self._connection.connected

    def join(self, timeout_s: float | None = None) -> bool:
        """Wait for the worker's end; True when it has ended."""
        self._worker.join(timeout_s)
        return not self._worker.is_alive()

    def _receive(self, messages: list[Message]) -> None:
        """In the network thread. It decodes and validates while the worker waits for the store."""
        settings = self._settings
        self._counters.add(received=len(messages))
        if self._waiting >= settings.unacknowledged_qos0:
            kept = [m for m in messages if m.qos]
            self._counters.add(dropped_qos0=len(messages) - len(kept))
            messages = kept
        try:
            messages = self._arrivals.as_first_heard(messages)
            heard = hear(messages, self._router, settings.max_payload_bytes)
            self._arrivals.remember(heard.undated)
            look(heard, self._devices, settings.limits, self._now_ms())
        except BaseException as error:
            # The network thread would end unseen, and with it all reading.
            self.failure = error
            self._stopping.set()
            log.exception("the collector ends; what it has not stored stays with the broker")
            return
        with self._arrived:
            self._queue.append(heard)
            self._waiting += len(messages)
            self._waiting_bytes += heard.payload_bytes
            self._arrived.notify_all()
        if self._storing:
            # The worker is what everything waits for, and needs the interpreter's lock at every
            # statement. Left to Python it gets it after 5 ms of decoding; this lets it in now.
            time.sleep(_GIVE_WAY_S)

    def _work(self) -> None:
        try:
            while (heard := self._next_batch()).messages or not self._stopping.is_set():
                if heard.messages:
                    self._make_safe(heard)
                    self._acknowledge(heard.messages)
                if self._spooling is not None:
                    self._spooling.drain()
                self._refresh_registry(self._settings.registry_refresh_s)
        except StoreUnavailableError as error:
            self.failure = error
            log.warning("stopped while the store is away; the broker keeps what was not stored")
        except BaseException as error:
            self.failure = error
            log.exception("the collector ends; what it has not stored stays with the broker")

    def _next_batch(self) -> Heard:
        """Wait for messages and take a batch of them; empty after a second without any."""
        settings = self._settings
        batch = Heard(suspects=[])
        with self._arrived:
            if not self._queue and not self._stopping.is_set():
                self._arrived.wait(1.0)
            self._linger()
            while (
                self._queue
                and len(batch.messages) < settings.batch_messages
                and batch.payload_bytes < settings.batch_bytes
            ):
                batch.add(self._queue.popleft())
            self._waiting -= len(batch.messages)
            self._waiting_bytes -= batch.payload_bytes
        return batch

    def _linger(self) -> None:
        """Let the batch grow while messages keep coming, for as long as the settings say."""
        settings = self._settings
        end = time.monotonic() + settings.linger_s
        waiting = self._waiting
        while self._wants_more():
            self._arrived.wait(min(settings.quiet_s, max(0.0, end - time.monotonic())))
            if self._waiting == waiting or time.monotonic() >= end:
                return
            waiting = self._waiting

    def _wants_more(self) -> bool:
        """Whether a batch of what waits now would be a small one."""
        settings = self._settings
        return (
            0 < self._waiting < settings.batch_messages
            and self._waiting_bytes < settings.enough_bytes
            and not self._stopping.is_set()
        )

    def _make_safe(self, heard: Heard) -> None:
        """Store a batch; or spool it, if that is wanted and the store is away."""
        self._storing = True
        if self._spooling is None:
            self._store_batch(heard, self._persistently)
        else:
            self._spooling.take(heard, self._gives_up)
        self._storing = False
        # In a share group another collector may have what is missing here.
        missed = {} if self._settings.share_group else self._gaps.missed(heard.frames)
        if missed:
            self._counters.add(missed_frames=sum(missed.values()))
            log.info("radio frames did not arrive: %s", missed, extra={"missed": missed})

    def _store_batch(self, heard: Heard, persistently: Persistently) -> None:
        began = time.monotonic()
        batch = self._sort(heard)
        if "unknown_device" in batch.aside.counts and self._refresh_registry(
            self._settings.unknown_refresh_s
        ):
            batch = self._sort(heard)
        result = write_batch(batch, self._store, persistently)
        keep_batch(batch, self._ledger, persistently, whole=self._room_aside)
        self._count(batch, result, time.monotonic() - began)

    def _sort(self, heard: Heard) -> Batch:
        return sort_batch(heard, self._devices, self._settings.limits, self._now_ms())

    def _count(self, batch: Batch, result: WriteResult, seconds: float) -> None:
        self._counters.add(
            batches=1, stored=result.stored, repeated=result.repeated, untimed=batch.heard.untimed
        )
        if batch.aside.counts:
            self._counters.reject(batch.aside.counts)
            log.info("kept aside: %s", batch.aside.counts, extra={"aside": batch.aside.counts})
        self._counters.batch(seconds, batch.lags_s(self._now_ms()))

    def _acknowledge(self, messages: list[Message]) -> None:
        self._counters.add(settled=len(messages))
        by_connection: dict[int, list[int]] = {}
        for message in messages:
            if message.qos:
                by_connection.setdefault(message.connection, []).append(message.mid)
        for connection, mids in by_connection.items():
            if self._connection.acknowledge(connection, mids):
                self._counters.add(acknowledged=len(mids))
            else:
                self._counters.add(stale_acknowledgements=len(mids))

    def _persistently(self, call: Callable[[], T]) -> T:
        """The answer of a store, asked again with growing, random pauses while it is away."""
        settings = self._settings
        pause_s = settings.retry_min_s
        while True:
            try:
                return call()
            except StoreUnavailableError as error:
                self._counters.add(store_failures=1)
                if self._gives_up():
                    raise
                log.warning("the store cannot take a batch now, trying again: %s", error)
            # Full jitter, so that many collectors do not come back at the same moment.
            self._stopping.wait(random.uniform(0, pause_s))
            if self._stopping.is_set():
                time.sleep(settings.retry_min_s)
            pause_s = min(settings.retry_max_s, pause_s * 2)

    def _gives_up(self) -> bool:
        """Whether a stopping collector has tried for long enough."""
        return self._stopping.is_set() and time.monotonic() > self._give_up_at

    def _refresh_registry(self, not_within_s: float) -> bool:
        """Read the registry again unless that was done lately; True when it was read."""
        if time.monotonic() - self._refreshed_at < not_within_s:
            return False
        self._refreshed_at = time.monotonic()
        try:
            self._refresh()
            self._room_aside = self._ledger.count_kept() < self._settings.kept_messages_max
            self._accept_waiting()
        except StoreUnavailableError as error:
            log.warning("the registry cannot be read now: %s", error)
            return False
        if not self._room_aside:
            log.error(
                "too much is kept aside, further messages are only counted: "
                "see `civicmeter ingest dead-letters list`"
            )
        return True

    def _accept_waiting(self) -> None:
        """Ingest what devices sent before they were registered."""
        for device in self._ledger.kept_devices("unknown_device"):
            if device in self._devices:
                done = replay(
                    self._store,
                    self._ledger,
                    self._devices,
                    self._router,
                    self._settings.limits,
                    self._now_ms(),
                    code="unknown_device",
                    device=device,
                )
                self._counters.add(stored=done.stored, repeated=done.repeated)
