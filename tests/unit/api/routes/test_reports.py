"""Reports that wait, and what is told of those that cannot be drawn."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from domain.errors import StoreUnavailableError
from reports.drawing_queue import DrawingQueue, Prepared
from reports.render import ReportFile
from store.ledger.sql.ledger import SqlLedger
from tests import api_sample

Serve = Callable[..., TestClient]
PATH = f"/v1/reports/{api_sample.CAMPUS}/2024-02.xlsx"


@pytest.fixture
def queue() -> Iterator[DrawingQueue[ReportFile]]:
    made: DrawingQueue[ReportFile] = DrawingQueue(waiting_max=0)
    yield made
    made.close()


def sleep(seconds: float) -> Any:
    time.sleep(seconds)


def test_a_full_queue_is_told_with_when_to_ask_again(
    serve_own: Serve, queue: DrawingQueue[ReportFile]
) -> None:
    begun = threading.Event()

    def prepare() -> Prepared[ReportFile]:
        begun.set()
        return sleep, 60.0

    busy = queue.ask("busy", prepare)
    assert begun.wait(20)
    client = serve_own(reports_drawn=queue)
    for lang, word in (("zh", "重试"), ("en", "Ask again in")):
        answer = client.get(f"{PATH}?lang={lang}")
        assert (answer.status_code, answer.json()["code"]) == (503, "drawings_wait")
        assert int(answer.headers["Retry-After"]) >= 1
        assert word in answer.json()["detail"]
    busy.cancel()


def test_a_drawing_that_takes_too_long_is_told(serve_own: Serve) -> None:
    client = serve_own(reports_drawn=DrawingQueue(limit_s=0.01))
    answer = client.get(PATH)
    assert (answer.status_code, answer.json()["code"]) == (503, "drawing_late")


def test_a_report_asked_again_is_the_same_bytes_and_drawn_once(serve_own: Serve) -> None:
    client = serve_own()
    first, again = client.get(PATH), client.get(PATH)
    assert first.status_code == 200
    assert first.content == again.content
    assert "r1" in first.headers["Content-Disposition"]


def test_a_registry_that_changed_is_in_the_next_report(
    serve_own: Serve, own_sample: tuple[Any, SqlLedger], tmp_path: Path
) -> None:
    from dataclasses import replace

    from domain.registry import Registry

    client, ledger = serve_own(), own_sample[1]
    path = PATH.replace("xlsx", "html") + "?lang=en"
    assert "A new name" not in client.get(path).text
    place = ledger.registry().institution_by_id[api_sample.CAMPUS]
    ledger.save_registry(Registry(institutions=(replace(place, name_en="A new name"),)))
    assert "A new name" in client.get(path).text


def test_a_ledger_that_fails_meanwhile_is_told(
    serve_own: Serve, own_sample: tuple[Any, SqlLedger], monkeypatch: pytest.MonkeyPatch
) -> None:
    def results(*_: object, **__: object) -> Any:
        raise StoreUnavailableError("the ledger sqlite:///secret does not answer")

    client = serve_own()
    monkeypatch.setattr(own_sample[1], "results", results)
    answer = client.get(PATH)
    assert (answer.status_code, answer.json()["code"]) == (503, "store_unavailable")
    assert "secret" not in answer.text
