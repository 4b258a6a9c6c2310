"""Running collectors: TLS, access lists, last will, metrics, several processes, the doctor."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import paho.mqtt.client as mqtt
import psutil
import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.reasoncodes import ReasonCode

from civicmeter.demo.embedded_broker import embedded_broker
from civicmeter.wiring.pipeline import open_pipeline
from config.settings import Settings
from domain.errors import ConfigError
from ingest.acl import mosquitto_acl
from ingest.checks import broker_checks, clock_checks
from ingest.live.collector import Collector
from ingest.live.connection import Connection
from ingest.live.counters import Counters
from ingest.settings import CollectorSettings
from store.ledger.sql.ledger import SqlLedger
from store.readings.sqlite import SqliteReadingStore
from tests.certificates import Certificates
from tests.end_to_end.ingest_parts import (
    CHILD,
    aside_codes,
    devices,
    native,
    readings,
    registry,
    sending,
    stored,
    until,
)
from tests.paths import ROOT
from tests.real_parts import part
from tests.servers import InfluxDb, Mosquitto, free_port


@contextmanager
def collecting(collector: Collector) -> Iterator[Collector]:
    collector.start()
    try:
        yield collector
    finally:
        collector.stop()


def settings_for(port: int) -> CollectorSettings:
    return CollectorSettings(mqtt=f"mqtt://127.0.0.1:{port}", client_id=f"test-{uuid.uuid4().hex}")


def test_tls_with_client_certificates(
    tmp_path: Path, store: SqliteReadingStore, ledger: SqlLedger
) -> None:
    made, port = Certificates(tmp_path), free_port()
    with part(lambda: Mosquitto(made.mosquitto_config(port))) as broker:
        plain = replace(settings_for(port), mqtt=f"mqtts://127.0.0.1:{port}", ca=made.ca)
        with pytest.raises(ConfigError):
            Collector(plain, store, ledger, devices(5)).start(timeout_s=1.5)
        sent = readings(2000)
        secure = replace(plain, cert=made.cert, key=made.key)
        with (
            collecting(Collector(secure, store, ledger, devices(5))),
            sending("127.0.0.1", broker.port) as sender,
        ):
            for r in sent:
                sender.send(*native(r))
            until(lambda: len(stored(store)) == 2000)
        assert stored(store) == sent
    missing = replace(plain, ca=tmp_path / "none.crt")
    with pytest.raises(ConfigError, match="TLS files"):
        Collector(missing, store, ledger, {})


def test_each_device_may_say_only_its_own(
    tmp_path: Path, store: SqliteReadingStore, ledger: SqlLedger
) -> None:
    acl, passwords = tmp_path / "acl", tmp_path / "passwords"
    acl.write_text(mosquitto_acl(registry(2)), encoding="utf-8")
    passwords.write_text("collector:c\nm0:p0\nm1:p1\ng1:p2\n")
    subprocess.run(["mosquitto_passwd", "-U", str(passwords)], check=True)
    for file in (acl, passwords):
        file.chmod(0o644)
    config = (
        f"listener {(port := free_port())} 127.0.0.1\nper_listener_settings false\n"
        f"allow_anonymous false\nacl_file {acl}\npassword_file {passwords}"
    )
    with part(lambda: Mosquitto(config)):
        mine = replace(settings_for(port), username="collector", password="c")
        with pytest.raises(ConfigError, match="user name and password"):
            wrong = replace(mine, password="no")
            Collector(wrong, store, ledger, devices(2)).start(timeout_s=3)
        with collecting(Collector(mine, store, ledger, devices(2))) as collector:
            own, other = readings(2, series=2)
            for user, password, message in (
                ("m0", "p0", native(own)),
                ("m0", "p0", native(other)),
                ("m1", "p1", ("civicmeter/v1/gateway/g1/telemetry", b"{}")),
                ("m1", "p1", native(other._replace(value=9.0))),
            ):
                publish_as(port, user, password, *message)
            until(lambda: collector.counters().stored == 2)
            assert collector.wait_idle(10)
            assert collector.counters().received == 2
        assert [r.value for r in stored(store, 2)] == [own.value, 9.0]


def publish_as(port: int, user: str, password: str, topic: str, payload: bytes) -> None:
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
    client.username_pw_set(user, password)
    done = threading.Event()
    client.on_publish = lambda *_: done.set()
    client.connect("127.0.0.1", port)
    client.loop_start()
    client.publish(topic, payload, qos=1)
    assert done.wait(10)
    client.disconnect()
    client.loop_stop()


def test_everybody_can_see_whether_the_collector_is_there(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    name = f"test-{uuid.uuid4().hex}"
    told: list[str] = []
    watcher = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
    watcher.on_message = lambda _c, _u, m: told.append(json.loads(m.payload)["state"])
    watcher.connect(mosquitto.host, mosquitto.port)
    watcher.subscribe(f"civicmeter/v1/collector/{name}/status", qos=1)
    watcher.loop_start()
    child = [
        *CHILD,
        f"mqtt://{mosquitto.host}:{mosquitto.port}",
        name,
        f"sqlite:///{tmp_path / 'r.db'}",
        f"sqlite:///{tmp_path / 'l.db'}",
        "1",
    ]
    process = subprocess.Popen(child, cwd=ROOT)
    try:
        until(lambda: told == ["collecting"])
    finally:
        process.kill()
        process.wait()
    until(lambda: told == ["collecting", "lost"])
    store = SqliteReadingStore(tmp_path / "r.db")
    settings = replace(settings_for(mosquitto.port), client_id=name)
    with collecting(Collector(settings, store, SqlLedger(f"sqlite:///{tmp_path / 'l.db'}"), {})):
        until(lambda: told[2:] == ["collecting"])
    until(lambda: told[3:] == ["stopped"])
    watcher.disconnect()
    watcher.loop_stop()
    store.close()


def test_the_brokers_losses_are_seen(store: SqliteReadingStore, ledger: SqlLedger) -> None:
    # Its queues hold ten messages, and somebody else is away.
    with part(lambda: Mosquitto("max_queued_messages 10")) as broker:
        away = Collector(settings_for(broker.port), store, ledger, devices(5))
        with collecting(away):
            pass
        watching = replace(settings_for(broker.port), watch_broker=True)
        with collecting(Collector(watching, store, ledger, devices(5))) as seeing:
            until(lambda: seeing.counters().broker_dropped == 0)
            with sending(broker.host, broker.port) as sender:
                for r in readings(500):
                    sender.send(*native(r))
                sender.wait()
            until(lambda: (seeing.counters().broker_dropped or 0) > 0)
            checks = broker_checks(Settings(mqtt=f"mqtt://127.0.0.1:{broker.port}"))
    (queue,) = [c for c in checks if c[0] == "broker queue"]
    assert "max_queued_messages" in queue[2]


def test_several_processes_share_the_work(mosquitto: Mosquitto, tmp_path: Path) -> None:
    folder, port = tmp_path / "data", free_port()
    name, sent = f"test-{uuid.uuid4().hex}", readings(1500)
    with open_pipeline(Settings(data=folder)) as pipeline:
        pipeline.save_registry(registry(5))
        command = [
            sys.executable,
            "-m",
            "civicmeter",
            "collect",
            "--data",
            str(folder),
            "--mqtt",
            f"mqtt://{mosquitto.host}:{mosquitto.port}",
            "--client-id",
            name,
            "--share-group",
            name,
            "--processes",
            "2",
            "--metrics-port",
            str(port),
            "--log-json",
        ]
        parent = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        try:
            assert parent.stdout is not None
            for _ in range(2):
                assert "Collecting from" in parent.stdout.readline()
            with sending(mosquitto.host, mosquitto.port) as sender:
                for r in sent[:1000]:
                    sender.send(*native(r))
                until(lambda: len(stored(pipeline.store)) == 1000)
                received = [metric(port + i, "civicmeter_collector_received_total") for i in (0, 1)]
                assert all(received)
                assert sum(received) == 1000
                # One dies: the other goes on and it is started again.
                victim = next(
                    c
                    for c in psutil.Process(parent.pid).children()
                    if "spawn_main" in str(c.cmdline())
                )
                os.kill(victim.pid, signal.SIGKILL)
                for r in sent[1000:]:
                    sender.send(*native(r))
                assert "Collecting from" in parent.stdout.readline()
                until(lambda: len(stored(pipeline.store)) == 1500)
            assert stored(pipeline.store) == sent
            assert aside_codes(pipeline.ledger) == {}
            parent.terminate()
            _, errors = parent.communicate(timeout=30)
        finally:
            parent.kill()
            parent.communicate()
        assert parent.returncode == 0, errors
        lines = [json.loads(line) for line in errors.splitlines()]
        assert any("died" in line["message"] for line in lines)


def metric(port: int, name: str) -> float:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        text = answer.read().decode()
    return sum(float(line.split()[-1]) for line in text.splitlines() if line.startswith(name + "{"))


def test_the_doctor_finds_nothing_wrong_with_good_brokers(mosquitto: Mosquitto) -> None:
    with embedded_broker() as embedded:
        for url in (f"mqtt://{mosquitto.host}:{mosquitto.port}", embedded.url):
            checks = broker_checks(Settings(mqtt=url))
            assert ("broker", f"{url} answers with MQTT 5", "") in checks
            assert [c for c in checks if c[0] == "broker round trip"]


def test_the_doctor_finds_what_is_wrong() -> None:
    (nobody,) = broker_checks(Settings(mqtt="mqtt://127.0.0.1:1"))
    assert "does not answer" in nobody[1]
    assert nobody[2]
    (wrong,) = broker_checks(Settings(mqtt="http://x"))
    assert "mqtt://HOST:PORT" in wrong[2]
    port = free_port()
    config = f"listener {port} 127.0.0.1\nmax_packet_size 1000\nmax_qos 0"
    with part(lambda: Mosquitto(config)):
        checks = broker_checks(Settings(mqtt=f"mqtt://127.0.0.1:{port}"))
        advice = {name: what for name, _, what in checks}
        assert "QoS 1" in advice["broker QoS"]
        assert "max_packet_size" in advice["packet size"]


def test_a_refused_subscription_says_what_to_do() -> None:
    # mosquitto grants every subscription and holds the messages back; others refuse it.
    connection = Connection(CollectorSettings(), ["a", "b"], print, Counters(), lambda: 0)
    refused = ReasonCode(PacketTypes.SUBACK, "Not authorized")
    granted = ReasonCode(PacketTypes.SUBACK, "Granted QoS 1")
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
    connection._on_subscribe(client, None, 1, [granted, refused], None)
    with pytest.raises(ConfigError, match=r"read b: allow it in the broker's access list"):
        connection.wait(0.1)


def test_a_broker_that_knows_no_statistics_is_not_asked_twice(
    store: SqliteReadingStore, ledger: SqlLedger
) -> None:
    # The embedded broker ends the connection over a topic that begins with $SYS.
    sent = readings(100)
    with embedded_broker() as broker, sending(broker.host, broker.port) as sender:
        watching = replace(settings_for(broker.port), watch_broker=True)
        with collecting(Collector(watching, store, ledger, devices(5))) as collector:
            for r in sent:
                sender.send(*native(r))
            until(lambda: collector.counters().stored == 100)
            until(lambda: collector.counters().connections == 2)
            until(lambda: collector.connected)
    assert stored(store) == sent


def test_the_doctor_compares_clocks(influxdb: InfluxDb) -> None:
    settings = Settings(store=f"influxdb+{influxdb.url}/org/bucket")
    (well,) = clock_checks(settings)
    assert well[2] == ""
    (ahead,) = clock_checks(settings, lambda: datetime.now(UTC) + timedelta(hours=1))
    skew = re.search(r"(\d+) s", ahead[1])
    assert skew and 3590 <= int(skew[1]) <= 3610
    assert "NTP" in ahead[2]
    (gone,) = clock_checks(Settings(store="influxdb+http://127.0.0.1:1/org/bucket"))
    assert "does not answer" in gone[1]
    assert clock_checks(Settings()) == []


def test_of_two_with_one_client_id_the_first_ends_and_says_what_to_change(
    mosquitto: Mosquitto, store: SqliteReadingStore, ledger: SqlLedger
) -> None:
    """Else each throws the other out for ever, and readings land now here, now there."""
    settings = settings_for(mosquitto.port)
    with collecting(Collector(settings, store, ledger, devices(5))) as first:
        with collecting(Collector(settings, store, ledger, devices(5))) as second:
            until(lambda: first.failure is not None, 10)
            assert settings.client_id in str(first.failure)
            assert "--client-id" in str(first.failure)
            assert "ended" in first.state()
            assert first.join(10)
            sent = readings(100)
            with sending("127.0.0.1", mosquitto.port) as sender:
                for r in sent:
                    sender.send(*native(r))
                sender.wait()
            until(lambda: second.counters().stored == 100, 20)
            assert (second.failure, second.state()) == (None, "ok")
            settled = second.counters().connections
            assert second.wait_idle(20, quiet_s=3)
            assert second.counters().connections == settled
        assert second.state() == "ok"


def test_a_network_thread_that_dies_is_told(
    mosquitto: Mosquitto, store: SqliteReadingStore, ledger: SqlLedger
) -> None:
    with collecting(
        Collector(settings_for(mosquitto.port), store, ledger, devices(5))
    ) as collector:
        assert collector.state() == "ok"
        client = collector._connection._client
        client._thread_terminate = True
        client.disconnect()
        until(lambda: "network thread ended" in collector.state(), 10)
