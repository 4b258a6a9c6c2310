"""Walks docs/one-reading.md: over real MQTT, on both stores, with the page's own values."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
import pytest

from api.app import create_app
from civicmeter.wiring.collecting import collecting
from civicmeter.wiring.pipeline import Pipeline, collector_settings, open_pipeline
from config.settings import Settings
from domain.calendar import Month, from_ms
from domain.places import Carrier, Institution, Meter
from domain.readings import Reading, Series
from domain.registry import Registry
from ingest.live.collector import Collector
from ingest.messages.router import Router
from ingest.settings import CollectorSettings
from processing.months.job import process
from store.readings.influx_lines import encode
from tests.local_client import local_client
from tests.paths import ROOT

PAGE = (ROOT / "docs" / "one-reading.md").read_text(encoding="utf-8")
MARCH = Month(2026, 3)
HOUR_MS = 3_600_000
START_MS, HOURS = 1_772_294_400_000, 744
REGISTRY = Registry(
    institutions=(Institution("hall", "市政服务大厅", "Service hall"),),
    devices=(
        Meter(
            id="hall-e1",
            institution="hall",
            carrier=Carrier.ELECTRICITY,
            register="energy_import_kwh",
        ),
        Meter(
            id="hall-w1",
            institution="hall",
            carrier=Carrier.WATER,
            register="water_m3",
            in_service_from=date(2025, 7, 1),
        ),
    ),
)


def block(name: str) -> str:
    match = re.search(rf"<!-- {name} -->\n```\w*\n(.*?)\n```", PAGE, re.DOTALL)
    assert match, f"docs/one-reading.md has no block {name!r}"
    return match[1]


def block_json(name: str) -> Any:
    return json.loads(block(name))


def hourly(quantity: str, start: float, per_hour: float) -> list[dict[str, Any]]:
    return [
        {"ts": START_MS + h * HOUR_MS, "values": {quantity: start + h * per_hour}}
        for h in range(HOURS + 1)
    ]


@pytest.fixture(params=["sqlite", "influxdb"])
def pipeline(request: pytest.FixtureRequest, tmp_path: Path, mosquitto: Any) -> Iterator[Pipeline]:
    store = ""
    if request.param == "influxdb":
        bucket = request.getfixturevalue("influx_bucket")
        store = f"influxdb+{request.getfixturevalue('influxdb').url}/org/{bucket}"
    settings = Settings(
        data=tmp_path, store=store, mqtt=f"mqtt://{mosquitto.host}:{mosquitto.port}"
    )
    with open_pipeline(settings) as opened:
        opened.save_registry(REGISTRY)
        yield opened


def publish(settings: Settings, messages: list[tuple[str, bytes]]) -> None:
    """Send over real TCP and wait until the broker has acknowledged everything."""
    host, port = settings.mqtt.removeprefix("mqtt://").split(":")
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
    client.connect(host, int(port))
    client.loop_start()
    for sent in [client.publish(topic, payload, qos=1) for topic, payload in messages]:
        sent.wait_for_publish(30)
    client.disconnect()
    client.loop_stop()


def compute(pipeline: Pipeline) -> None:
    now = datetime(2026, 4, 20, tzinfo=UTC)
    assert list(process(pipeline.store, pipeline.ledger, months=[MARCH], now=now))


def standing(pipeline: Pipeline) -> dict[str, Any]:
    status = next(s for s in pipeline.ledger.statuses("hall") if s.month == MARCH)
    (result,) = pipeline.ledger.results("hall", MARCH, MARCH.plus(1))
    water = next(f for f in result.figures if f.name == "water_use_m3" and f.subject == "")
    value = None if water.value is None else pytest.approx(water.value, rel=1e-9)
    return {"state": status.state, "revision": status.revision, "water_use_m3": value}


def test_the_page_says_what_the_code_does(pipeline: Pipeline) -> None:
    topic, payload = block("topic").strip(), block("payload").encode()
    reading = Reading(**block_json("reading"))
    assert Router().decode(topic, payload, arrived_at_ms=0).readings == [reading]

    messages = [
        (topic, json.dumps(message).encode())
        for message in hourly("energy_import_kwh", 48_210.0, 16.25)
        if message["ts"] != reading.at_ms
    ]
    with collecting(pipeline, _own_session(pipeline)) as collector:
        # The page's own payload arrives last, and twice: out of order and repeated.
        publish(pipeline.settings, [*messages, (topic, payload), (topic, payload)])
        _wait_for(collector, lambda c: c.counters().stored + c.counters().repeated >= HOURS + 2)
        assert collector.counters().stored == HOURS + 1
    stored = pipeline.store.read(
        [reading.series], from_ms(reading.at_ms), from_ms(reading.at_ms + 1)
    )
    assert stored["value"].tolist() == [reading.value]
    if "influxdb" in pipeline.settings.store:
        assert encode([reading], pipeline.directory).decode().strip() == block("line")

    compute(pipeline)
    _figures_are_as_the_page_says(pipeline)
    _closing_is_as_the_page_says(pipeline)


def _own_session(pipeline: Pipeline) -> CollectorSettings:
    """The shared broker remembers sessions by client id: each test needs its own."""
    return replace(
        collector_settings(pipeline.settings),
        client_id=f"one-reading-{pipeline.settings.data.name}",
    )


def _wait_for(collector: Collector, done: Callable[[Collector], bool]) -> None:
    for _ in range(600):
        if done(collector):
            return
        collector.wait_idle(0.05, quiet_s=0.01)
    raise AssertionError(f"not stored in time: {collector.counters()}")


def _figures_are_as_the_page_says(pipeline: Pipeline) -> None:
    expected = block_json("figures")
    (result,) = pipeline.ledger.results("hall", MARCH, MARCH.plus(1))
    figures = {f.name: f for f in result.figures if f.subject == ""}
    days = [d for d in result.days if d.name == "electricity_use_kwh" and d.subject == "hall-e1"]
    assert len(days) == 31
    assert {round(d.value or 0, 9) for d in days} == {expected["day_kwh"]}
    use = figures["electricity_use_kwh"]
    assert use.value == pytest.approx(expected["electricity_use_kwh"], rel=1e-12)
    assert use.shares.measured == pytest.approx(expected["measured_share"])
    assert use.shares.estimated == pytest.approx(expected["estimated_share"])
    assert use.shares.missing == pytest.approx(expected["missing_share"])
    coal = figures["standard_coal_kgce"]
    assert coal.value == pytest.approx(expected["standard_coal_kgce"], rel=1e-9)
    assert coal.factors and all(f.source and f.valid_from for f in coal.factors)

    with local_client(create_app(store=pipeline.store, ledger=pipeline.ledger)) as client:
        answer = client.get("/v1/consumption?institution=hall&start=2026-03&end=2026-04")
    assert answer.status_code == 200
    values = [r["value"] for r in answer.json() if r["name"] == "electricity_use_kwh"]
    assert values and all(v == pytest.approx(expected["electricity_use_kwh"]) for v in values)


def _closing_is_as_the_page_says(pipeline: Pipeline) -> None:
    expected = block_json("revisions")
    pipeline.ledger.close("hall", MARCH, signed_by="王工")
    assert standing(pipeline) == expected["at_close"]

    late = [
        ("civicmeter/v1/hall-w1/telemetry", json.dumps(hourly("water_m3", 1204.0, 0.1)).encode())
    ]
    with collecting(pipeline, _own_session(pipeline)) as collector:
        publish(pipeline.settings, late)
        _wait_for(collector, lambda c: c.counters().stored >= HOURS + 1)
    assert (
        len(pipeline.store.read([Series("hall-w1", "water_m3")], *MARCH.interval("Asia/Shanghai")))
        == HOURS
    )
    compute(pipeline)
    assert standing(pipeline) == expected["after_late_data"]

    pipeline.ledger.close("hall", MARCH, signed_by="王工", reason="水表网关补传")
    assert standing(pipeline) == expected["after_approval"]
    assert [r.number for r in pipeline.ledger.revisions("hall", MARCH)] == [1, 2]
