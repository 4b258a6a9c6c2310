"""What `bench_ingest` measures, each in a process of its own.

``python -m benchmarks.ingest_consumers JOB`` with a JSON job; prints a JSON result: seconds from
connecting until the last reading was stored (or seen), CPU seconds, peak memory.
"""

import json
import resource
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from domain.readings import Reading
from ingest.live.collector import Collector
from ingest.settings import CollectorSettings
from store.opening import open_reading_store
from store.readings.port import DeviceTags, ReadingStore

DEVICES = 100
START_MS = 1_700_000_000_000
QUANTITY = "energy_import_kwh"


def directory() -> dict[str, DeviceTags]:
    return {f"bench-meter-{d:03}": DeviceTags("meter", "bench") for d in range(DEVICES)}


def reading(number: int) -> Reading:
    """In order for each device, as devices send them."""
    at_ms = START_MS + number // DEVICES * 60_000
    return Reading(f"bench-meter-{number % DEVICES:03}", QUANTITY, at_ms, number * 0.25)


def gateway_readings(message: int, size: int) -> list[Reading]:
    """The readings of one gateway message: `size` of one device, in order."""
    device, first = f"bench-meter-{message % DEVICES:03}", message // DEVICES * size
    return [
        Reading(device, QUANTITY, START_MS + (first + i) * 60_000, (first + i) * 0.25)
        for i in range(size)
    ]


class NoLedger:
    """Takes what is kept aside; in a benchmark that must be nothing."""

    def keep_aside(self, entries: list[object]) -> None:
        raise AssertionError(f"kept aside: {entries[:1]}")

    keep_messages = keep_aside

    def kept_devices(self, _code: str) -> list[str]:
        return []

    def kept_messages(self, *_: object, **__: object) -> list[object]:
        return []

    def aside(self) -> list[object]:
        return []

    def forget_aside(self, *_: object, **__: object) -> None:
        """Nothing was kept."""

    def count_kept(self) -> int:
        return 0


def _paho(job: dict[str, Any], on_message: Callable[[Any, Any, mqtt.MQTTMessage], None]) -> Any:
    """A client as most programs write it, on the session that waits for it."""
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, job["client_id"], protocol=mqtt.MQTTv5)
    client.on_message = on_message
    properties = Properties(PacketTypes.CONNECT)
    properties.SessionExpiryInterval = 3600
    properties.ReceiveMaximum = 8000
    client.connect("127.0.0.1", job["port"], clean_start=False, properties=properties)
    return client


def noop(job: dict[str, Any]) -> None:
    """Stock paho that does nothing with a message."""
    left = [job["messages"]]
    done = threading.Event()

    def count(*_: object) -> None:
        left[0] -= 1
        if left[0] == 0:
            done.set()

    client = _paho(job, count)
    client.loop_start()
    assert done.wait(300)
    client.loop_stop()


def naive(job: dict[str, Any]) -> None:
    """The script that first comes to mind: json, Points, the client's own batching."""
    from influxdb_client import InfluxDBClient, Point, WriteOptions

    influx = InfluxDBClient(job["influx"], token="", org="org")
    api = influx.write_api(write_options=WriteOptions(batch_size=5000, flush_interval=1000))
    left = [job["messages"]]
    done = threading.Event()

    def take(_client: object, _userdata: object, message: mqtt.MQTTMessage) -> None:
        said = json.loads(message.payload)
        device = message.topic.split("/")[2]
        point = Point("meter").tag("device", device).tag("institution", "bench")
        for name, value in said["values"].items():
            point = point.field(name, float(value))
        api.write(job["bucket"], record=point.time(said["ts"] * 1_000_000))
        left[0] -= 1
        if left[0] == 0:
            done.set()

    client = _paho(job, take)
    client.loop_start()
    assert done.wait(300)
    client.loop_stop()
    api.close()  # writes what it still holds
    influx.close()


def collector(job: dict[str, Any]) -> None:
    """Civicmeter's collector; also with several in a share group."""
    known = directory()
    store = open_reading_store(job["store"], known)
    settings = CollectorSettings(
        mqtt=f"mqtt://127.0.0.1:{job['port']}",
        client_id=job["client_id"],
        share_group=job.get("group", ""),
    )
    collecting = Collector(settings, store, NoLedger(), known)  # type: ignore[arg-type]
    # Opening a store loads its engine's client; that is the start's cost, not the messages'.
    job["cpu_before_s"] = _cpu_s()
    began = time.perf_counter()
    collecting.start()
    while collecting.counters().stored < job["readings"] and collecting.failure is None:
        time.sleep(0.005)
    job["seconds"] = time.perf_counter() - began
    collecting.stop()
    counts = collecting.counters()
    assert (counts.stored, counts.repeated, counts.rejected) == (job["readings"], 0, {}), counts


def store_alone(job: dict[str, Any]) -> None:
    """The same readings in the same batches, from memory."""
    per_message, at_once = job["per_message"], 2000
    batches = [
        [
            r
            for m in range(first, min(job["messages"], first + at_once))
            for r in gateway_readings(m, per_message)
        ]
        for first in range(0, job["messages"], at_once)
    ]
    store: ReadingStore = open_reading_store(job["store"], directory())
    job["cpu_before_s"] = _cpu_s()
    began = time.perf_counter()
    for batch in batches:
        assert store.write(batch).stored == len(batch)
    job["seconds"] = time.perf_counter() - began


JOBS = {"noop": noop, "naive": naive, "collector": collector, "store_alone": store_alone}


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main() -> None:
    job = {"cpu_before_s": _cpu_s(), **json.loads(sys.argv[1])}
    began = time.perf_counter()
    JOBS[job["what"]](job)
    seconds = job.get("seconds", time.perf_counter() - began)
    cpu_s = _cpu_s() - job["cpu_before_s"]
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "cpu_s": cpu_s, "peak_mb": peak_mb}))


if __name__ == "__main__":
    main()
