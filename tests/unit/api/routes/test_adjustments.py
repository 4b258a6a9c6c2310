"""Adjustments over HTTP: who may enter, approve and withdraw them, and what is kept."""

from base64 import b64encode
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.access.keys import principal_of
from domain.access import Action, Grant, Principal
from processing.savings.entered_adjustments import LARGEST_EVIDENCE_BYTES
from store.ledger.sql.ledger import SqlLedger
from store.readings.sqlite import SqliteReadingStore
from tests import api_sample

Serve = Callable[..., TestClient]
KEY = {"X-API-Key": "secret"}
JSON = {"Content-Type": "application/json"}
CONTENT = "会议纪要：新增机房".encode()
ENTRY: dict[str, Any] = {
    "contract": "dy-saving",
    "start": "2024-03-01",
    "end": "2024-04-01",
    "total_kwh": 3100,
    "reason": "新增机房",
    "evidence": "纪要 3.pdf",
    "evidence_base64": b64encode(CONTENT).decode(),
    "author": "王芳",
}


def post(client: TestClient, body: dict[str, Any], path: str = "", **more: Any) -> Any:
    return client.post(f"/v1/adjustments{path}", json=body, headers=KEY, **more)


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def test_it_is_entered_approved_by_somebody_else_and_withdrawn(
    serve_own: Serve, own_sample: tuple[SqliteReadingStore, SqlLedger]
) -> None:
    client, ledger = serve_own(api_key="secret"), own_sample[1]
    entered = post(client, ENTRY)
    assert entered.status_code == 201, entered.text
    row = entered.json()
    assert (row["status"], row["approver"], row["carrier"]) == ("waiting", "", "electricity")
    assert row["formula"] == "3100.0 / 31" and row["institution"] == api_sample.CAMPUS
    assert row["evidence_sha256"] == sha256(CONTENT).hexdigest()
    assert ledger.touched() == []

    decisions = f"/{row['number']}/decisions"
    own = post(client, {"kind": "approved", "by": " 王芳"}, decisions)
    assert code(own) == (422, "bad_value") and "cannot approve" in own.json()["detail"]
    approved = post(client, {"kind": "approved", "by": "李伟"}, decisions)
    assert (approved.status_code, approved.json()["status"]) == (201, "approved")
    touched = [str(t.month) for t in ledger.touched()]
    assert touched == ["2024-03", "2024-04"]  # of those computed, its own and later ones

    assert post(client, {"kind": "withdrawn", "by": "赵"}, decisions).status_code == 422
    told = post(client, {"kind": "withdrawn", "by": "赵", "reason": "重复"}, decisions)
    assert told.json()["status"] == "withdrawn" and "重复" in told.json()["decisions"]
    (listed,) = client.get("/v1/adjustments", headers=KEY).json()
    assert listed == told.json()
    assert client.get("/v1/adjustments?status=approved", headers=KEY).json() == []
    other = "/v1/adjustments?contract=dy-saving&institution=cam-b7"
    assert client.get(other, headers=KEY).json() == []
    file = client.get(f"/v1/adjustments/{row['number']}/evidence", headers=KEY)
    assert file.content == CONTENT and file.headers["X-Content-Type-Options"] == "nosniff"
    assert file.headers["Content-Disposition"].startswith("attachment;")


def test_with_an_approver_it_counts_at_once(serve_own: Serve) -> None:
    client = serve_own(api_key="secret")
    row = post(client, ENTRY | {"approver": "李伟"}).json()
    assert (row["status"], row["approver"]) == ("approved", "李伟")
    csv = client.get("/v1/adjustments?format=csv", headers=KEY).text
    assert "dy-saving" in csv and "李伟" in csv


def test_without_a_key_nobody_enters_or_sees_the_evidence(serve_own: Serve) -> None:
    open_client = serve_own()
    assert code(post(open_client, ENTRY)) == (403, "no_key_configured")
    client = serve_own(api_key="secret")
    assert code(client.post("/v1/adjustments", json=ENTRY)) == (401, "needs_key")
    number = post(client, ENTRY).json()["number"]
    assert client.get(f"/v1/adjustments/{number}/evidence").status_code == 401
    wrong = client.post(
        f"/v1/adjustments/{number}/decisions",
        json={"kind": "approved", "by": "x"},
        headers={"X-API-Key": "guess"},
    )
    assert code(wrong) == (403, "wrong_key")


def test_a_vendor_may_only_propose_and_only_for_its_own(serve_own: Serve) -> None:
    client = serve_own(api_key="secret")
    app: Any = client.app

    def vendor(*institutions: str) -> None:
        grant = Grant(frozenset({Action.READ, Action.ADJUST}), frozenset(institutions))
        app.dependency_overrides[principal_of] = lambda: Principal("esco", (grant,))

    own = {k: v for k, v in ENTRY.items() if k != "author"}
    vendor(api_sample.HALL)
    foreign, unknown = post(client, own), post(client, own | {"contract": "none"})
    assert code(foreign) == code(unknown) == (422, "bad_value")
    assert "there are: none" in foreign.json()["detail"]
    vendor(api_sample.CAMPUS)
    assert code(post(client, own | {"approver": "ESCO's lawyer"})) == (403, "may_only_propose")
    assert code(post(client, ENTRY)) == (403, "not_your_name")
    row = post(client, own).json()
    number, author = row["number"], row["author"]
    assert author == "esco"
    decision = post(client, {"kind": "approved", "by": "x"}, f"/{number}/decisions")
    assert code(decision) == (403, "may_only_propose")
    assert client.get("/v1/adjustments", headers=KEY).json()[0]["status"] == "waiting"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"contract": "none"}, "no contract"),
        ({"carrier": "heat"}, "counts electricity"),
        ({"total_kwh": None}, "in one way"),
        ({"per_day_kwh": 2}, "in one way"),
        ({"end": None}, "needs the day it ends"),
        ({"end": "2024-03-01"}, "needs the day it ends"),
        ({"total_kwh": None, "formula": "exec('x')"}, "cannot be read"),
        ({"start": "2022-01-01", "end": "2022-02-01"}, "outside the reporting period"),
        ({"evidence_base64": "%%%"}, "not base64"),
        ({"evidence_base64": None}, "evidence_base64"),
        ({"evidence_base64": None, "evidence_sha256": "12"}, "SHA-256"),
        ({"evidence_sha256": "0" * 64}, "not that of"),
        ({"reason": ""}, "reason"),
        ({"reason": "  "}, "reason"),
        ({"total_kwh": "3100"}, "total_kwh"),
        ({"surprise": 1}, "surprise"),
        ({"approver": "王芳"}, "cannot approve"),
    ],
)
def test_what_cannot_be_is_refused_in_words(
    serve_own: Serve, change: dict[str, Any], says: str
) -> None:
    client = serve_own(api_key="secret")
    answer = post(client, ENTRY | change)
    assert answer.status_code == 422 and says in answer.json()["detail"], answer.text
    assert client.get("/v1/adjustments", headers=KEY).json() == []


def test_broken_and_large_bodies_and_unknown_numbers(serve_own: Serve) -> None:
    client = serve_own(api_key="secret")
    broken = client.post("/v1/adjustments", content=b'{"contract":', headers=KEY | JSON)
    assert code(broken) == (422, "bad_parameter")
    large = b64encode(bytes(LARGEST_EVIDENCE_BYTES + 1)).decode()
    assert "at most" in post(client, ENTRY | {"evidence_base64": large}).json()["detail"]
    assert code(post(client, {"kind": "approved", "by": "x"}, "/99/decisions")) == (
        404,
        "unknown_adjustment",
    )
    digest_only = {k: v for k, v in ENTRY.items() if k != "evidence_base64"}
    row = post(client, digest_only | {"evidence_sha256": "AB" * 32}).json()
    file = client.get(f"/v1/adjustments/{row['number']}/evidence", headers=KEY)
    assert code(file) == (404, "no_evidence")
