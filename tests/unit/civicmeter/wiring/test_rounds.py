"""The rounds of processing: they go on, and /readyz tells when they do not."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from civicmeter.wiring import processing_rounds
from civicmeter.wiring.one_collector import only_collector
from civicmeter.wiring.pipeline import Pipeline, open_pipeline
from civicmeter.wiring.processing_rounds import Rounds
from config.settings import Settings
from domain.errors import ConfigError, StoreUnavailableError
from domain.places import Institution
from domain.registry import Registry
from tests.local_client import local_client


@pytest.fixture
def pipeline(tmp_path: Path) -> Iterator[Pipeline]:
    with open_pipeline(Settings(data=tmp_path)) as made:
        made.save_registry(Registry((Institution("hall", "大厅", "Hall"),)))
        yield made


def _client(pipeline: Pipeline, rounds: Rounds) -> TestClient:
    app = create_app(
        store=pipeline.store,
        ledger=pipeline.ledger,
        status=lambda: {"rounds": rounds.status()},
        parts=lambda: {"processing": rounds.state()},
    )
    return local_client(app)


def _until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.02)


def test_readyz_tells_when_the_last_round_ended(pipeline: Pipeline) -> None:
    rounds = Rounds(pipeline, 0.01)
    client = _client(pipeline, rounds)
    assert client.get("/readyz").json()["rounds"]["last_round_ended_at"] is None
    with rounds:
        _until(lambda: rounds.status()["last_round_ended_at"] is not None)
        body = client.get("/readyz").json()
    assert (body["status"], body["processing"], body["rounds"]["error"]) == ("ok", "ok", "")


@pytest.mark.parametrize("error", [ValueError("a mistake of ours"), StoreUnavailableError("away")])
def test_no_error_ends_the_rounds_and_readyz_turns_when_they_do_not_end(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    original, broken = processing_rounds.process_round, threading.Event()
    broken.set()

    def round_(*arguments: object) -> object:
        if broken.is_set():
            raise error
        return original(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(processing_rounds, "process_round", round_)
    rounds = Rounds(pipeline, 0.01, late_s=0.2)
    client = _client(pipeline, rounds)
    with rounds:
        _until(lambda: client.get("/readyz").status_code == 503)
        assert str(error) in client.get("/readyz").json()["state"]["processing"]
        broken.clear()
        _until(lambda: client.get("/readyz").status_code == 200)


def test_a_round_that_hangs_makes_the_service_not_ready(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = threading.Event()

    def hangs(*_: object) -> list[object]:
        free.wait()
        return []

    monkeypatch.setattr(processing_rounds, "process_round", hangs)
    rounds = Rounds(pipeline, 0.01, late_s=0.2)
    with rounds:
        _until(lambda: "does not come forward" in rounds.state())
        free.set()
        _until(lambda: rounds.state() == "ok")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_thread_that_dies_is_told(pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    def dies(*_: object) -> object:
        raise SystemExit(3)

    monkeypatch.setattr(processing_rounds, "process_round", dies)
    with Rounds(pipeline, 0.01) as rounds:
        _until(lambda: "thread ended (SystemExit: 3)" in rounds.state())


def test_a_second_collector_of_an_id_is_refused_until_the_first_is_gone(tmp_path: Path) -> None:
    code = (
        "import sys, time, pathlib\n"
        "from civicmeter.wiring.one_collector import only_collector\n"
        "with only_collector(pathlib.Path(sys.argv[1]), 'c'):\n"
        "    print('held', flush=True)\n"
        "    time.sleep(60)\n"
    )
    first = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
        env=dict(os.environ),
    )
    assert first.stdout is not None
    try:
        assert first.stdout.readline() == "held\n"
        said = rf"process {first.pid} collects into .* as 'c' already: end it"
        with pytest.raises(ConfigError, match=said), only_collector(tmp_path, "c"):
            pass
        with only_collector(tmp_path, "d"):
            pass
    finally:
        first.kill()
        first.wait()
        first.stdout.close()
    with only_collector(tmp_path, "c"):
        pass
