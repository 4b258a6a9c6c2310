"""What `bench_ingest` measures, each in a process of its own.

``python -m benchmarks.ingest_consumers JOB`` with a JSON job; prints a JSON result: seconds from
connecting until the last reading was stored (or seen), CPU seconds, peak memory. A job says when
its readings begin (``start_ms``) and how far those of a device lie apart (``step_ms``).
"""

import json
import resource
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from domain.readings import Reading
from ingest.live.collector import Collector, system_ms
from ingest.settings import CollectorSettings
from store.late_readings import NotingStore
from store.opening import open_ledger, open_reading_store
from store.readings.port import DeviceTags, ReadingStore

DEVICES = 100
QUANTITY = "energy_import_kwh"


class Times(NamedTuple):
    """When the readings of each device are: from `start_ms` on, `step_ms` apart."""

    start_ms: int
    step_ms: int

    def of(self, number: int) -> int:
        return self.start_ms + number * self.step_ms


def times_of(job: dict[str, Any]) -> Times:
    return Times(job["start_ms"], job["step_ms"])


def directory() -> dict[str, DeviceTags]:
    return {f"bench-meter-{d:03}": DeviceTags("meter", "bench") for d in range(DEVICES)}


def reading(number: int, times: Times) -> Reading:
    """In order for each device, as devices send them."""
    device = f"bench-meter-{number % DEVICES:03}"
    return Reading(device, QUANTITY, times.of(number // DEVICES), number * 0.25)


def gateway_readings(message: int, size: int, times: Times) -> list[Reading]:
    """The readings of one gateway message: `size` of one device, in order."""
    device, first = f"bench-meter-{message % DEVICES:03}", message // DEVICES * size
    return [Reading(device, QUANTITY, times.of(first + i), (first + i) * 0.25) for i in range(size)]


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
    """Civicmeter's collector with its ledger, in which it notes late readings.

    All readings must be new, or with ``again`` all be there already.
    """
    known = directory()
    ledger = open_ledger(job["ledger"])
    store = NotingStore(open_reading_store(job["store"], known), ledger, system_ms)
    settings = CollectorSettings(
        mqtt=f"mqtt://127.0.0.1:{job['port']}",
        client_id=job["client_id"],
        share_group=job.get("group", ""),
    )
    collecting = Collector(settings, store, ledger, known)
    # Opening a store loads its engine's client; that is the start's cost, not the messages'.
    job["cpu_before_s"] = _cpu_s()
    began = time.perf_counter()
    collecting.start()
    while collecting.failure is None:
        counts = collecting.counters()
        if counts.stored + counts.repeated >= job["readings"]:
            break
        time.sleep(0.005)
    job["seconds"] = time.perf_counter() - began
    collecting.stop()
    counts = collecting.counters()
    expected = (0, job["readings"]) if job.get("again") else (job["readings"], 0)
    assert (counts.stored, counts.repeated, counts.rejected) == (*expected, {}), counts


def store_alone(job: dict[str, Any]) -> None:
    """The same readings in the same batches, from memory."""
    per_message, at_once, times = job["per_message"], 2000, times_of(job)
    batches = [
        [
            r
            for m in range(first, min(job["messages"], first + at_once))
            for r in gateway_readings(m, per_message, times)
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


def _peak_mb() -> float:
    """Of this program: what `getrusage` says may be its parent's, of before the exec."""
    status = Path("/proc/self/status").read_text()
    return next(int(x.split()[1]) for x in status.splitlines() if x.startswith("VmHWM:")) / 1024


def main() -> None:
    job = {"cpu_before_s": _cpu_s(), **json.loads(sys.argv[1])}
    began = time.perf_counter()
    JOBS[job["what"]](job)
    seconds = job.get("seconds", time.perf_counter() - began)
    cpu_s = _cpu_s() - job["cpu_before_s"]
    print(json.dumps({"seconds": seconds, "cpu_s": cpu_s, "peak_mb": _peak_mb()}))


if __name__ == "__main__":
    main()
