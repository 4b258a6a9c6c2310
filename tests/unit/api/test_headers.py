"""What every answer tells a browser."""

import re
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

import api.pages
from api.headers import PROTECTING
from tests import api_sample

REPORT = f"/v1/reports/{api_sample.HALL}/2024-02.html"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/", 200),
        ("/quality", 200),
        (f"/institutions/{api_sample.HALL}/2024-02", 200),
        (REPORT, 200),
        ("/docs", 200),
        ("/openapi.json", 200),
        ("/healthz", 200),
        ("/readyz", 200),
        ("/metrics", 200),
        ("/static/overview.css", 200),
        ("/v1/months?format=csv", 200),
        ("/v1/months?format=parquet", 200),
        ("/v1/months?format=odd", 422),
        ("/v1/readings", 405),
        ("/nowhere", 404),
    ],
)
def test_every_answer_is_protected(client: TestClient, path: str, status: int) -> None:
    answer = client.get(path)
    assert answer.status_code == status
    assert {n: answer.headers[n] for n in PROTECTING} == PROTECTING
    assert path.startswith("/static/") or "public" not in answer.headers["Cache-Control"]


def test_what_the_door_refuses_is_protected_too(client: TestClient) -> None:
    for status, answer in (
        (421, client.get("/", headers={"Host": "evil.example"})),
        (403, client.post("/v1/readings", headers={"Origin": "https://evil.example"})),
        (415, client.post("/v1/readings", content=b"x", headers={"Content-Type": "text/x"})),
        (415, client.post("/v1/readings", content=b"x", headers={"Content-Encoding": "br"})),
    ):
        assert answer.status_code == status
        assert {n: answer.headers[n] for n in PROTECTING} == PROTECTING


def test_what_nobody_foresaw_is_protected_too(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.pages.board.board_html", lambda *_: 1 / 0)
    answer = client.get("/quality")
    assert answer.status_code == 500
    assert {n: answer.headers[n] for n in PROTECTING} == PROTECTING


def test_no_page_holds_a_script_of_its_own(client: TestClient) -> None:
    """script-src 'self' would not run it; data in a script element is none."""
    assert "script-src 'self';" in PROTECTING["Content-Security-Policy"]
    templates = Path(api.pages.__file__).parent.rglob("*.html")
    for text in (*(t.read_text("utf-8") for t in templates), client.get("/docs").text):
        scripts = re.findall(r"<script(?![^>]*(?:src=|application/json))", text)
        assert scripts == []
        assert not re.search(r"\son[a-z]+=", text)
