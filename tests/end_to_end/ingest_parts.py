"""Parts shared by the tests of the collector: a registry, a sender, counting what arrived."""

import json
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from domain.calendar import from_ms
from domain.places import Carrier, Institution, Meter
from domain.readings import Reading, Series
from domain.registry import Registry
from store.ledger.port import Ledger
from store.readings.port import DeviceTags, ReadingStore

T0 = 1_700_000_000_000
QUANTITY = "energy_import_kwh"
CHILD = (sys.executable, "-m", "tests.end_to_end.ingest_child")
"""A collector in a process of its own; to be run in the root of the tree."""


def devices(count: int) -> dict[str, DeviceTags]:
    return {f"m{i}": DeviceTags("meter", "school") for i in range(count)}


def registry(count: int) -> Registry:
    return Registry(
        institutions=(Institution("school", "学校", "School"),),
        devices=tuple(
            Meter(id=f"m{i}", institution="school", carrier=Carrier.ELECTRICITY, register=QUANTITY)
            for i in range(count)
        ),
    )


def readings(count: int, *, series: int = 5, start: int = 0) -> list[Reading]:
    """Readings number `start` and on, over `series` meters; each has a value of its own."""
    return [
        Reading(f"m{i % series}", QUANTITY, T0 + i * 1000, i * 0.5)
        for i in range(start, start + count)
    ]


def native(reading: Reading) -> tuple[str, bytes]:
    """Topic and payload of one reading."""
    content = {"ts": reading.at_ms, "values": {reading.quantity: reading.value}}
    return f"civicmeter/v1/{reading.device}/telemetry", json.dumps(content).encode()


def gateway(some: list[Reading]) -> tuple[str, bytes]:
    """Topic and payload of many readings in one message."""
    content: dict[str, list[dict[str, object]]] = {}
    for r in some:
        content.setdefault(r.device, []).append({"ts": r.at_ms, "values": {r.quantity: r.value}})
    return "civicmeter/v1/gateway/g1/telemetry", json.dumps(content).encode()


class Sender:
    """A device with a stubborn QoS 1 client: what it sent reaches the broker at least once."""

    def __init__(self, host: str, port: int) -> None:
        self._client = mqtt.Client(
            mqtt.CallbackAPIVersion.VERSION2, f"sender-{uuid.uuid4().hex}", protocol=mqtt.MQTTv5
        )
        self._client.max_queued_messages_set(60_000)
        self._client.max_inflight_messages_set(100)
        self._client.reconnect_delay_set(0.1, 0.3)  # type: ignore[arg-type]
        properties = Properties(PacketTypes.CONNECT)
        properties.SessionExpiryInterval = 3600
        self._sent = 0
        self._done = 0
        self._lock = threading.Condition()
        self._client.on_publish = self._published
        self._client.connect_async(host, port, clean_start=False, properties=properties)
        self._client.loop_start()

    def _published(self, *_: object) -> None:
        with self._lock:
            self._done += 1
            self._lock.notify_all()

    def send(self, topic: str, payload: bytes, qos: int = 1, *, retain: bool = False) -> None:
        # Not under the lock: paho calls back while it holds a lock that publish() wants.
        self._client.publish(topic, payload, qos, retain)
        self._sent += 1

    def wait(self, timeout_s: float = 60.0) -> None:
        """Until the broker has acknowledged everything."""
        with self._lock:
            assert self._lock.wait_for(lambda: self._done >= self._sent, timeout_s), (
                "not acknowledged"
            )

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@contextmanager
def sending(host: str, port: int) -> Iterator[Sender]:
    sender = Sender(host, port)
    try:
        yield sender
    finally:
        sender.close()


def stored(store: ReadingStore, series: int = 5) -> list[Reading]:
    """Everything of the meters, in the order it was sent."""
    wanted = [Series(f"m{i}", QUANTITY) for i in range(series)]
    frame = store.read(wanted, from_ms(0), from_ms(T0 * 2))
    rows = zip(frame.device, frame["quantity"], frame["at"], frame.value, strict=True)
    found = [Reading(d, q, int(at.timestamp() * 1000), v) for d, q, at, v in rows]
    return sorted(found, key=lambda r: r.at_ms)


def until(condition: Callable[[], bool], timeout_s: float = 60.0) -> None:
    """Wait for something to become true."""
    end = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end, "did not happen in time"
        time.sleep(0.01)


def aside_codes(ledger: Ledger) -> dict[str, int]:
    """Reason → how often, of what was kept aside."""
    found: dict[str, int] = {}
    for entry in ledger.aside():
        found[entry.code] = found.get(entry.code, 0) + entry.count
    return found
