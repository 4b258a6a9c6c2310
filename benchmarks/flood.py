"""A flood of malformed messages beside good ones: what the collector keeps in memory and on disk.

    python -m benchmarks.flood [--bad 200000] [--good 2780] [--many-devices 0]

Mosquitto, a collector in a process of its own, and a publisher. `--many-devices N` sends, in place
of the flood, N messages of 79 kB that name thousands of bad devices each.
"""

import argparse
import json
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import paho.mqtt.client as mqtt

from domain.calendar import DEFAULT_TIMEZONE
from domain.places import Carrier, Institution, Meter
from domain.registry import Registry
from store.ledger.sql.ledger import SqlLedger
from store.opening import open_ledger
from store.readings.sqlite import SqliteReadingStore
from tests.servers import Mosquitto

QUANTITY = "energy_import_kwh"
BROKEN = 100
"""Devices that send what is malformed."""


def topic(device: str) -> str:
    return f"civicmeter/v1/{device}/telemetry"


def malformed(number: int, now_ms: int) -> tuple[str, bytes]:
    """Of five kinds in turn, no two alike."""
    device = f"broken-{number % BROKEN}"
    good = {"ts": now_ms - number, "values": {QUANTITY: 1.0}}
    match number % 5:
        case 0:
            return topic(device), b'{"ts": %d, "values": {' % number + b"x" * 150
        case 1:
            return topic(device), json.dumps({"ts": number, "values": {QUANTITY: 1.0}}).encode()
        case 2:
            return topic(device), json.dumps({**good, "values": {QUANTITY: -5.0 - number}}).encode()
        case 3:
            return topic(f"stranger-{number % 5_000}"), json.dumps(good).encode()
        case _:
            return topic(device), json.dumps({**good, "values": {f"odd-{number}": 1.0}}).encode()


def many_devices(number: int) -> tuple[str, bytes]:
    """One message that names as many bad devices as 79 kB hold."""
    devices = (f'"{number:02}{k:04}":0' for k in range(7_900))
    return topic("gateway/g1"), ("{" + ",".join(devices) + "}").encode()


def messages(asked: argparse.Namespace, now_ms: int) -> Iterator[tuple[str, bytes]]:
    if asked.many_devices:
        yield from (many_devices(k) for k in range(asked.many_devices))
        return
    every = max(1, asked.bad // max(1, asked.good))
    sent = 0
    for number in range(asked.bad):
        yield malformed(number, now_ms)
        if number % every == 0 and sent < asked.good:
            good = {"ts": now_ms, "values": {QUANTITY: 5.0}}
            yield topic(f"good-{sent}"), json.dumps(good).encode()
            sent += 1


def publish(port: int, content: Iterator[tuple[str, bytes]]) -> None:
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
    client.max_inflight_messages_set(1_000)
    client.connect("127.0.0.1", port)
    client.loop_start()
    waiting: list[mqtt.MQTTMessageInfo] = []
    for one in content:
        waiting.append(client.publish(*one, qos=1))
        if len(waiting) >= 5_000:
            waiting.pop(0).wait_for_publish(60)
    for info in waiting:
        info.wait_for_publish(60)
    client.disconnect()
    client.loop_stop()


def highest_mb(pid: int, field: str = "VmHWM") -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) / 1024
    return 0.0


def messages_kept_aside(ledger: SqlLedger) -> int:
    return sum(e.count for e in ledger.aside())


def prepare(folder: Path, good: int) -> None:
    names = [f"good-{k}" for k in range(good)] + [f"broken-{k}" for k in range(BROKEN)]
    place = Institution(id="i", name_zh="i", name_en="i", timezone=DEFAULT_TIMEZONE)
    meters = (
        Meter(id=n, institution="i", carrier=Carrier.ELECTRICITY, register=QUANTITY) for n in names
    )
    ledger = open_ledger(f"sqlite:///{folder / 'ledger.db'}")
    ledger.save_registry(Registry(institutions=(place,), devices=tuple(meters)))
    ledger.close_connections()
    SqliteReadingStore(folder / "readings.db").close()


def run(asked: argparse.Namespace, folder: Path) -> None:
    prepare(folder, asked.good)
    ledger = open_ledger(f"sqlite:///{folder / 'ledger.db'}")
    store = SqliteReadingStore(folder / "readings.db")
    with Mosquitto() as broker:
        command = [sys.executable, "-m", "civicmeter", "collect", "--data", str(folder)]
        command += ["--mqtt", f"mqtt://127.0.0.1:{broker.port}"]
        collector = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert collector.stdout is not None
        collector.stdout.readline()  # it says that it is there
        began_mb = highest_mb(collector.pid, "VmRSS")
        began = time.monotonic()
        publish(broker.port, messages(asked, time.time_ns() // 1_000_000))
        least = asked.many_devices * 7_900 or asked.bad
        count, last, still = 0, -1, 0
        while (count < least or count != last) and still < 600:
            last, still = count, still + 1
            time.sleep(1 if still < 60 else 2)
            count = messages_kept_aside(ledger)
        seconds = time.monotonic() - began
        peak_mb = highest_mb(collector.pid)
        collector.send_signal(signal.SIGTERM)
        collector.wait(60)
    groups = len(ledger.aside())
    kept = ledger.count_kept()
    stored = int(store.series().readings.sum()) if not asked.many_devices else 0
    store.close()
    ledger.close_connections()
    size = sum(f.stat().st_size for f in folder.glob("ledger.db*"))
    print(
        json.dumps(
            {
                "good_stored": stored,
                "aside": count,
                "groups": groups,
                "messages_kept": kept,
                "ledger_mb": round(size / 1e6, 1),
                "collector_rss_mb": [round(began_mb), round(peak_mb)],
                "seconds": round(seconds),
            }
        )
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bad", type=int, default=200_000)
    parser.add_argument("--good", type=int, default=2_780)
    parser.add_argument("--many-devices", type=int, default=0)
    with tempfile.TemporaryDirectory(prefix="civicmeter-flood-") as folder:
        run(parser.parse_args(), Path(folder))


if __name__ == "__main__":
    main()
