"""The collector: from the broker into the store, nothing lost, nothing twice.

Two threads: paho's reads the network, decodes and queues what it heard (ingest.live.batch_queue);
the worker takes that in batches, stores it (ingest.live.batch_storing), and only then
acknowledges the messages. While the store cannot take a batch, the worker
tries again and acknowledges nothing; the broker then stops sending once as many messages wait
as the receive maximum allows, and keeps the rest. A process that dies has acknowledged nothing
it has not stored; the broker delivers that again, and storing it again changes nothing. With a
spool, batches the store cannot take are kept on disk and acknowledged (ingest.live.spooling).
"""

import gc
import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from prometheus_client import REGISTRY

from domain.errors import CivicmeterError, StoreUnavailableError
from ingest.live.batch_queue import BatchQueue
from ingest.live.batch_storing import BatchStoring
from ingest.live.births import BirthKeeping
from ingest.live.clock import Clock
from ingest.live.connection import Connection
from ingest.live.counters import Counters, Counts
from ingest.live.frame_gaps import FrameGaps
from ingest.live.metrics import CollectorMetrics
from ingest.live.spooling import Spooling, wanted
from ingest.messages.batch import DecodedMessages, decode_messages, mark_doubtful, once
from ingest.messages.first_arrivals import Arrivals, arrivals_path
from ingest.messages.message import Message
from ingest.messages.router import Router
from ingest.settings import CollectorSettings
from store.ledger.port import Ledger
from store.readings.port import Directory, ReadingStore

log = logging.getLogger("civicmeter.collector")
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
    `refresh` brings up to date. `store_skew_s` tells how far this machine's clock is ahead of the
    store's, if it can.

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
        store_skew_s: Callable[[], float | None] = lambda: None,
    ) -> None:
        self._settings = settings
        self._counters = Counters()
        self._router = Router(settings.mappings)
        self._stopping = threading.Event()
        self._queue = BatchQueue(settings, self._stopping)
        self._clock = Clock(now_ms, settings.times.future_skew_s * 1000, store_skew_s=store_skew_s)
        births = BirthKeeping(self._router, ledger, lambda t, p: self._connection.publish(t, p))
        self._births = births
        self._batches = BatchStoring(
            settings,
            store,
            ledger,
            devices,
            refresh,
            self._router,
            self._counters,
            self._clock,
            births,
            self._stopping,
        )
        noted = settings.arrivals
        self._arrivals = Arrivals(noted and arrivals_path(noted, settings.client_id))
        self._connection = Connection(
            settings,
            self._router.filters,
            self._receive,
            self._counters,
            self._clock.now_ms,
            self._arrivals.forget,
            self._taken_over,
        )
        self._metrics = CollectorMetrics(settings.client_id, self._counters.snapshot)
        self._storing = False
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
            self._spooling = Spooling(
                settings,
                self._router,
                lambda decoded: self._batches.store(decoded, once),
                self._counters,
                self._stopping,
            )
        with suppress(StoreUnavailableError):  # asked again later
            self._births.recall()
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
        self._batches.give_up_in(self._settings.drain_s)
        self._stopping.set()
        self._queue.wake()
        self._worker.join()
        if self._spooling is not None:
            self._spooling.close()
        self._connection.stop()
        self._arrivals.close()
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

    def state(self) -> str:
        """``ok``, or which of its threads ended and what to do."""
        if self._stopping.is_set() and self.failure is None:
            return "ok"  # told to end
        if self.failure is not None:
            return f"the collector ended ({self.failure}): start civicmeter again"
        if self._worker.ident is not None and not self._worker.is_alive():
            return "the collector's thread ended: start civicmeter again"
        if not self._connection.listening:
            return "the collector's network thread ended: start civicmeter again"
        return "ok"

    def join(self, timeout_s: float | None = None) -> bool:
        """Wait for the worker's end; True when it has ended."""
        self._worker.join(timeout_s)
        return not self._worker.is_alive()

    def _taken_over(self, error: CivicmeterError) -> None:
        """In the network thread: what is not stored yet comes to whoever has the session now."""
        log.error("the collector ends: %s", error)
        self.failure = error
        self._stopping.set()
        self._queue.wake()

    def _receive(self, messages: list[Message]) -> None:
        """In the network thread. It decodes and judges while the worker waits for the store."""
        settings = self._settings
        self._counters.add(received=len(messages))
        if self._queue.messages >= settings.unacknowledged_qos0:
            kept = [m for m in messages if m.qos]
            self._counters.add(dropped_qos0=len(messages) - len(kept))
            messages = kept
        try:
            messages = self._arrivals.as_first_heard(messages)
            decoded = decode_messages(
                messages, self._router, settings.max_payload_bytes, self._arrivals
            )
            self._arrivals.remember(decoded.undated)
            try:
                mark_doubtful(decoded, self._batches.judge())
            except Exception:
                decoded.doubtful = None  # the worker finds the one
        except BaseException as error:
            # The network thread would end unseen, and with it all reading.
            self.failure = error
            self._stopping.set()
            log.exception("the collector ends; what it has not stored stays with the broker")
            return
        self._queue.put(decoded)
        if self._storing:
            # The worker is what everything waits for, and needs the interpreter's lock at every
            # statement. Left to Python it gets it after 5 ms of decoding; this lets it in now.
            time.sleep(_GIVE_WAY_S)

    def _work(self) -> None:
        try:
            while (decoded := self._queue.take()).messages or not self._stopping.is_set():
                if decoded.messages:
                    self._make_safe(decoded)
                    self._acknowledge(decoded.messages)
                if self._spooling is not None:
                    self._spooling.drain()
                self._batches.mend()
                self._batches.refresh_registry(self._settings.registry_refresh_s)
        except StoreUnavailableError as error:
            self.failure = error
            log.warning("stopped while the store is away; the broker keeps what was not stored")
        except BaseException as error:
            self.failure = error
            log.exception("the collector ends; what it has not stored stays with the broker")

    def _make_safe(self, decoded: DecodedMessages) -> None:
        """Store a batch; or spool it, if that is wanted and the store is away."""
        self._storing = True
        if decoded.undated:
            self._batches.wait_for(lambda: self._arrivals.note(decoded.undated))
        if self._spooling is None:
            self._batches.store(decoded)
        else:
            self._spooling.take(decoded, self._batches.gives_up)
        self._storing = False
        # In a share group another collector may have what is missing here.
        missed = {} if self._settings.share_group else self._gaps.missed(decoded.frames)
        if missed:
            self._counters.add(missed_frames=sum(missed.values()))
            log.info("radio frames did not arrive: %s", missed, extra={"missed": missed})

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
