"""Whatever breaks: every reading sent is stored exactly once.

Three rounds of each here, twenty in the long suite.
"""

import random
import subprocess
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from domain.readings import Reading
from ingest.live.collector import Collector
from ingest.settings import CollectorSettings
from store.ledger.sql.ledger import SqlLedger
from store.opening import open_reading_store
from store.readings.influx import InfluxReadingStore
from store.readings.port import ReadingStore
from store.readings.sqlite import SqliteReadingStore
from tests.end_to_end.ingest_faults import cable, grumbling
from tests.end_to_end.ingest_parts import (
    CHILD,
    Sender,
    devices,
    gateway,
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
BURST = 400


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[SqlLedger]:
    opened = SqlLedger(f"sqlite:///{tmp_path / 'ledger.db'}")
    yield opened
    opened.close_connections()


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[SqliteReadingStore]:
    opened = SqliteReadingStore(tmp_path / "readings.db")
    yield opened
    opened.close()


def settings_for(port: int) -> CollectorSettings:
    return CollectorSettings(
        mqtt=f"mqtt://127.0.0.1:{port}",
        client_id=f"test-{uuid.uuid4().hex}",
        batch_messages=200,
        retry_min_s=0.05,
        retry_max_s=0.5,
    )


def send_burst(sender: Sender, burst: list[Reading]) -> None:
    """Single readings, gateway messages, some twice, with broken messages among them."""
    half = len(burst) // 2
    for i, r in enumerate(burst[:half]):
        sender.send(*native(r))
        if i % 7 == 0:
            sender.send(*native(r))
        if i % 50 == 0:
            sender.send("civicmeter/v1/m0/telemetry", b'{"ts": 17, "values": {')
            sender.send("civicmeter/v1/gateway/g/telemetry", b'{"m0": 7, "x\\u0000": [{"ts": 1}]}')
    for start in range(half, len(burst), 20):
        sender.send(*gateway(burst[start : start + 20]))
    # The same again in the wrong order.
    for r in reversed(burst[: half // 4]):
        sender.send(*native(r))


def bursts(rounds: int) -> Iterator[list[Reading]]:
    for i in range(rounds + 1):
        yield readings(BURST, series=SERIES, start=i * BURST)


@contextmanager
def collecting(collector: Collector) -> Iterator[Collector]:
    collector.start()
    try:
        yield collector
    finally:
        collector.stop()


def exactly_once(store: ReadingStore, count: int, timeout_s: float = 90.0) -> None:
    """All of the first `count` readings, and nothing else."""
    until(lambda: int(store.series().readings.sum()) >= count, timeout_s)
    assert stored(store, SERIES) == readings(count, series=SERIES)


def influx_url(url: str, bucket: str) -> str:
    return f"influxdb+{url}/org/{bucket}"


@ROUNDS
@pytest.mark.parametrize("kind", ["sqlite", "influx"])
def test_killed_collector(
    kind: str, rounds: int, mosquitto: Mosquitto, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    if kind == "sqlite":
        url = f"sqlite:///{tmp_path / 'readings.db'}"
    else:
        server: InfluxDb = request.getfixturevalue("influxdb")
        url = influx_url(server.url, request.getfixturevalue("influx_bucket"))
    command = [
        *CHILD,
        f"mqtt://{mosquitto.host}:{mosquitto.port}",
        f"test-{uuid.uuid4().hex}",
        url,
        f"sqlite:///{tmp_path / 'ledger.db'}",
        str(SERIES),
    ]
    store = open_reading_store(url, devices(SERIES))
    chance = random.Random(5)
    total = 0
    with sending(mosquitto.host, mosquitto.port) as sender:
        for burst in bursts(rounds):
            child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
            try:
                assert child.stdout is not None
                assert child.stdout.readline() == "collecting\n"
                send_burst(sender, burst)
                total += len(burst)
                # Some time after its first batch and before its last.
                time.sleep(chance.uniform(0, 0.1))
            finally:
                child.kill()
                child.wait()
                child.stdout.close()
        sender.wait()
    last = subprocess.Popen(command, cwd=ROOT)
    try:
        exactly_once(store, total)
    finally:
        last.kill()
        last.wait()
    store.close()


@ROUNDS
def test_killed_broker(
    rounds: int, own_mosquitto: Mosquitto, sqlite: SqliteReadingStore, ledger: SqlLedger
) -> None:
    total = 0
    collector = Collector(settings_for(own_mosquitto.port), sqlite, ledger, devices(SERIES))
    with collecting(collector), sending(own_mosquitto.host, own_mosquitto.port) as sender:
        for burst in bursts(rounds):
            send_burst(sender, burst)
            total += len(burst)
            sender.wait()
            # mosquitto acknowledges some milliseconds before it writes its database; what it
            # must not lose is what is in there.
            marker = uuid.uuid4().hex.encode()
            sender.send("marker", marker, retain=True)
            sender.wait()
            until(lambda m=marker: m in own_mosquitto.database.read_bytes())  # type: ignore[misc]
            own_mosquitto.kill()
            own_mosquitto.start()
            until(lambda: collector.connected)
        exactly_once(sqlite, total)
        assert collector.counters().connections >= rounds


@ROUNDS
def test_killed_store(
    rounds: int, mosquitto: Mosquitto, own_influxdb: InfluxDb, ledger: SqlLedger
) -> None:
    bucket = own_influxdb.create_database("b")
    store = InfluxReadingStore(own_influxdb.url, "", "org", bucket, devices(SERIES), timeout_s=5)
    chance = random.Random(6)
    total = 0
    collector = Collector(settings_for(mosquitto.port), store, ledger, devices(SERIES))
    with collecting(collector), sending(mosquitto.host, mosquitto.port) as sender:
        for burst in bursts(rounds):
            failures = collector.counters().store_failures
            killer = threading.Timer(chance.uniform(0, 0.1), own_influxdb.kill)
            killer.start()
            send_burst(sender, burst[: BURST // 2])
            killer.join()
            send_burst(sender, burst[BURST // 2 :])
            total += len(burst)
            until(lambda n=failures: collector.counters().store_failures > n)  # type: ignore[misc]
            own_influxdb.start()
        exactly_once(store, total)
    store.close()


@ROUNDS
def test_cut_network(
    rounds: int, mosquitto: Mosquitto, sqlite: SqliteReadingStore, ledger: SqlLedger
) -> None:
    total = 0
    cut_s = 10.0 if rounds > 3 else 1.0
    with cable(mosquitto.port) as laid:
        settings = replace(settings_for(laid.port), client_id=f"test-{uuid.uuid4().hex}")
        collector = Collector(settings, sqlite, ledger, devices(SERIES))
        with collecting(collector), sending(mosquitto.host, mosquitto.port) as sender:
            for i, burst in enumerate(bursts(rounds)):
                cutter = threading.Thread(target=laid.cut, args=(cut_s if i % 2 else 0.0,))
                cutter.start()
                send_burst(sender, burst)
                total += len(burst)
                cutter.join()
                until(lambda: collector.connected)
            exactly_once(sqlite, total)
            assert collector.counters().connections > rounds // 2


FAULTS: list[int | str] = [500, 429, "lost", 503, "late", "lost", 500, 500, 429]


@ROUNDS
def test_store_that_answers_badly(
    rounds: int, mosquitto: Mosquitto, influxdb: InfluxDb, influx_bucket: str, ledger: SqlLedger
) -> None:
    total = 0
    with grumbling(influxdb.port, patience_s=0.5) as grumbler:
        store = InfluxReadingStore(
            grumbler.url, "", "org", influx_bucket, devices(SERIES), timeout_s=0.5
        )
        collector = Collector(settings_for(mosquitto.port), store, ledger, devices(SERIES))
        with collecting(collector), sending(mosquitto.host, mosquitto.port) as sender:
            for burst in bursts(rounds):
                grumbler.faults = list(FAULTS)
                send_burst(sender, burst)
                total += len(burst)
                sender.wait()
            exactly_once(store, total)
            assert collector.counters().store_failures >= len(FAULTS)
            # Every broken message was kept aside, none of them stopped the others.
            assert collector.wait_idle(30)
            rejected = collector.counters().rejected
            assert rejected["bad_json"] == (rounds + 1) * 4
            assert rejected["bad_shape"] >= (rounds + 1) * 4
        store.close()
