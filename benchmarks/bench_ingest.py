"""The collector against its references, in one run: real mosquitto, real InfluxDB, SQLite.

Messages of some 130 bytes with one reading each wait in persistent sessions, one session a
consumer; each consumer drains its own, one after the other. Ratios are of messages a second,
the median of three rounds; where both stores are measured the plain key is the worse of them.

- `ingest.vs_paho_noop`: against stock paho that does nothing with a message.
- `ingest.vs_naive`: against paho with influxdb-client Points in batching mode (InfluxDB only).
- `ingest.vs_mosquitto_sub`: against mosquitto_sub printing to nowhere.
- `ingest.gateway_vs_store`: gateway messages of 50 readings, against the store alone: 4,000
  into InfluxDB, 20,000 into SQLite, which takes a million readings in less than a second, so
  that connecting and the last batch, which nothing overlaps with, weigh little.
- `ingest.late_vs_new`: readings of weeks ago, written into the store that has just taken new ones,
  against these: the worse of coming for the first time (`ingest.<store>.late_vs_new`) and of
  coming once more (`ingest.<store>.again_vs_new`). The collector notes late readings in a ledger
  of SQLite; new ones are of the last hours.
- `ingest.first_stored_s`: from the start of `civicmeter collect` to the first reading in InfluxDB;
  others wait in the session.
- `ingest.two_processes_vs_one`: two collectors in a share group against one, into InfluxDB.
- `ingest.<store>.messages_per_s`, `ingest.gateway.<store>.readings_per_s`,
  `ingest.<store>.cpu_s_per_million_readings`, `ingest.<store>.peak_mb` (the latter two of the
  gateway messages).

CIVICMETER_BENCH_MESSAGES makes it smaller.
"""

import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from struct import pack
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from benchmarks.first_stored import first_stored_s, prepare
from benchmarks.ingest_consumers import Times, gateway_readings, reading
from tests.servers import InfluxDb, Mosquitto, find_program

ROUNDS = 3
PER_MESSAGE = 50
STORES = ("sqlite", "influx")
SINGLE = "civicmeter/v1/+/telemetry"
GATEWAY = "civicmeter/v1/gateway/+/telemetry"
NEW_AGO_MS, LATE_AGO_MS = 20 * 3_600_000, 40 * 86_400_000
"""When the new readings begin (they end before now), and the late ones."""
NEW_STEP_MS, LATE_STEP_MS = 5_000, 900_000
FEW = 4_000
Results = dict[str, list[dict[str, float]]]


def run() -> dict[str, float]:
    """See the module."""
    messages = int(os.environ.get("CIVICMETER_BENCH_MESSAGES", "40000"))
    with _servers() as (mosquitto, influxdb), tempfile.TemporaryDirectory() as folder:
        bench = _Bench(mosquitto, influxdb, Path(folder), messages)
        for _ in range(ROUNDS):
            bench.single_messages()
            bench.late_messages()
            bench.gateway_messages()
            bench.two_processes()
            bench.first_stored()
        return bench.figures()


@contextmanager
def _servers() -> Iterator[tuple[Mosquitto, InfluxDb]]:
    with Mosquitto("log_type none", autosave_interval_s=3600) as mosquitto, InfluxDb() as influxdb:
        yield mosquitto, influxdb


class _Bench:
    def __init__(self, mosquitto: Mosquitto, influxdb: InfluxDb, folder: Path, n: int) -> None:
        self._mosquitto = mosquitto
        self._influxdb = influxdb
        self._folder = folder
        self._messages = n
        self._results: Results = {}
        self._ledger = f"sqlite:///{folder / 'notes.db'}"
        now_ms = time.time_ns() // 1_000_000
        self._new = Times(now_ms - NEW_AGO_MS, NEW_STEP_MS)
        self._late = Times(now_ms - LATE_AGO_MS, LATE_STEP_MS)
        self._stores: dict[str, str] = {}
        prepare(folder / "data")

    def single_messages(self) -> None:
        names = ["noop", "naive", "mosquitto_sub", "sqlite", "influx"]
        ids = self._sessions(names, SINGLE)
        self._publish_readings(self._messages, self._new)
        self._keep("mosquitto_sub", self._mosquitto_sub(ids["mosquitto_sub"]))
        for name in ("noop", "naive"):
            bucket = self._bucket()
            self._keep(name, self._child(what=name, client_id=ids[name], bucket=bucket))
        for name in STORES:
            self._stores[name] = self._store(name)
            job = {"what": "collector", "client_id": ids[name], "store": self._stores[name]}
            self._keep(name, self._child(**job, readings=self._messages))
        self._forget(ids)

    def late_messages(self) -> None:
        """Into the stores that have taken the single messages; and the same once more."""
        names = [f"{store}.{how}" for how in ("late", "again") for store in STORES]
        ids = self._sessions(names, SINGLE)
        self._publish_readings(self._messages, self._late)
        for name in names:
            store, how = name.split(".")
            job = {"what": "collector", "client_id": ids[name], "store": self._stores[store]}
            again = how == "again"
            self._keep(name, self._child(**job, readings=self._messages, again=again))
        self._forget(ids)

    def first_stored(self) -> None:
        ids = self._sessions(["first"], SINGLE)
        self._publish_readings(FEW, self._new)
        mqtt_url = f"mqtt://127.0.0.1:{self._mosquitto.port}"
        known = (self._folder / "data", mqtt_url, ids["first"], self._influxdb, self._bucket())
        self._keep("first", {"seconds": first_stored_s(*known)})
        self._forget(ids)

    def gateway_messages(self) -> None:
        for name in STORES:
            count = self._gateway_count(name)
            ids = self._sessions([name], GATEWAY)
            self._publish(
                ("civicmeter/v1/gateway/g/telemetry", _gateway(m, self._new)) for m in range(count)
            )
            alone = {"what": "store_alone", "messages": count, "per_message": PER_MESSAGE}
            self._keep(f"{name}.alone", self._child(**alone, store=self._store(name)))
            job = {"what": "collector", "client_id": ids[name], "store": self._store(name)}
            self._keep(f"{name}.gateway", self._child(**job, readings=count * PER_MESSAGE))
            self._forget(ids)

    def two_processes(self) -> None:
        """Both collectors of a share group begin together; each message goes to one of them."""
        group, names = uuid.uuid4().hex, ["one", "two"]
        ids = self._sessions(names, f"$share/{group}/{SINGLE}")
        self._publish_readings(self._messages, self._new)
        store = self._store("influx")
        command = [
            sys.executable,
            "-m",
            "benchmarks.share_group",
            json.dumps(
                {
                    "port": self._mosquitto.port,
                    "store": store,
                    "group": group,
                    "client_ids": [ids[n] for n in names],
                    "ledger": self._ledger,
                    "readings": self._messages,
                }
            ),
        ]
        self._keep("two", _json_of(command))
        self._forget(ids)

    def _gateway_count(self, store: str) -> int:
        return max(200, self._messages // (2 if store == "sqlite" else 10))

    def figures(self) -> dict[str, float]:
        done = self._results
        seconds = {name: median(r["seconds"] for r in several) for name, several in done.items()}

        def ratio(reference: str, *ours: str) -> float:
            """Times faster than the reference, round by round; of several the worst."""
            return min(
                median(
                    r["seconds"] / o["seconds"]
                    for r, o in zip(done[reference], done[our], strict=True)
                )
                for our in ours
            )

        figures = {
            "ingest.vs_paho_noop": ratio("noop", "sqlite", "influx"),
            "ingest.vs_naive": ratio("naive", "influx"),
            "ingest.vs_mosquitto_sub": ratio("mosquitto_sub", "sqlite", "influx"),
            "ingest.gateway_vs_store": min(ratio(f"{s}.alone", f"{s}.gateway") for s in STORES),
            "ingest.late_vs_new": min(
                ratio(s, f"{s}.{how}") for s in STORES for how in ("late", "again")
            ),
            "ingest.first_stored_s": seconds["first"],
            "ingest.two_processes_vs_one": ratio("influx", "two"),
        }
        for store in STORES:
            readings = self._gateway_count(store) * PER_MESSAGE
            figures |= {
                f"ingest.{store}.vs_paho_noop": ratio("noop", store),
                f"ingest.{store}.gateway_vs_store": ratio(f"{store}.alone", f"{store}.gateway"),
                f"ingest.{store}.late_vs_new": ratio(store, f"{store}.late"),
                f"ingest.{store}.again_vs_new": ratio(store, f"{store}.again"),
                f"ingest.{store}.messages_per_s": self._messages / seconds[store],
                f"ingest.gateway.{store}.readings_per_s": readings / seconds[f"{store}.gateway"],
                f"ingest.{store}.cpu_s_per_million_readings": median(
                    r["cpu_s"] for r in done[f"{store}.gateway"]
                )
                / readings
                * 1e6,
                f"ingest.{store}.peak_mb": median(r["peak_mb"] for r in done[f"{store}.gateway"]),
            }
        return figures

    def _keep(self, name: str, result: dict[str, float]) -> None:
        self._results.setdefault(name, []).append(result)
        print(f"  {name}: {result['seconds']:.2f} s", flush=True)

    def _bucket(self) -> str:
        return self._influxdb.create_database(f"b{uuid.uuid4().hex}")

    def _store(self, kind: str) -> str:
        if kind == "sqlite":
            return f"sqlite:///{self._folder / uuid.uuid4().hex}.db"
        return f"influxdb+{self._influxdb.url}/org/{self._bucket()}"

    def _child(self, **job: Any) -> dict[str, float]:
        job = {
            "port": self._mosquitto.port,
            "messages": self._messages,
            "influx": self._influxdb.url,
            "ledger": self._ledger,
            **self._new._asdict(),
            **job,
        }
        return _json_of([sys.executable, "-m", "benchmarks.ingest_consumers", json.dumps(job)])

    def _mosquitto_sub(self, client_id: str) -> dict[str, float]:
        command = [
            find_program("mosquitto_sub"),
            "-h",
            "127.0.0.1",
            "-p",
            str(self._mosquitto.port),
            "-V",
            "mqttv5",
            "-c",
            "-x",
            "3600",
            "-i",
            client_id,
            "-q",
            "1",
            "-t",
            SINGLE,
            "-D",
            "connect",
            "receive-maximum",
            "8000",
            "-C",
            str(self._messages),
        ]
        began = time.perf_counter()
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True, timeout=300)
        return {"seconds": time.perf_counter() - began}

    def _sessions(self, names: list[str], topic: str) -> dict[str, str]:
        """Make a session with one subscription for each consumer; gives their client ids."""
        ids = {name: f"{name}-{uuid.uuid4().hex}" for name in names}
        for client_id in ids.values():
            client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id, protocol=mqtt.MQTTv5)
            subscribed = threading.Event()
            client.on_subscribe = lambda *_, event=subscribed: event.set()
            properties = Properties(PacketTypes.CONNECT)
            properties.SessionExpiryInterval = 3600
            client.connect(
                "127.0.0.1", self._mosquitto.port, clean_start=True, properties=properties
            )
            client.subscribe(topic, qos=1)
            client.loop_start()
            assert subscribed.wait(10)
            client.disconnect()
            client.loop_stop()
        return ids

    def _forget(self, ids: dict[str, str]) -> None:
        """End the sessions, or the broker goes on queueing for them."""
        for client_id in ids.values():
            client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id, protocol=mqtt.MQTTv5)
            connected = threading.Event()
            client.on_connect = lambda *_, event=connected: event.set()
            client.connect("127.0.0.1", self._mosquitto.port, clean_start=True)
            client.loop_start()
            assert connected.wait(10)
            client.disconnect()
            client.loop_stop()

    def _publish_readings(self, count: int, times: Times) -> None:
        self._publish(
            (f"civicmeter/v1/{r.device}/telemetry", _native(r))
            for r in (reading(k, times) for k in range(count))
        )

    def _publish(self, messages: Iterator[tuple[str, bytes]]) -> None:
        """QoS 1 over a plain MQTT 3.1.1 connection, as fast as the broker takes them."""
        with socket.create_connection(("127.0.0.1", self._mosquitto.port)) as link:
            name = b"bench-publisher"
            body = b"\x00\x04MQTT\x04\x02\x00\x00" + pack(">H", len(name)) + name
            link.sendall(bytes([0x10, len(body)]) + body)
            assert link.recv(4)[:1] == b"\x20"
            packets = [_publish_packet(t, p, i % 65535 + 1) for i, (t, p) in enumerate(messages)]
            # No more outstanding than packet ids.
            for first in range(0, len(packets), 5000):
                part = packets[first : first + 5000]
                link.sendall(b"".join(part))
                left = 4 * len(part)
                while left:
                    left -= len(link.recv(min(left, 1 << 16)))
            link.sendall(b"\xe0\x00")


def _publish_packet(topic: str, payload: bytes, mid: int) -> bytes:
    name = topic.encode()
    body = pack(">H", len(name)) + name + pack(">H", mid) + payload
    length, size = b"", len(body)
    while True:
        size, digit = divmod(size, 128)
        length += bytes([digit | (0x80 if size else 0)])
        if not size:
            return b"\x32" + length + body


def _native(r: Any) -> bytes:
    # Blanks bring topic and payload to the 130 bytes of a typical message.
    return (
        b'{"ts": %d, "values": {"%s": %.2f}}' % (r.at_ms, r.quantity.encode(), r.value) + b" " * 20
    )


def _gateway(message: int, times: Times) -> bytes:
    several = gateway_readings(message, PER_MESSAGE, times)
    items = [{"ts": r.at_ms, "values": {r.quantity: r.value}} for r in several]
    return json.dumps({several[0].device: items}).encode()


def _json_of(command: list[str]) -> dict[str, float]:
    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    if done.returncode:
        raise RuntimeError(done.stdout + done.stderr)
    result: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return result
