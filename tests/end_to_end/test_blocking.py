"""What one kind of request costs the others: nothing. On the real service and a real ledger."""

import json
import os
import signal
import socket
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import psutil
import pytest

from api.app import create_app
from civicmeter.wiring.serving import serving
from domain.calendar import months_between
from domain.places import Carrier, Institution, Meter
from domain.registry import Registry
from store.ledger.sql.ledger import SqlLedger
from tests import api_sample
from tests.report_sample import FIRST, LAST, PLACE, sample_ledger
from tests.servers import HOST, Process, free_port

AT_ONCE = 50
WAIT = 8
PROMPT_S = 3.0
"""On a machine whose cores are all taken; the requests take hundredths of a second."""
PDFS = [
    f"/v1/reports/{PLACE}/{month}.pdf?lang={lang}"
    for lang, month in product(("zh", "en"), months_between(FIRST, LAST))
]


class Answer(NamedTuple):
    status: int
    seconds: float
    headers: Any
    body: bytes


class Service:
    """`civicmeter serve` over a folder."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        command = [sys.executable, "-m", "civicmeter", "serve", "--port", str(self.port)]
        self.process = Process(
            [*command, "--data", str(folder)], folder / "serve.log", lambda: self._ready()
        )

    def ask(self, path: str, body: bytes | None = None) -> Answer:
        url, began = f"http://{HOST}:{self.port}{path}", time.monotonic()
        request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                said = answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            said = error.code, error.headers, error.read()
        return Answer(said[0], time.monotonic() - began, said[1], said[2])

    def workers(self) -> list[psutil.Process]:
        children = psutil.Process(self.process.pid).children()
        return [c for c in children if "spawn_main" in " ".join(_command(c))]

    def _ready(self) -> bool:
        try:
            return self.ask("/healthz").status == 200
        except OSError:
            return False


def _command(process: psutil.Process) -> list[str]:
    try:
        return list(process.cmdline())
    except psutil.Error:
        return []


def _cpu_s(process: psutil.Process) -> float:
    """Seconds of CPU that a process has used; 0 when it is gone."""
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system)


def _rests(process: psutil.Process) -> bool:
    before_s = _cpu_s(process)
    time.sleep(1.0)
    return _cpu_s(process) - before_s < 0.05


def until(seen: Callable[[], Any], timeout_s: float = 20.0) -> Any:
    end = time.monotonic() + timeout_s
    while not (found := seen()):
        assert time.monotonic() < end, "not seen in time"
        time.sleep(0.02)
    return found


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("serve")
    sample_ledger(folder / "ledger.db").close_connections()
    made = Service(folder)
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("CIVICMETER_REPORT_QUEUE", str(WAIT))
        made.process.start()
    yield made
    made.process.stop()


class Watching:
    """Asks an address again and again in the background."""

    def __init__(self, service: Service, path: str) -> None:
        self.answers: list[Answer] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, args=(service, path))

    def _watch(self, service: Service, path: str) -> None:
        while not self._stop.wait(0.05):
            self.answers.append(service.ask(path))

    def __enter__(self) -> "Watching":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def prompt(self) -> bool:
        assert len(self.answers) > 20
        assert {a.status for a in self.answers} == {200}
        worst = max(a.seconds for a in self.answers)
        assert worst < PROMPT_S, worst
        return True


@pytest.mark.slow
def test_fifty_reports_at_once_cost_nobody_else_anything(service: Service) -> None:
    with (
        Watching(service, "/healthz") as health,
        Watching(service, "/readyz") as ready,
        Watching(service, "/v1/institutions") as rows,
        ThreadPoolExecutor(AT_ONCE) as clients,
    ):
        answers = list(clients.map(service.ask, PDFS[:AT_ONCE]))
    assert health.prompt() and ready.prompt() and rows.prompt()
    made = [a for a in answers if a.status == 200]
    refused = [a for a in answers if a.status == 503]
    assert len(made) + len(refused) == AT_ONCE
    assert len(made) >= WAIT and all(a.body[:5] == b"%PDF-" for a in made)
    for answer in refused:
        assert int(answer.headers["Retry-After"]) >= 1
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert json.loads(answer.body)["code"] == "drawings_wait"
        assert answer.seconds < PROMPT_S
    assert len(service.workers()) <= 1


def test_who_leaves_leaves_no_drawing_behind(service: Service) -> None:
    first, *fresh = [p.replace(".pdf", ".html") for p in PDFS[:WAIT]]
    assert service.ask(first).status == 200
    (worker,) = until(service.workers)
    one_s = _cpu_s(worker)
    socks = [socket.create_connection((HOST, service.port), timeout=5) for _ in fresh]
    for sock, path in zip(socks, fresh, strict=True):
        sock.sendall(f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
    until(lambda: _cpu_s(worker) > one_s + 0.1)  # it draws for one of them
    drawing_s = _cpu_s(worker)
    for sock in socks:
        sock.close()
    until(lambda: _rests(worker), timeout_s=60.0)
    # Nine would cost it more than its start and one drawing did. It was ended in the midst of one,
    # or between two, when there was nothing to end.
    spent_s = _cpu_s(worker) - drawing_s
    assert spent_s < one_s, "nothing is drawn for those who left"
    assert [w for w in service.workers() if w != worker] == []
    text = service.ask("/metrics").body.decode()
    left = [line for line in text.splitlines() if "reports/" in line and 'status="499"' in line]
    assert sum(float(line.split()[-1]) for line in left) >= 1
    assert service.ask(PDFS[0]).status == 200


def test_a_killed_worker_costs_only_its_drawing(service: Service) -> None:
    until(lambda: not service.workers() or service.workers()[0].kill() is None)
    until(lambda: not service.workers())
    path = PDFS[-1].replace(".pdf", ".html")
    with ThreadPoolExecutor(2) as clients:
        lost = clients.submit(service.ask, path)
        (worker,) = until(service.workers)
        os.kill(worker.pid, signal.SIGKILL)
        answer = lost.result(60)
    assert answer.status == 503
    assert json.loads(answer.body)["code"] == "drawing_died"
    assert answer.headers["Retry-After"]
    assert service.ask(path).status == 200


@pytest.mark.slow
def test_unknown_devices_cost_those_who_read_nothing(tmp_path: Path) -> None:
    ledger = SqlLedger(f"sqlite:///{tmp_path / 'ledger.db'}")
    place = Institution("p", "机构", "Place")
    meters = [
        Meter(id=f"m{k}", institution="p", carrier=Carrier.WATER, register="water_m3")
        for k in range(7_500)
    ]
    ledger.save_registry(Registry((place,), (), tuple(meters)).check())
    ledger.close_connections()
    service = Service(tmp_path)
    service.process.start()
    service.ask("/v1/institutions")
    end = time.monotonic() + 6.0

    def post(client: int) -> set[int]:
        found = set()
        while time.monotonic() < end:
            at_ms = time.time_ns() // 1_000_000
            row = {"device": f"stranger-{client}", "ts": at_ms, "values": {"water_m3": 1}}
            found.add(service.ask("/v1/readings", json.dumps([row]).encode()).status)
        return found

    try:
        with (
            Watching(service, "/v1/institutions") as rows,
            Watching(service, "/healthz") as health,
            ThreadPoolExecutor(20) as clients,
        ):
            assert list(clients.map(post, range(20))) == [{422}] * 20
        assert rows.prompt() and health.prompt()
    finally:
        service.process.stop()


class Hanging(SqlLedger):
    """A database that stops answering some of its readers."""

    goes_on = threading.Event()

    def shown(self, *args: Any, **more: Any) -> Any:
        self.goes_on.wait(60)
        return super().shown(*args, **more)


def test_health_is_told_while_every_thread_hangs(tmp_path: Path) -> None:
    store, ledger = api_sample.open_sample(tmp_path)
    ledger.close_connections()
    hanging = Hanging(f"sqlite:///{tmp_path / 'ledger.db'}")
    port = free_port()
    with serving(create_app(store=store, ledger=hanging), HOST, port):
        asked = Service(tmp_path)
        asked.port = port
        with ThreadPoolExecutor(60) as clients:
            stuck = [clients.submit(asked.ask, f"/v1/consumption?limit={k + 1}") for k in range(60)]
            time.sleep(1.0)
            try:
                for path in ("/healthz", "/readyz", "/metrics"):
                    answer = asked.ask(path)
                    assert (answer.status, answer.seconds < PROMPT_S) == (200, True), path
                assert not any(f.done() for f in stuck)
            finally:
                Hanging.goes_on.set()
            assert {f.result(60).status for f in stuck} == {200}
    store.close()
    hanging.close_connections()


def test_the_service_ends_in_time_while_reports_are_drawn(tmp_path: Path) -> None:
    sample_ledger(tmp_path / "ledger.db").close_connections()
    service = Service(tmp_path)
    service.process.start()
    with ThreadPoolExecutor(10) as clients:
        for path in PDFS[:10]:
            clients.submit(service.ask, path)
        (worker,) = until(service.workers)
        began = time.monotonic()
        service.process.stop()
        assert time.monotonic() - began < 9.0, "it was ended politely"
    until(lambda: not worker.is_running())
