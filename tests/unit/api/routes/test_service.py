"""Health is told apart from everything else."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.routes import service
from store.ledger.sql.ledger import SqlLedger
from store.readings.sqlite import SqliteReadingStore

Serve = Callable[..., TestClient]
Sample = tuple[SqliteReadingStore, SqlLedger]


@pytest.fixture
def hung(own_sample: Sample, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """The ledger hangs; what is asked of it is counted."""
    asked: list[int] = []
    goes_on = threading.Event()

    def statuses(*_: object) -> list[Any]:
        asked.append(1)
        goes_on.wait(30)
        return []

    monkeypatch.setattr(own_sample[1], "statuses", statuses)
    yield asked
    goes_on.set()


def quick(client: TestClient) -> TestClient:
    state = client.app.state  # type: ignore[attr-defined]
    state.watch = service.Watch(state.backend, limit_s=0.3)
    return client


def test_a_part_that_hangs_is_told_in_time(serve_own: Serve, hung: list[int]) -> None:
    client = quick(serve_own(status=lambda: {"collector": {"stored": 3}}))
    began = time.monotonic()
    answer = client.get("/readyz")
    assert time.monotonic() - began < 3
    assert answer.status_code == 503
    assert answer.json()["state"] == {"store": "ok", "ledger": "unavailable"}
    assert answer.json()["collector"] == {"stored": 3}


def test_while_a_part_hangs_it_is_not_asked_again(serve_own: Serve, hung: list[int]) -> None:
    client = quick(serve_own())
    for _ in range(5):
        assert client.get("/readyz").json()["state"]["ledger"] == "unavailable"
    assert len(hung) == 1
    assert sum(t.name == "apart" for t in threading.enumerate()) == 1


def test_threads_beside_that_hang_are_told(serve_own: Serve) -> None:
    goes_on = threading.Event()
    client = quick(serve_own(parts=lambda: goes_on.wait(20) and {}))
    assert client.get("/readyz").json()["state"]["threads"] == "unavailable"
    goes_on.set()


def test_ready_again_when_the_part_answers(
    serve_own: Serve, own_sample: Sample, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = quick(serve_own(parts=lambda: {"collecting": "ok"}))
    slow = threading.Event()
    with monkeypatch.context() as patched:
        patched.setattr(own_sample[1], "statuses", lambda *_: slow.wait(20))
        assert client.get("/readyz").status_code == 503
        slow.set()
    for _ in range(50):
        if client.get("/readyz").status_code == 200:
            break
        time.sleep(0.05)
    assert client.get("/readyz").json() == {
        "status": "ok",
        "store": "ok",
        "ledger": "ok",
        "collecting": "ok",
    }


def test_readiness_names_no_institution_to_strangers(serve_own: Callable[..., TestClient]) -> None:
    failed = {"rounds": {"not_computed": {"dongying-campus": "no weather"}}}
    for keys in ({"api_key": "own"}, {"read_key": "own"}):
        client = serve_own(status=lambda: failed, **keys)
        for key in ({}, {"X-API-Key": "guess"}):
            answer = client.get("/readyz", headers=key)
            assert answer.status_code == 200 and "dongying" not in answer.text
        assert client.get("/readyz", headers={"X-API-Key": "own"}).json()["rounds"]
    assert serve_own(status=lambda: failed).get("/readyz").json()["rounds"]
