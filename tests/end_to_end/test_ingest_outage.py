"""A broker with a small queue, and a store that is away: with a spool nothing is lost.

Three rounds here, twenty in the long suite.
"""

import subprocess
import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from config.settings import Settings
from domain.errors import StoreUnavailableError
from domain.readings import Reading, Run
from ingest.checks import spool_checks
from ingest.live.collector import Collector
from ingest.live.spool import spool_path, spools
from ingest.settings import CollectorSettings
from store.ledger.sql.ledger import SqlLedger
from store.readings.influx import InfluxReadingStore
from store.readings.port import WriteResult
from store.readings.sqlite import SqliteReadingStore
from tests.end_to_end.ingest_parts import (
    CHILD,
    Sender,
    devices,
    native,
    readings,
    sending,
    stored,
    until,
)
from tests.paths import ROOT
from tests.servers import InfluxDb, Mosquitto

ROUNDS = pytest.mark.parametrize("rounds", [3, pytest.param(20, marks=pytest.mark.long)])
SERIES = 5
QUEUE = 50
OUTAGE = 200
"""Messages sent in an outage, many more than the broker holds for a collector."""
AT_ONCE = 20
"""Messages the broker sends without their being acknowledged."""


@pytest.fixture
def small_broker() -> Iterator[Mosquitto]:
    with Mosquitto(f"max_queued_messages {QUEUE}", on_changes=True) as server:
        yield server


class Child:
    """A collector in a process, and what it says of itself."""

    def __init__(self, command: list[str]) -> None:
        self._process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "collecting\n"
        self.received = self.unacknowledged = self.spooled = 0
        self._reader = threading.Thread(target=self._listen)
        self._reader.start()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            with suppress(ValueError):  # half a line of a killed one
                self.received, self.unacknowledged, self.spooled = map(int, line.split())

    def quiet(self) -> None:
        """Until all that came is acknowledged and nothing more comes."""
        before, since = -1, time.monotonic()
        while time.monotonic() - since < 0.4:
            if self.received != before or self.unacknowledged:
                before, since = self.received, time.monotonic()
            time.sleep(0.01)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        self._reader.join()
        assert self._process.stdout is not None
        self._process.stdout.close()


@contextmanager
def running(command: list[str]) -> Iterator[Child]:
    child = Child(command)
    try:
        yield child
    finally:
        child.kill()


def send(sender: Sender, some: Sequence[Reading], child: Child) -> None:
    """No faster than the collector makes them safe, or this broker drops them in good times."""
    for start in range(0, len(some), AT_ONCE):
        target = child.received + len(some[start : start + AT_ONCE])
        for r in some[start : start + AT_ONCE]:
            sender.send(*native(r))
        until(lambda n=target: child.received >= n and not child.unacknowledged)  # type: ignore[misc]


@ROUNDS
def test_killed_collector_while_the_store_is_away(
    rounds: int, small_broker: Mosquitto, own_influxdb: InfluxDb, tmp_path: Path
) -> None:
    bucket = own_influxdb.create_database("b")
    client_id, spool = f"test-{uuid.uuid4().hex}", tmp_path / "spool"
    command = [
        *CHILD,
        f"mqtt://{small_broker.host}:{small_broker.port}",
        client_id,
        f"influxdb+{own_influxdb.url}/org/{bucket}",
        f"sqlite:///{tmp_path / 'ledger.db'}",
        str(SERIES),
        str(spool),
    ]
    total = 0

    def more(count: int) -> list[Reading]:
        nonlocal total
        total += count
        return readings(count, series=SERIES, start=total - count)

    with sending(small_broker.host, small_broker.port) as sender:
        for _ in range(rounds):
            with running(command) as child:
                send(sender, more(AT_ONCE), child)
                own_influxdb.kill()
                send(sender, more(OUTAGE), child)
                assert child.spooled > QUEUE + AT_ONCE
                # Killed with messages on their way: spooled or not, acknowledged or not.
                for r in more(AT_ONCE):
                    sender.send(*native(r))
            assert dict(spools(spool))[client_id]
            with running(command) as child:
                child.quiet()
                send(sender, more(OUTAGE), child)
                own_influxdb.start()
                # What comes while the spool is emptied goes behind it.
                send(sender, more(AT_ONCE), child)
                until(lambda c=child: c.spooled < OUTAGE)  # type: ignore[misc]
            # Killed while emptying, or just after.
        with running(command) as child:
            until(lambda: child.spooled == 0)
            child.quiet()
    store = InfluxReadingStore(own_influxdb.url, "", "org", bucket, devices(SERIES))
    assert stored(store, SERIES) == readings(total, series=SERIES)
    store.close()
    assert dict(spools(spool)) == {client_id: 0}


class Away:
    """A store that can be taken away, or made to hang."""

    def __init__(self, store: SqliteReadingStore) -> None:
        self._store = store
        self.here = threading.Event()
        self.hangs = False

    def write_runs(self, runs: Sequence[Run]) -> WriteResult:
        if self.hangs:
            self.here.wait(60)
        if not self.here.is_set():
            raise StoreUnavailableError("away: wait")
        return self._store.write_runs(runs)


def outage_settings(broker: Mosquitto, folder: Path, spool_bytes: int) -> CollectorSettings:
    return CollectorSettings(
        mqtt=f"mqtt://{broker.host}:{broker.port}",
        client_id=f"test-{uuid.uuid4().hex}",
        retry_min_s=0.01,
        retry_max_s=0.1,
        drain_s=0.1,
        receive_maximum=AT_ONCE,
        spool=folder / "spool",
        spool_bytes=spool_bytes,
        spool_after_s=0.2,
    )


@contextmanager
def outage(
    own: CollectorSettings, store: Away, ledger: SqlLedger, some: Sequence[Reading]
) -> Iterator[Collector]:
    """A collector that was sent readings, slowly, while the store was away."""
    collector = Collector(own, store, ledger, devices(SERIES))  # type: ignore[arg-type]
    collector.start()
    host, port = own.mqtt.removeprefix("mqtt://").split(":")
    try:
        with sending(host, int(port)) as sender:
            for start in range(0, len(some), AT_ONCE):
                for r in some[start : start + AT_ONCE]:
                    sender.send(*native(r))
                sender.wait()
                end = time.monotonic() + 1.0
                while (
                    collector.counters().acknowledged < start + AT_ONCE
                    and time.monotonic() < end
                    and own.spool_bytes
                ):
                    time.sleep(0.01)
        yield collector
    finally:
        collector.stop()


@pytest.mark.parametrize("spool_bytes", [0, 10 << 20])
@pytest.mark.parametrize("hangs", [False, True])
def test_the_broker_drops_what_only_a_spool_can_save(
    spool_bytes: int,
    hangs: bool,
    small_broker: Mosquitto,
    store: SqliteReadingStore,
    ledger: SqlLedger,
    tmp_path: Path,
) -> None:
    own = outage_settings(small_broker, tmp_path, spool_bytes)
    away = Away(store)
    away.hangs = hangs
    sent = readings(OUTAGE, series=SERIES)
    with outage(own, away, ledger, sent) as collector:
        waiting = collector.counters()
        assert waiting.spooled_messages == (OUTAGE if spool_bytes else 0)
        assert waiting.unacknowledged == (0 if spool_bytes else AT_ONCE)
        away.here.set()
        assert collector.wait_idle(60)
        counts = collector.counters()
        assert counts.spooled_messages == counts.spooled_bytes == 0
    if spool_bytes:
        assert stored(store, SERIES) == sent
    else:
        assert AT_ONCE <= len(stored(store, SERIES)) <= AT_ONCE + QUEUE


def test_a_full_spool_acknowledges_nothing_more(
    small_broker: Mosquitto, store: SqliteReadingStore, ledger: SqlLedger, tmp_path: Path
) -> None:
    own = outage_settings(small_broker, tmp_path, spool_bytes=3000)
    away = Away(store)
    # As many as spool and broker hold together.
    sent = readings(AT_ONCE * 4, series=SERIES)
    with outage(own, away, ledger, sent) as collector:
        until(lambda: collector.counters().unacknowledged == AT_ONCE)
        counts = collector.counters()
        assert 0 < counts.spooled_bytes <= 3000
        assert counts.acknowledged == counts.spooled_messages
    # Stopped meanwhile: what was not acknowledged is with the broker, the rest on disk.
    assert isinstance(collector.failure, StoreUnavailableError)
    waiting = dict(spools(tmp_path / "spool"))
    assert waiting == {own.client_id: counts.spooled_messages}
    settings = Settings(data=tmp_path, store="sqlite:///x")
    ((name, found, advice),) = spool_checks(settings)
    assert name == "spool"
    assert str(counts.spooled_messages) in found
    assert own.client_id in advice
    away.here.set()
    with outage(own, away, ledger, []) as again:
        assert again.wait_idle(60)
    assert stored(store, SERIES) == sent
    assert spool_checks(settings) == []
    assert spool_path(tmp_path / "spool", own.client_id).exists()


def test_what_was_spooled_is_stored_though_the_setting_is_gone(
    small_broker: Mosquitto, store: SqliteReadingStore, ledger: SqlLedger, tmp_path: Path
) -> None:
    own = outage_settings(small_broker, tmp_path, spool_bytes=1 << 20)
    away = Away(store)
    sent = readings(AT_ONCE, series=SERIES)
    with outage(own, away, ledger, sent):
        pass
    away.here.set()
    with outage(replace(own, spool_bytes=0), away, ledger, []) as collector:
        assert collector.wait_idle(60)
    assert stored(store, SERIES) == sent
