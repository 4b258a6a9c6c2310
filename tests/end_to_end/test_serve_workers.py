"""`civicmeter serve --workers`: several processes answer; one that dies costs what it answered."""

import json
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from domain.calendar import to_ms
from tests import api_sample
from tests.end_to_end.test_api_serve import Service
from tests.end_to_end.test_blocking import _command, until


def test_workers_share_nothing_but_the_stores(tmp_path: Path) -> None:
    service = Service(tmp_path, "--workers", "2")
    _start(service)
    try:
        parent = psutil.Process(service.process.pid)
        workers = until(lambda: _workers(parent) if len(_workers(parent)) == 2 else None)
        with ThreadPoolExecutor(8) as clients:
            months = list(clients.map(service.json, ["/v1/months"] * 40))
        assert months.count(months[0]) == 40 and months[0]
        posted = _post(service, 4)
        assert posted["stored"] == 4
        workers[0].send_signal(signal.SIGKILL)
        until(lambda: len(_workers(parent)) == 2 and workers[0] not in _workers(parent), 60.0)
        until(service._ready, 60.0)
        again = _post(service, 4)
        assert again["repeated"] == 4 and again["stored"] == 0, again
    finally:
        every = psutil.Process(service.process.pid).children(recursive=True)
        service.process.stop()
    _, left = psutil.wait_procs(every, 30)
    assert left == []


def test_workers_end_with_a_parent_that_was_killed(tmp_path: Path) -> None:
    service = Service(tmp_path, "--workers", "2")
    _start(service)
    every = psutil.Process(service.process.pid).children(recursive=True)
    assert len(every) >= 2
    service.process.kill()
    _, left = psutil.wait_procs(every, 30)
    assert left == []


def _start(service: Service) -> None:
    """Three processes load everything, which takes a busy machine half a minute."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("tests.servers.START_TIMEOUT_S", 90.0)
        service.process.start()


def _workers(parent: psutil.Process) -> list[psutil.Process]:
    return [c for c in parent.children() if "spawn_main" in " ".join(_command(c))]


def _post(service: Service, count: int) -> dict[str, int]:
    start = to_ms(api_sample.NOW) - 3_600_000
    lines = "\n".join(f"meter,device=dy-main power_w={k} {start + k}000000" for k in range(count))
    with service.open("/v1/readings", lines.encode(), **{"Content-Type": "text/plain"}) as answer:
        return dict(json.load(answer))
