"""The simulator's own process sends no further ahead of the collector than agreed."""

import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from civicmeter.demo import run as demo
from tests.servers import Mosquitto

NOW = datetime(2026, 11, 23, 4, 7, tzinfo=UTC)
AHEAD = 7


def test_devices_wait_until_the_collector_has_dealt_with_what_they_sent(
    mosquitto: Mosquitto, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo, "AHEAD", AHEAD)
    heard: list[str] = []
    settled = 0
    ready = threading.Event()
    client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
    client.on_connect = lambda c, *_: c.subscribe("civicmeter/v1/+/+/telemetry", qos=1)
    client.on_subscribe = lambda *_: ready.set()
    client.on_message = lambda _c, _u, m: heard.append(m.topic)
    client.connect(mosquitto.host, mosquitto.port)
    client.loop_start()
    try:
        assert ready.wait(10)
        with demo.simulating(
            mosquitto.port,
            tmp_path,
            NOW,
            scenario="tiny",
            live=False,
            progress=lambda *_: None,
            settled=lambda: settled,
        ) as devices:
            for settled in (0, 4, 5, 20):
                deadline = time.monotonic() + 30
                while len(heard) < settled + AHEAD and time.monotonic() < deadline:
                    time.sleep(0.02)
                time.sleep(0.3)  # time enough for some more, if they came
                assert len(heard) == settled + AHEAD
            settled = 1_000_000
            devices.wait()
            assert devices.sent > 3_000
    finally:
        client.disconnect()
        client.loop_stop()
