"""Who waits for whom: what one kind of request does to the others, on the real service.

    python -m benchmarks.blocking pdfs [--at-once 50] [--seconds 60]
    python -m benchmarks.blocking posts [--devices 7500] [--clients 20] [--seconds 20]

`civicmeter serve` in a process of its own. `pdfs` asks for as many different PDFs at once, gives
up after the seconds, and looks at /healthz and /v1 meanwhile and at what is still drawn after the
clients left. `posts` posts readings of devices nobody registered and looks at /v1/institutions.
"""

import argparse
import json
import statistics
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path

import psutil

from domain.calendar import months_between
from domain.places import Carrier, Institution, Meter
from domain.registry import Registry
from store.opening import open_ledger
from tests.report_sample import FIRST, LAST, PLACE, sample_ledger
from tests.servers import HOST, Process, free_port


class Asked:
    """Seconds and statuses of one kind of request."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self.statuses: Counter[str] = Counter()

    def ask(self, url: str, body: bytes | None = None, timeout_s: float = 600.0) -> None:
        began = time.monotonic()
        request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=timeout_s) as answer:
                answer.read()
                said = str(answer.status)
        except urllib.error.HTTPError as error:
            said = f"{error.code} after {error.headers['Retry-After']} s"
            said = said if error.headers["Retry-After"] else str(error.code)
        except OSError as error:
            said = type(error).__name__
        self.seconds.append(time.monotonic() - began)
        self.statuses[said.partition(" after")[0]] += 1

    def said(self) -> str:
        if not self.seconds:
            return "never"
        middle, worst = statistics.median(self.seconds), max(self.seconds)
        return f"{len(self.seconds)} times, median {middle:.3f} s, worst {worst:.3f} s, {dict(self.statuses)}"


@contextmanager
def service(folder: Path) -> Iterator[tuple[str, psutil.Process]]:
    port = free_port()
    url = f"http://{HOST}:{port}"

    def ready() -> bool:
        try:
            return bool(urllib.request.urlopen(f"{url}/healthz", timeout=2).status == 200)
        except OSError:
            return False

    command = [sys.executable, "-m", "civicmeter", "serve", "--port", str(port)]
    process = Process([*command, "--data", str(folder)], folder / "serve.log", ready)
    process.start()
    try:
        yield url, psutil.Process(process.pid)
    finally:
        for child in psutil.Process(process.pid).children(recursive=True):
            child.kill()
        process.kill()


def again(stop: threading.Event, pause_s: float, call: Callable[[], None]) -> threading.Thread:
    def work() -> None:
        while not stop.is_set():
            call()
            stop.wait(pause_s)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def pdfs(folder: Path, asked: argparse.Namespace) -> None:
    sample_ledger(folder / "ledger.db").close_connections()
    months = list(months_between(FIRST, LAST))
    paths = [f"/v1/reports/{PLACE}/{m}.pdf?lang={la}" for la, m in product(("zh", "en"), months)]
    with service(folder) as (url, process):
        health, rows, reports = Asked(), Asked(), Asked()
        rows.ask(f"{url}/v1/institutions")
        stop = threading.Event()
        looking = [
            again(stop, 0.05, lambda: health.ask(f"{url}/healthz")),
            again(stop, 0.1, lambda: rows.ask(f"{url}/v1/institutions")),
        ]
        asking = [
            threading.Thread(target=reports.ask, args=(url + p, None, asked.seconds), daemon=True)
            for p in paths[: asked.at_once]
        ]
        began = time.monotonic()
        for thread in asking:
            thread.start()
        most = 0
        for thread in asking:
            while thread.is_alive():
                thread.join(0.2)
                every = [process, *process.children(recursive=True)]
                most = max(most, sum(_rss(p) for p in every))
        left_s = time.monotonic() - began
        used = _cpu_s(process)
        time.sleep(10.0)
        after = _cpu_s(process) - used
        stop.set()
        for thread in looking:
            thread.join(30)
        print(f"{asked.at_once} PDFs, all answered or given up after {left_s:.1f} s")
        print(f"reports: {reports.said()}")
        print(f"healthz: {health.said()}")
        print(f"/v1/institutions: {rows.said()}")
        print(f"memory of all processes at most {most >> 20} MiB")
        print(f"CPU used in the 10 s after the clients had left: {after:.1f} s")


def _rss(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.Error:
        return 0


def _cpu_s(process: psutil.Process) -> float:
    total = 0.0
    for one in [process, *process.children(recursive=True)]:
        try:
            times = one.cpu_times()
        except psutil.Error:
            continue
        total += times.user + times.system + times.children_user + times.children_system
    return total


def posts(folder: Path, asked: argparse.Namespace) -> None:
    ledger = open_ledger(f"sqlite:///{folder / 'ledger.db'}")
    places = [Institution(f"p{k}", "机构", "Place") for k in range(asked.devices // 5)]
    meters = [
        Meter(
            id=f"m{k}",
            institution=f"p{k // 5}",
            carrier=Carrier.ELECTRICITY,
            register="energy_import_kwh",
        )
        for k in range(asked.devices)
    ]
    ledger.save_registry(Registry(tuple(places), (), tuple(meters)).check())
    ledger.close_connections()
    with service(folder) as (url, _):
        alone, rows, health, posted = Asked(), Asked(), Asked(), Asked()
        for _ in range(20):
            alone.ask(f"{url}/v1/institutions?limit=5")
            time.sleep(0.1)
        stop = threading.Event()
        threads = [
            again(stop, 0.05, lambda: rows.ask(f"{url}/v1/institutions?limit=5")),
            again(stop, 0.05, lambda: health.ask(f"{url}/healthz")),
        ]
        for client in range(asked.clients):

            def post(client: int = client) -> None:
                at_ms = time.time_ns() // 1_000_000
                values = {"energy_import_kwh": 1.0}
                row = {"device": f"stranger-{client}", "ts": at_ms, "values": values}
                posted.ask(f"{url}/v1/readings", json.dumps([row]).encode())

            threads.append(again(stop, 0.0, post))
        time.sleep(asked.seconds)
        stop.set()
        for thread in threads:
            thread.join(60)
        print(f"{asked.clients} clients post unknown devices, {asked.devices} are registered")
        print(f"/v1/institutions alone: {alone.said()}")
        print(f"/v1/institutions meanwhile: {rows.said()}")
        print(f"healthz meanwhile: {health.said()}")
        print(f"posts: {posted.said()}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("pdfs", "posts"))
    parser.add_argument("--at-once", type=int, default=50)
    parser.add_argument("--devices", type=int, default=7_500)
    parser.add_argument("--clients", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=0.0)
    asked = parser.parse_args()
    asked.seconds = asked.seconds or {"pdfs": 60.0, "posts": 20.0}[asked.what]
    with tempfile.TemporaryDirectory(prefix="civicmeter-blocking-") as folder:
        {"pdfs": pdfs, "posts": posts}[asked.what](Path(folder), asked)


if __name__ == "__main__":
    main()
