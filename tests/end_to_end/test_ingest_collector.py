"""The collector with a real broker, a real store and a real ledger."""

import json
import threading
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from civicmeter.demo.embedded_broker import EmbeddedBroker, embedded_broker
from domain.calendar import from_ms
from domain.errors import ConfigError, StoreUnavailableError
from domain.readings import Reading, Run
from ingest.live.collector import Collector
from ingest.live.connection import Connection
from ingest.live.counters import Counters
from ingest.mapping import Field, Mapping
from ingest.settings import CollectorSettings
from store.ledger.sql.ledger import SqlLedger
from store.readings.port import DeviceTags, WriteResult
from store.readings.sqlite import SqliteReadingStore
from tests.end_to_end.ingest_faults import cable
from tests.end_to_end.ingest_parts import (
    QUANTITY,
    T0,
    aside_codes,
    devices,
    gateway,
    native,
    readings,
    sending,
    stored,
    until,
)
from tests.servers import Mosquitto


@pytest.fixture(scope="module")
def embedded() -> Iterator[EmbeddedBroker]:
    with embedded_broker() as broker:
        yield broker


@pytest.fixture(params=["mosquitto", "embedded"])
def broker(request: pytest.FixtureRequest) -> Mosquitto | EmbeddedBroker:
    """Each test runs on both brokers."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def settings(broker: Mosquitto | EmbeddedBroker) -> CollectorSettings:
    # A topic tree of its own is not possible with native topics, but a session is.
    return CollectorSettings(
        mqtt=f"mqtt://{broker.host}:{broker.port}", client_id=f"test-{uuid.uuid4().hex}"
    )


@contextmanager
def collecting(collector: Collector) -> Iterator[Collector]:
    collector.start()
    try:
        yield collector
    finally:
        collector.stop()
    assert collector.failure is None


def test_all_is_stored_once_and_the_bad_kept_aside(
    settings: CollectorSettings, store: SqliteReadingStore, ledger: SqlLedger
) -> None:
    sent = readings(3000)
    host, port = settings.mqtt.removeprefix("mqtt://").split(":")
    with (
        collecting(Collector(settings, store, ledger, devices(5))) as collector,
        sending(host, int(port)) as sender,
    ):
        for start in range(0, 2000, 50):
            sender.send(*gateway(sent[start : start + 50]))
        for r in sent[2000:]:
            sender.send(*native(r))
        # Brokers need not keep the order between topics, and the first value stands.
        until(lambda: collector.counters().stored == 3000)
        sender.send("civicmeter/v1/m0/telemetry", b'{"ts": 1, "values": {"energy')
        sender.send("civicmeter/v1/m0/telemetry", b"\xff\x00")
        sender.send(*native(Reading("stranger", QUANTITY, T0, 1.0)))
        sender.send(*native(Reading("m0", "watts", T0, 1.0)))
        sender.send(*native(Reading("m0", QUANTITY, T0 * 10, 1.0)))
        sender.send(*native(Reading("m0", QUANTITY, 5, 1.0)))
        sender.send(*native(Reading("m0", QUANTITY, T0, float("nan"))))
        sender.send(*native(sent[0]))  # the same again changes nothing
        sender.send(*native(sent[5]._replace(value=99.0)))  # a contradiction
        sender.wait()
        until(lambda: collector.counters().received >= 40 + 1000 + 9)
        assert collector.wait_idle(30)
        counts = collector.counters()
    assert stored(store) == sent
    assert counts.stored == 3000
    assert counts.repeated == 1
    assert counts.acknowledged == counts.received
    assert counts.unacknowledged == 0
    expected = {
        "bad_json": 2,
        "unknown_device": 1,
        "unknown_quantity": 1,
        "future_time": 1,
        "ancient_time": 1,
        "not_finite": 1,
        "conflict": 1,
    }
    assert counts.rejected == expected
    assert aside_codes(ledger) == expected
    (conflict,) = [e for e in ledger.aside() if e.code == "conflict"]
    assert conflict.device == "m0"
    assert conflict.source == "civicmeter/v1/m0/telemetry"
    assert "2.5 is stored for this time already" in conflict.detail


def test_what_comes_while_the_collector_is_away_waits_for_it(
    settings: CollectorSettings, store: SqliteReadingStore, ledger: SqlLedger
) -> None:
    sent = readings(500)
    host, port = settings.mqtt.removeprefix("mqtt://").split(":")
    with sending(host, int(port)) as sender:
        with collecting(Collector(settings, store, ledger, devices(5))):
            for r in sent[:100]:
                sender.send(*native(r))
            sender.wait()
        for r in sent[100:]:
            sender.send(*native(r))
        sender.wait()
        with collecting(Collector(settings, store, ledger, devices(5))) as collector:
            until(lambda: len(stored(store)) == 500)
            assert collector.wait_idle(30)
            assert collector.counters().repeated == 0
    assert stored(store) == sent


def test_an_idle_worker_waits_for_no_more_than_is_worth_a_batch(
    settings: CollectorSettings, store: SqliteReadingStore, ledger: SqlLedger
) -> None:
    sent = readings(500)
    messages = [gateway(sent[start : start + 50]) for start in range(0, 500, 50)]
    host, port = settings.mqtt.removeprefix("mqtt://").split(":")
    patient = replace(
        settings,
        linger_s=300.0,
        quiet_s=300.0,
        enough_bytes=sum(len(payload) for _, payload in messages),
    )
    with (
        collecting(Collector(patient, store, ledger, devices(5))) as collector,
        sending(host, int(port)) as sender,
    ):
        for message in messages[:-1]:
            sender.send(*message)
        until(lambda: collector.counters().received == 9)
        assert collector.counters().stored == 0
        sender.send(*messages[-1])
        until(lambda: collector.counters().stored == 500)
        assert collector.counters().batches == 1
        # What the batch took counts no longer.
        sender.send(*messages[0])
        until(lambda: collector.counters().received == 11)
        assert collector.counters().repeated == 0
    assert collector.counters().repeated == 50, "a stopping collector stores what it has"
    assert stored(store) == sent


class AbsentAtFirst:
    """A store that fails so many times, then is the real one."""

    def __init__(self, store: SqliteReadingStore, failures: int) -> None:
        self._store = store
        self.failures = failures

    def write_runs(self, some: Sequence[Run]) -> WriteResult:
        if self.failures:
            self.failures -= 1
            raise StoreUnavailableError("away: wait")
        return self._store.write_runs(some)


def test_while_the_store_is_away_nothing_is_acknowledged(
    settings: CollectorSettings, store: SqliteReadingStore, ledger: SqlLedger
) -> None:
    sent = readings(300)
    host, port = settings.mqtt.removeprefix("mqtt://").split(":")
    away = AbsentAtFirst(store, failures=10**9)
    collector = Collector(
        replace(settings, retry_min_s=0.01, retry_max_s=0.05, drain_s=0.1),
        away,  # type: ignore[arg-type]
        ledger,
        devices(5),
    )
    collector.start()
    with sending(host, int(port)) as sender:
        for r in sent:
            sender.send(*native(r))
        sender.wait()
    until(lambda: collector.counters().store_failures > 3)
    assert collector.counters().acknowledged == 0
    collector.stop()
    assert isinstance(collector.failure, StoreUnavailableError)
    # The next one gets all of it.
    with collecting(Collector(settings, AbsentAtFirst(store, 3), ledger, devices(5))) as second:  # type: ignore[arg-type]
        until(lambda: second.counters().stored == 300)
        assert second.counters().store_failures == 3
    assert stored(store) == sent


def test_a_device_registered_meanwhile_is_found_without_restart(
    settings: CollectorSettings, store: SqliteReadingStore, ledger: SqlLedger
) -> None:
    known: dict[str, DeviceTags] = {}
    host, port = settings.mqtt.removeprefix("mqtt://").split(":")
    collector = Collector(
        replace(settings, unknown_refresh_s=0.0),
        store,
        ledger,
        known,
        refresh=lambda: known.update(devices(5)),
    )
    sent = readings(20)
    with collecting(collector), sending(host, int(port)) as sender:
        for r in sent:
            sender.send(*native(r))
        until(lambda: collector.counters().stored == 20)
    assert stored(store) == sent
    assert aside_codes(ledger) == {}


def test_share_group_splits_the_messages(tmp_path: Path, mosquitto: Mosquitto) -> None:
    sent = readings(1000)
    name = uuid.uuid4().hex
    store = SqliteReadingStore(tmp_path / "readings.db")
    ledger = SqlLedger(f"sqlite:///{tmp_path / 'ledger.db'}")
    base = CollectorSettings(mqtt=f"mqtt://{mosquitto.host}:{mosquitto.port}", share_group=name)
    two = [
        Collector(replace(base, client_id=f"{name}-{i}"), store, ledger, devices(5))
        for i in range(2)
    ]
    with (
        collecting(two[0]),
        collecting(two[1]),
        sending(mosquitto.host, mosquitto.port) as sender,
    ):
        for r in sent:
            sender.send(*native(r))
        until(lambda: sum(c.counters().stored for c in two) == 1000)
        assert all(c.counters().received for c in two)
        assert sum(c.counters().received for c in two) == 1000
    assert stored(store) == sent
    store.close()


def test_no_broker_says_what_to_do(store: SqliteReadingStore, ledger: SqlLedger) -> None:
    collector = Collector(CollectorSettings(mqtt="mqtt://127.0.0.1:1"), store, ledger, {})
    with pytest.raises(ConfigError, match=r"no MQTT 5 broker answers at mqtt://127.0.0.1:1"):
        collector.start(timeout_s=0.3)


@pytest.mark.parametrize("url", ["http://x", "mqtt://", "mqtt://h:0", "mqtt://h:99999", "h:1883"])
def test_a_wrong_url_is_refused(url: str, store: SqliteReadingStore, ledger: SqlLedger) -> None:
    with pytest.raises(ConfigError, match="write mqtt://HOST:PORT"):
        Collector(CollectorSettings(mqtt=url), store, ledger, {})


@pytest.mark.parametrize("group", ["", "g"])
def test_gaps_in_frame_counters_are_counted_where_nobody_shares_the_messages(
    group: str, mosquitto: Mosquitto, store: SqliteReadingStore, ledger: SqlLedger
) -> None:
    bins = Mapping(
        topic="application/+/device/+/event/up",
        format="chirpstack",
        device="{3}",
        fields={"volume": Field("water_m3")},
    )
    own = CollectorSettings(
        mqtt=f"mqtt://{mosquitto.host}:{mosquitto.port}",
        client_id=f"test-{uuid.uuid4().hex}",
        mappings=(bins,),
        share_group=group and f"{group}{uuid.uuid4().hex}",
    )
    with (
        collecting(Collector(own, store, ledger, devices(5))) as collector,
        sending(mosquitto.host, mosquitto.port) as sender,
    ):
        for i in (4, 5, 5, 8, 9, 12):
            at = from_ms(T0 + i * 1000).isoformat()
            said = {"time": at, "fCnt": i, "object": {"volume": i}}
            sender.send("application/1/device/m0/event/up", json.dumps(said).encode())
        sender.wait()
        until(lambda: collector.counters().received == 6)
        assert collector.wait_idle(30)
        counts = collector.counters()
        assert (counts.stored, counts.repeated) == (5, 1)
        assert counts.missed_frames == (0 if group else 4)


class HeldStore:
    """A store that writes only once it is let."""

    def __init__(self, store: SqliteReadingStore) -> None:
        self._store = store
        self.let = threading.Event()

    def write_runs(self, runs: Sequence[Run]) -> WriteResult:
        assert self.let.wait(60)
        return self._store.write_runs(runs)


@pytest.mark.parametrize(("session_s", "told"), [(3600, 0), (0, 1)])
def test_only_a_new_session_is_told(mosquitto: Mosquitto, session_s: int, told: int) -> None:
    renewed: list[int] = []
    with cable(mosquitto.port) as laid:
        mine = CollectorSettings(
            mqtt=f"mqtt://127.0.0.1:{laid.port}",
            client_id=f"test-{uuid.uuid4().hex}",
            session_expiry_s=session_s,
        )
        counters = Counters()
        connection = Connection(
            mine, ["none/such"], lambda _: None, counters, lambda: 0, lambda: renewed.append(1)
        )
        connection.start()
        connection.wait(10)
        first = len(renewed)
        laid.unplug()
        until(lambda: counters.snapshot().connections == 2 and connection.connected)
        connection.stop()
    assert (first, len(renewed) - first) == (1, told)


def test_what_has_no_time_and_comes_again_is_stored_once(
    mosquitto: Mosquitto, store: SqliteReadingStore, ledger: SqlLedger
) -> None:
    """The connection breaks between storing and acknowledging; the broker sends all again."""
    with cable(mosquitto.port) as laid, sending(mosquitto.host, mosquitto.port) as sender:
        mine = CollectorSettings(
            mqtt=f"mqtt://127.0.0.1:{laid.port}", client_id=f"test-{uuid.uuid4().hex}"
        )
        held = HeldStore(store)
        with collecting(Collector(mine, held, ledger, devices(5))) as collector:  # type: ignore[arg-type]
            for i in range(5):
                sender.send(f"civicmeter/v1/m{i}/telemetry", b'{"%s": %d}' % (QUANTITY.encode(), i))
            until(lambda: collector.counters().received == 5)
            laid.unplug()
            until(lambda: collector.counters().received == 10)
            held.let.set()
            until(lambda: collector.counters().acknowledged == 5)
            # Sent again as new, it is new.
            sender.send("civicmeter/v1/m0/telemetry", b'{"%s": 0}' % QUANTITY.encode())
            until(lambda: collector.counters().stored == 6)
            assert collector.counters().repeated == 5
    assert sorted(r.value for r in stored(store)) == [0, 0, 1, 2, 3, 4]
