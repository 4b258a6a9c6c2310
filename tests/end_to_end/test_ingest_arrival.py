"""What arrives: poison, messages without a time, retained ones, births that were not heard."""

import json
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ingest.decode.sparkplug_proto import Payload
from ingest.live.collector import Collector, system_ms
from ingest.settings import CollectorSettings
from store.ledger.sql.ledger import SqlLedger
from store.readings.sqlite import SqliteReadingStore
from tests.end_to_end.ingest_dying import MAPPINGS
from tests.end_to_end.ingest_parts import (
    aside_codes,
    devices,
    native,
    readings,
    sending,
    stored,
    until,
)
from tests.paths import ROOT
from tests.servers import Mosquitto

KNOWN = devices(3)


def url(broker: Mosquitto) -> str:
    return f"mqtt://{broker.host}:{broker.port}"


@contextmanager
def collecting(
    broker: Mosquitto, store: SqliteReadingStore, ledger: SqlLedger, client_id: str, arrivals: Path
) -> Iterator[Collector]:
    settings = CollectorSettings(
        mqtt=url(broker), client_id=client_id, mappings=MAPPINGS, arrivals=arrivals
    )
    collector = Collector(settings, store, ledger, KNOWN)
    collector.start()
    try:
        yield collector
    finally:
        collector.stop()


def test_poison_costs_its_own_message_only(
    mosquitto: Mosquitto, store: SqliteReadingStore, ledger: SqlLedger, tmp_path: Path
) -> None:
    digits = "9" * 400
    poison = [
        f'{{"ts":{digits},"values":{{"energy_import_kwh":1}}}}',
        f'[{{"ts":-{digits},"values":{{"energy_import_kwh":1}}}}]',
        f'{{"ts":{T},"values":{{"energy_import_kwh":{digits}}}}}',
        '{"ts":1e300,"values":{"energy_import_kwh":1}}',
    ]
    good = readings(6, series=3)
    with (
        collecting(mosquitto, store, ledger, uuid.uuid4().hex, tmp_path) as collector,
        sending(mosquitto.host, mosquitto.port) as sender,
    ):
        for i, reading in enumerate(good):
            sender.send("civicmeter/v1/m0/telemetry", poison[i % len(poison)].encode())
            sender.send("senml/m0", f'[{{"n":"energy","t":-{digits},"v":1}}]'.encode())
            sender.send(*native(reading))
        sender.wait()
        assert collector.wait_idle(30)
        assert collector.failure is None
        counts = collector.counters()
        assert counts.unacknowledged == 0
    assert stored(store, 3) == good
    assert set(aside_codes(ledger)) <= {"bad_time", "not_finite"}


T = 1_700_000_000_000


@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_at_that_moment_it_stores_once_what_has_no_time(
    when: str, mosquitto: Mosquitto, tmp_path: Path
) -> None:
    client_id, store_url = uuid.uuid4().hex, f"sqlite:///{tmp_path}/readings.db"
    ledger_url = f"sqlite:///{tmp_path}/ledger.db"
    messages = {"m0/sensor/energy/state": b"12.5", "senml/m1": b'[{"n":"energy","t":-30,"v":7}]'}
    for topic, payload in messages.items():
        child = subprocess.Popen(
            [
                *(sys.executable, "-m", "tests.end_to_end.ingest_dying", url(mosquitto), client_id),
                *(store_url, ledger_url, str(tmp_path / "arrivals"), when),
            ],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert child.stdout is not None
        try:
            assert child.stdout.readline() == "collecting\n"
            with sending(mosquitto.host, mosquitto.port) as sender:
                sent_ms = system_ms()
                sender.send(topic, payload)
                sender.wait()
            assert child.stdout.readline() == "stopped\n"
            stopped_ms = system_ms()
        finally:
            child.kill()
            child.wait()
        time.sleep(0.05)
        store, ledger = SqliteReadingStore(f"{tmp_path}/readings.db"), SqlLedger(ledger_url)
        with collecting(mosquitto, store, ledger, client_id, tmp_path / "arrivals") as collector:
            until(lambda c=collector: c.counters().acknowledged == 1)  # type: ignore[misc]
            assert collector.counters().stored == (when == "before")
        device = "m0" if "m0" in topic else "m1"
        found = [r for r in stored(store, 3) if r.device == device]
        assert len(found) == 1
        early_ms = 30_000 if "senml" in topic else 0
        assert sent_ms <= found[0].at_ms + early_ms <= stopped_ms
        assert aside_codes(ledger) == {}
        store.close()
        ledger.close_connections()


def test_undated_messages_that_arrive_together_are_all_stored_in_order(
    mosquitto: Mosquitto, store: SqliteReadingStore, ledger: SqlLedger, tmp_path: Path
) -> None:
    with (
        collecting(mosquitto, store, ledger, uuid.uuid4().hex, tmp_path) as collector,
        sending(mosquitto.host, mosquitto.port) as sender,
    ):
        for value in range(40):
            sender.send("m0/sensor/energy/state", str(value).encode())
        sender.wait()
        assert collector.wait_idle(30)
    assert [r.value for r in stored(store, 3)] == list(range(40))
    assert aside_codes(ledger) == {}


def test_retained_without_a_time_is_no_reading_and_told_once(
    mosquitto: Mosquitto, store: SqliteReadingStore, ledger: SqlLedger, tmp_path: Path
) -> None:
    dated = readings(1)[0]
    with sending(mosquitto.host, mosquitto.port) as sender:
        sender.send("m1/sensor/energy/state", b"5", retain=True)
        sender.send(*native(dated), retain=True)
        sender.wait()
        with collecting(mosquitto, store, ledger, uuid.uuid4().hex, tmp_path) as collector:
            until(lambda: collector.counters().received >= 2)
            sender.send("m1/sensor/energy/state", b"6")
            sender.wait()
            assert collector.wait_idle(30)
            assert collector.counters().retained_untimed == 1
        sender.send("m1/sensor/energy/state", b"", retain=True)
        sender.send(native(dated)[0], b"", retain=True)
        sender.wait()
    assert {(r.device, r.value) for r in stored(store, 3)} == {("m0", 0.0), ("m1", 6.0)}
    assert aside_codes(ledger) == {"retained_untimed": 1}
    assert ledger.count_kept() == 0


def sparkplug(name: str, value: float, at_ms: int) -> bytes:
    payload = Payload(timestamp=at_ms, seq=0)
    payload.metrics.add(name=name, alias=7, timestamp=at_ms, datatype=10, double_value=value)
    data: bytes = payload.SerializeToString()
    return data


def test_an_unknown_alias_asks_for_a_rebirth_and_what_waited_is_mended(
    mosquitto: Mosquitto, store: SqliteReadingStore, ledger: SqlLedger, tmp_path: Path
) -> None:
    import paho.mqtt.client as mqtt

    group = uuid.uuid4().hex
    asked: list[bytes] = []
    node = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
    node.on_message = lambda _c, _u, message: asked.append(message.payload)
    node.connect(mosquitto.host, mosquitto.port)
    node.subscribe(f"spBv1.0/{group}/NCMD/n1", 1)
    node.loop_start()
    try:
        with collecting(mosquitto, store, ledger, uuid.uuid4().hex, tmp_path) as collector:
            node.publish(f"spBv1.0/{group}/NDATA/n1", sparkplug("", 3.0, T), qos=1)
            until(lambda: len(asked) == 1, 20)
            command = Payload.FromString(asked[0]).metrics[0]
            assert (command.name, command.boolean_value) == ("Node Control/Rebirth", True)
            node.publish(f"spBv1.0/{group}/NBIRTH/n1", sparkplug("energy", 4.0, T + 1), qos=1)
            until(lambda: collector.counters().stored == 2, 20)
        # Another process, which never heard the birth.
        with collecting(mosquitto, store, ledger, uuid.uuid4().hex, tmp_path) as collector:
            node.publish(f"spBv1.0/{group}/NDATA/n1", sparkplug("", 5.0, T + 2), qos=1)
            until(lambda: collector.counters().stored == 1, 20)
        assert len(asked) == 1
    finally:
        node.disconnect()
        node.loop_stop()
    assert [(r.at_ms, r.value) for r in stored(store, 3)] == [(T, 3.0), (T + 1, 4.0), (T + 2, 5.0)]
    assert ledger.count_kept() == 0


def test_a_reading_the_store_cannot_bear_is_kept_aside_and_the_others_go_on(
    store: SqliteReadingStore, ledger: SqlLedger, mosquitto: Mosquitto, tmp_path: Path
) -> None:
    class Choking:
        """A store with a bug."""

        def write_runs(self, runs: object) -> object:
            if any(42.0 in run.value for run in runs):  # type: ignore[attr-defined]
                raise KeyError("device")
            return store.write_runs(runs)  # type: ignore[arg-type]

        def __getattr__(self, name: str) -> object:
            return getattr(store, name)

    good = readings(30, series=3)
    settings = CollectorSettings(mqtt=url(mosquitto), client_id=uuid.uuid4().hex)
    collector = Collector(settings, Choking(), ledger, KNOWN)  # type: ignore[arg-type]
    collector.start()
    try:
        with sending(mosquitto.host, mosquitto.port) as sender:
            for i, reading in enumerate(good):
                sender.send(*native(reading))
                if i == 15:
                    said = {"ts": T + 500, "values": {"energy_import_kwh": 42.0}}
                    sender.send("civicmeter/v1/m1/telemetry", json.dumps(said).encode())
            sender.wait()
            assert collector.wait_idle(30)
        assert collector.failure is None
        assert collector.counters().unacknowledged == 0
    finally:
        collector.stop()
    assert stored(store, 3) == good
    assert aside_codes(ledger) == {"failed": 1}
    assert ledger.count_kept() == 1


DAY_MS = 86_400_000


def test_a_clock_a_day_behind_refuses_no_city(
    mosquitto: Mosquitto, store: SqliteReadingStore, ledger: SqlLedger
) -> None:
    """One device speaks first and is refused; others agree with it, and it is taken back."""
    good = readings(9, series=3)
    settings = CollectorSettings(mqtt=url(mosquitto), client_id=uuid.uuid4().hex)
    behind = Collector(settings, store, ledger, KNOWN, now_ms=lambda: good[0].at_ms - DAY_MS)
    behind.start()
    try:
        with sending(mosquitto.host, mosquitto.port) as sender:
            sender.send(*native(good[0]))
            until(lambda: behind.counters().rejected == {"future_time": 1})
            for reading in good[1:]:
                sender.send(*native(reading))
            until(lambda: behind.counters().stored == len(good), 20)
    finally:
        behind.stop()
    assert stored(store, 3) == good
    assert ledger.count_kept() == 0


def test_what_a_clock_refused_is_taken_back_when_it_is_set(
    mosquitto: Mosquitto, store: SqliteReadingStore, ledger: SqlLedger
) -> None:
    good = readings(3, series=1)
    clock = [good[0].at_ms - DAY_MS]
    settings = CollectorSettings(
        mqtt=url(mosquitto), client_id=uuid.uuid4().hex, registry_refresh_s=0.2
    )
    behind = Collector(settings, store, ledger, KNOWN, now_ms=lambda: clock[0])
    behind.start()
    try:
        with sending(mosquitto.host, mosquitto.port) as sender:
            for reading in good:
                sender.send(*native(reading))
            until(lambda: behind.counters().rejected == {"future_time": 3})
            clock[0] += DAY_MS
            until(lambda: behind.counters().stored == len(good), 20)
    finally:
        behind.stop()
    assert stored(store, 3) == good
