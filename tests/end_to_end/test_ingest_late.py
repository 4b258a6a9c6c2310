"""A month of the past comes, and comes again, while collectors are killed: every reading is stored
once, no value replaced, and the processor is told of every day."""

import random
import subprocess
import time
import uuid
from pathlib import Path

import pytest

from domain.calendar import DAY_MS, from_ms
from domain.readings import Reading, Series
from store.opening import open_ledger, open_reading_store
from tests.end_to_end.ingest_parts import (
    CHILD,
    QUANTITY,
    T0,
    Sender,
    devices,
    gateway,
    native,
    sending,
    until,
)
from tests.paths import ROOT
from tests.servers import InfluxDb, Mosquitto

SERIES = 5
BURST = 400
HOUR_MS = 3_600_000
ALWAYS = (from_ms(0), from_ms(T0 + 20_000 * HOUR_MS))


def readings(start: int, end: int) -> list[Reading]:
    """Hourly ones of every series, number `start` to `end`."""
    return [
        Reading(f"m{i % SERIES}", QUANTITY, T0 + i // SERIES * HOUR_MS, i * 0.5)
        for i in range(start, end)
    ]


def send(sender: Sender, some: list[Reading]) -> None:
    """The first half one by one, with contradictions among them; the rest from a gateway."""
    half = len(some) // 2
    for i, r in enumerate(some[:half]):
        sender.send(*native(r))
        if i % 9 == 0:
            sender.send(*native(r._replace(value=r.value + 1000)))
    for start in range(half, len(some), 20):
        sender.send(*gateway(some[start : start + 20]))


@pytest.mark.parametrize("rounds", [4, pytest.param(20, marks=pytest.mark.long)])
@pytest.mark.parametrize("kind", ["sqlite", "influx"])
def test_killed_collector_of_a_backfill(
    kind: str, rounds: int, mosquitto: Mosquitto, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    if kind == "sqlite":
        url = f"sqlite:///{tmp_path / 'readings.db'}"
    else:
        server: InfluxDb = request.getfixturevalue("influxdb")
        url = f"influxdb+{server.url}/org/{request.getfixturevalue('influx_bucket')}"
    ledger_url = f"sqlite:///{tmp_path / 'ledger.db'}"
    address = f"mqtt://{mosquitto.host}:{mosquitto.port}"
    command = [*CHILD, address, f"test-{uuid.uuid4().hex}", url, ledger_url, str(SERIES)]
    store, ledger = open_reading_store(url, devices(SERIES)), open_ledger(ledger_url)
    newer = [Reading(f"m{k}", QUANTITY, T0 + 10_000 * HOUR_MS, 1e6) for k in range(SERIES)]
    store.write(newer)
    chance = random.Random(7)
    with sending(mosquitto.host, mosquitto.port) as sender:
        for k in range(rounds):
            child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
            try:
                assert child.stdout is not None
                assert child.stdout.readline() == "collecting\n"
                # Every second burst is the one before once more.
                first = k // 2 * BURST
                send(sender, readings(first, first + BURST))
                time.sleep(chance.uniform(0, 0.15))
            finally:
                child.kill()
                child.wait()
                child.stdout.close()
        sender.wait()
    expected = readings(0, (rounds + 1) // 2 * BURST)
    days = {(r.series, r.at_ms // DAY_MS) for r in expected}
    series = [Series(f"m{k}", QUANTITY) for k in range(SERIES)]
    last = subprocess.Popen(command, cwd=ROOT)
    try:
        until(lambda: int(store.series().readings.sum()) >= len(expected) + SERIES, 90.0)
        until(lambda: {(n.series, n.start_ms // DAY_MS) for n in ledger.late()} == days, 30.0)
        until(lambda: any(e.count for e in ledger.aside(["conflict"])), 30.0)
    finally:
        last.kill()
        last.wait()
    found = {
        (one.series.device, t): v
        for one in store.scan(series, *ALWAYS)
        for t, v in zip(one.at_ms.tolist(), one.value.tolist(), strict=True)
    }
    assert found == {(r.device, r.at_ms): r.value for r in (*expected, *newer)}
    ledger.close_connections()
    store.close()
