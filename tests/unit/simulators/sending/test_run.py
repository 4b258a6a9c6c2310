"""Whole runs over real TCP: what a subscriber hears is what the evidence says was sent."""

import json
import signal
import subprocess
import sys
import threading
import time
import tomllib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import paho.mqtt.client as mqtt
import pyarrow.parquet as pq
import pytest
from paho.mqtt.client import topic_matches_sub
from paho.mqtt.enums import CallbackAPIVersion

from domain.calendar import Month
from domain.errors import CivicmeterError
from ingest.mapping import NATIVE
from simulators.devices.block import Incident, Message
from simulators.faults import KINDS, parse_faults
from simulators.faults.kinds import LINE_KINDS
from simulators.scenarios import scenario
from simulators.scenarios.timeline import Timeline
from simulators.sending.device_line import DeviceLine
from simulators.sending.publish import Publisher
from simulators.sending.run import Run
from tests.servers import Mosquitto, free_port

NOW = datetime(2026, 11, 23, 4, 7, tzinfo=UTC)


class Listener:
    """Hears everything under civicmeter/ and keeps it."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, bytes]] = []

    def readings(self) -> dict[tuple[str, str, int], float]:
        found = {}
        for topic, payload in self.heard:
            if "/gateway/" in topic:
                try:
                    content = json.loads(payload)
                except ValueError:
                    continue  # garbage sent on purpose
                for device, records in content.items():
                    for record in records:
                        for quantity, value in record["values"].items():
                            found[device, quantity, record["ts"]] = value
        return found


@contextmanager
def listening(broker: Mosquitto) -> Iterator[Listener]:
    listener, ready = Listener(), threading.Event()
    client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
    client.on_connect = lambda c, *_: c.subscribe("civicmeter/#", qos=1)
    client.on_subscribe = lambda *_: ready.set()
    client.on_message = lambda _c, _u, m: listener.heard.append((m.topic, m.payload))
    client.connect(broker.host, broker.port)
    client.loop_start()
    try:
        assert ready.wait(10)
        yield listener
    finally:
        client.disconnect()
        client.loop_stop()


def until(condition: object, seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def test_everything_heard_is_in_the_evidence_and_the_reverse(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    shown: list[tuple[int, int]] = []
    with listening(mosquitto) as listener:
        with Publisher(mosquitto.host, mosquitto.port, client_id="sim-test") as publisher:
            run = Run(scenario("tiny", NOW), publisher, tmp_path)
            sent = run.backfill(lambda done, total: shown.append((done, total)))
        evidence = pq.read_table(tmp_path / "sent.parquet").to_pandas()
        until(lambda: len(listener.readings()) >= sent)
        heard = listener.readings()
        until(lambda: sum("/gateway/" not in t for t, _ in listener.heard) >= 15)
    expected = {
        (str(r.device), str(r.quantity), int(r.at_ms)): float(r.value)
        for r in evidence.itertuples()
    }
    assert len(expected) == len(evidence) == sent == run.sent
    assert heard == expected
    assert shown[-1] == (sent, sent)
    truth = json.loads((tmp_path / "truth.json").read_text())
    assert truth["sent_readings"] == sent
    assert sum(truth["bad_messages"].values()) == 15
    march = {
        (m["subject"], m["name"]): m["value"]
        for m in truth["months"]
        if m["institution"] == "cam-b31"
    }
    register = evidence[evidence["device"] == "cam-b31-electricity"].sort_values("at_ms")["value"]
    assert march["", "electricity_use_kwh"] == pytest.approx(
        register.iloc[-1] - register.iloc[0], abs=0.05
    )
    table = pq.read_table(tmp_path / "truth.parquet").to_pandas()
    days = table[(table["name"] == "electricity_use_kwh") & (table["subject"] == "")]
    assert days[days["day"].notna()]["value"].sum() == pytest.approx(
        days[days["day"].isna()]["value"].sum()
    )


def test_a_restarted_broker_costs_no_reading(own_mosquitto: Mosquitto, tmp_path: Path) -> None:
    broken = threading.Event()

    with Publisher(
        own_mosquitto.host, own_mosquitto.port, client_id="sim-restart", window=4
    ) as publisher:
        run = Run(scenario("tiny", NOW), publisher, tmp_path)

        def break_once(_done: int, _total: int) -> None:
            if not broken.is_set():
                broken.set()
                own_mosquitto.stop()
                threading.Timer(0.5, own_mosquitto.start).start()

        # The first progress comes after the first site's month: cut the connection there.
        sent = run.backfill(break_once)
    assert broken.is_set()
    evidence = pq.read_table(tmp_path / "sent.parquet").to_pandas()
    assert len(evidence) == sent == run.sent
    assert not evidence.duplicated(["device", "quantity", "at_ms"]).any()


def test_a_broken_line_leaves_a_last_will_that_no_collector_takes_for_telemetry(
    mosquitto: Mosquitto,
) -> None:
    with listening(mosquitto) as listener:
        with Publisher(mosquitto.host, mosquitto.port, client_id="sim-will") as publisher:
            topic = publisher.status_topic

            def said() -> list[bytes]:
                return [p for t, p in listener.heard if t == topic]

            until(lambda: said() == [b"online"])
            publisher.flap()
            until(lambda: said() == [b"online", b"offline", b"online"])
            acknowledged: list[int] = []
            for number in range(50):
                message = Message("civicmeter/v1/x/telemetry", b"{}", 0)
                publisher.publish(message, partial(acknowledged.append, number))
            publisher.drain()
            assert acknowledged == list(range(50))
        until(lambda: said() == [b"online", b"offline", b"online", b"offline"])
    with listening(mosquitto) as later:
        until(lambda: (topic, b"offline") in later.heard)  # retained
    assert not any(topic_matches_sub(m.topic, topic) for m in NATIVE)


def test_no_broker_is_one_line_that_says_what_to_do() -> None:
    port = free_port()
    with pytest.raises(CivicmeterError, match=f"no broker answers at 127.0.0.1:{port}.*start one"):
        Publisher("127.0.0.1", port, client_id="x").__enter__()


def test_the_command_backfills_reports_and_ends_politely(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    command = [
        sys.executable,
        "-m",
        "civicmeter",
        "simulate",
        "run",
        "--scenario",
        "tiny",
        "--port",
        str(mosquitto.port),
        "--truth",
        str(tmp_path),
        "--json-progress",
        "--live",
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        events = []
        for line in process.stdout:
            events.append(json.loads(line))
            if events[-1]["event"] == "backfilled":
                break
        sent = pq.read_metadata(tmp_path / "sent.parquet").num_rows
        assert events[-1]["sent"] == sent > 3000
        assert events[0]["event"] == "progress"
        time.sleep(0.2)
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    finally:
        process.kill()
        process.wait()


def test_live_readings_are_published_when_due_and_kept_as_evidence(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    # A present of half an hour ago: what fell due since then is published at once.
    past = datetime.now(UTC) - timedelta(minutes=31)
    city = scenario("demo", past)
    campus = replace(city.sites[-1], first=Month.of(past.date()), houses=city.sites[-1].houses[:1])
    few = replace(city, sites=(campus,), bad_messages=False)
    stop = threading.Event()
    with listening(mosquitto) as listener:
        with Publisher(mosquitto.host, mosquitto.port, client_id="sim-live") as publisher:
            run = Run(few, publisher, tmp_path)
            run.backfill(lambda *_: None)
            before = len(listener.heard)
            live = threading.Thread(target=run.live, args=(stop,))
            live.start()
            until(
                lambda: any(t == "civicmeter/v1/dy-elec-main/telemetry" for t, _ in listener.heard)
            )
            stop.set()
            live.join(10)
        assert not live.is_alive() and len(listener.heard) > before
    own = [json.loads(p) for t, p in listener.heard if t.endswith("v1/dy-elec-main/telemetry")]
    evidence = pq.read_table(tmp_path / "sent-live.parquet").to_pandas()
    main = evidence[evidence["device"] == "dy-elec-main"]
    assert {r["ts"] for r in own} == set(main["at_ms"])
    assert main["at_ms"].min() > past.timestamp() * 1000
    assert main["at_ms"].max() <= time.time() * 1000


def test_time_can_be_compressed(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """At 7,200 times the speed an hour lasts half a second."""
    past = datetime(2026, 9, 30, 3, 50, tzinfo=UTC)
    demo = scenario("demo", past)
    campus = replace(demo.sites[-1], first=Month(2026, 9))
    few = replace(demo, sites=(campus,), bad_messages=False)
    stop = threading.Event()
    with Publisher(mosquitto.host, mosquitto.port, client_id="sim-speed") as publisher:
        run = Run(few, publisher, tmp_path)
        run.backfill(lambda *_: None)
        before, began = run.sent, time.monotonic()
        live = threading.Thread(target=run.live, args=(stop, 7_200.0))
        live.start()
        until(lambda: run.sent > before + 40)  # more than an hour of the campus
        stop.set()
        live.join(10)
        lasted_s = time.monotonic() - began
    evidence = pq.read_table(tmp_path / "sent-live.parquet").to_pandas()
    hours = (evidence["at_ms"].max() / 1000 - past.timestamp()) / 3600
    assert 1 <= hours <= lasted_s * 7_200 / 3_600  # none came before its compressed time


ON_LINES = """
[[fault]]
kind = "flapping"
devices = ["*-elec"]
start = 2026-10-06T08:00:00+08:00
hours = 24
rate = 0.03

[[fault]]
kind = "wrong_credentials"
devices = ["*-water"]
start = 2026-10-06T08:00:00+08:00
hours = 10
rate = 0.3

[[fault]]
kind = "oversized"
devices = ["*-heat"]
start = 2026-10-06T08:00:00+08:00
hours = 10
rate = 0.2
"""


def test_a_hostile_run_over_a_flapping_line_loses_and_doubles_nothing(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    faults = parse_faults(tomllib.loads(ON_LINES), "test")
    hostile = scenario("hostile", NOW, months=1)
    few = replace(hostile, sites=hostile.sites[:4]).with_faults(faults)
    planned = Counter(i.kind for p in Timeline(few).backfill() for i in p.incidents)
    assert set(planned) == {"flapping", "wrong_credentials", "oversized"}
    with listening(mosquitto) as listener:
        with Publisher(mosquitto.host, mosquitto.port, client_id="sim-hostile") as publisher:
            sent = Run(few, publisher, tmp_path).backfill(lambda *_: None)
        truth = json.loads((tmp_path / "truth.json").read_text())
        known = {d.id for d in few.registry().devices}

        def good() -> dict[tuple[str, str, int], float]:
            return {k: v for k, v in listener.readings().items() if k[0] in known}

        until(lambda: len(good()) >= sent)
        heard = good()
    evidence = pq.read_table(tmp_path / "sent.parquet").to_pandas()
    keys = set(zip(evidence["device"], evidence["quantity"], evidence["at_ms"], strict=True))
    assert len(keys) == len(evidence) == sent
    assert set(heard) == keys
    extra = truth["extra_messages"]
    assert extra["broken_connection"] == planned["flapping"] > 0
    # This broker lets anybody in and takes anything: the truth says so.
    assert extra["wrong_credentials_let_in"] == planned["wrong_credentials"] > 0
    assert extra["oversized_acknowledged"] == planned["oversized"] > 0
    told = [f for f in truth["faults"] if f["kind"] in planned]
    assert {f["kind"] for f in told} == set(planned)
    assert sum(f["readings"] for f in told) == planned.total()
    assert {f["kind"] for f in truth["faults"]} <= set(KINDS)


def test_a_guarded_broker_refuses_wrong_credentials_and_oversized_messages(
    tmp_path: Path,
) -> None:
    secrets = tmp_path / "passwords"
    subprocess.run(["mosquitto_passwd", "-c", "-b", secrets, "gateway", "right"], check=True)
    secrets.chmod(0o644)
    guarded = f"allow_anonymous false\npassword_file {secrets}\nmessage_size_limit 1000000"
    with (
        Mosquitto(guarded) as broker,
        Publisher(
            broker.host, broker.port, client_id="sim-guarded", username="gateway", password="right"
        ) as publisher,
    ):
        line = DeviceLine(publisher)
        told = [
            LINE_KINDS[kind].strike(line, Incident(kind, 0, "x"))
            for kind in ("wrong_credentials", "oversized")
        ]
        acknowledged: list[int] = []
        message = Message("civicmeter/v1/x/telemetry", b"{}", 0)
        publisher.publish(message, partial(acknowledged.append, 1))
        publisher.drain()
    assert told == ["wrong_credentials_refused", "oversized_refused"]
    assert acknowledged == [1]
