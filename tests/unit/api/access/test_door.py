"""Which requests come in: by which address, from which page, and from where without a key."""

from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.access.keys import principal_of
from api.app import create_app
from domain.access import Action, Grant, Principal
from store.ledger.sql.ledger import SqlLedger
from tests import api_sample
from tests.local_client import local_client

Serve = Callable[..., TestClient]
CORRECTION = {
    "device": "dy-main",
    "quantity": "energy_import_kwh",
    "at": "2024-03-05T14:00:00Z",
    "value": 1.0,
    "author": "Mallory",
    "reason": "because",
}
READING = b"meter,device=dy-main power_w=1 1709647200000000000\n"


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:9999"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_a_page_of_another_site_changes_nothing(
    serve_own: Serve, own_sample: tuple[Any, SqlLedger], headers: dict[str, str]
) -> None:
    """A form or fetch of text/plain needs no asking: it used to touch a closed month."""
    client = serve_own()
    plain = headers | {"Content-Type": "text/plain", "Accept-Language": "en"}
    for path, body in (
        ("/v1/corrections", client.build_request("POST", "/", json=CORRECTION).content),
        ("/v1/readings", READING),
    ):
        answer = client.post(path, content=body, headers=plain)
        assert code(answer) == (403, "foreign_origin")
        assert "nothing was changed" in answer.json()["detail"]
    assert own_sample[1].corrections() == []
    assert own_sample[1].touched() == []


def test_a_program_and_a_page_of_our_own_may(serve_own: Serve) -> None:
    client = serve_own()
    plain = {"Content-Type": "text/plain"}
    assert client.post("/v1/readings", content=READING, headers=plain).status_code == 200
    own = plain | {"Origin": "http://127.0.0.1:8000", "Sec-Fetch-Site": "same-origin"}
    assert client.post("/v1/readings", content=READING, headers=own).status_code == 200


def test_corrections_are_taken_as_json_only(serve_own: Serve) -> None:
    body = serve_own().build_request("POST", "/", json=CORRECTION).content
    answer = serve_own().post(
        "/v1/corrections", content=body, headers={"Content-Type": "text/plain"}
    )
    assert code(answer) == (415, "unsupported_media")


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "a@127.0.0.1@b"])
def test_another_name_is_no_address_of_ours(serve_own: Serve, host: str) -> None:
    """DNS that is bent to 127.0.0.1 makes a foreign page's origin ours; its name stays."""
    client = serve_own()
    for path in ("/v1/institutions", "/", "/metrics"):
        assert code(client.get(path, headers={"Host": host})) == (421, "foreign_host")
    assert client.get("/healthz", headers={"Host": host}).status_code == 200


def test_names_can_be_allowed(serve_own: Serve) -> None:
    client = serve_own(hosts=("civicmeter", "::1"))
    for host in ("civicmeter:8000", "CIVICMETER", "[::1]:8000", "localhost"):
        assert client.get("/v1/institutions", headers={"Host": host}).status_code == 200
    assert serve_own(hosts=("*",)).get("/", headers={"Host": "any.example"}).status_code == 200


def test_without_a_key_nobody_elsewhere_writes(own_sample: tuple[Any, SqlLedger]) -> None:
    store, ledger = own_sample
    app = create_app(store=store, ledger=ledger, now=lambda: api_sample.NOW)
    far = local_client(app, client=("192.0.2.7", 4000))
    plain = {"Content-Type": "text/plain"}
    assert code(far.post("/v1/readings", content=READING, headers=plain)) == (403, "not_local")
    assert code(far.post("/v1/corrections", json=CORRECTION)) == (403, "not_local")
    proxied = plain | {"X-Forwarded-For": "127.0.0.1"}
    near = local_client(app)
    assert code(near.post("/v1/readings", content=READING, headers=proxied)) == (403, "not_local")


def test_a_personal_key_signs_as_its_holder_only(serve_own: Serve) -> None:
    client = serve_own(api_key="secret")
    app: Any = client.app
    wang = Principal("k1", (Grant(frozenset(Action)),), person="Wang Fang")
    app.dependency_overrides[principal_of] = lambda: wang
    assert code(client.post("/v1/corrections", json=CORRECTION)) == (403, "not_your_name")
    own = {k: v for k, v in CORRECTION.items() if k != "author"}
    own |= {"at": "2024-04-09T01:00:00Z"}
    answer = client.post("/v1/corrections", json=own)
    assert answer.status_code == 200, answer.text
    (row,) = client.get("/v1/corrections").json()
    assert row["author"] == "Wang Fang"


def test_who_entered_an_adjustment_cannot_approve_it_by_any_name(serve_own: Serve) -> None:
    client = serve_own(api_key="secret")
    app: Any = client.app

    def by(name: str) -> None:
        one = Principal(name, (Grant(frozenset(Action)),), person=name)
        app.dependency_overrides[principal_of] = lambda: one

    entry = {
        "contract": "dy-saving",
        "start": "2024-03-01",
        "end": "2024-04-01",
        "total_kwh": 3100,
        "reason": "a new room",
        "evidence": "minutes.pdf",
        "evidence_sha256": "0" * 64,
    }
    by("Wang Fang")
    assert code(client.post("/v1/adjustments", json=entry | {"approver": "Li Wei"})) == (
        403,
        "not_your_name",
    )
    answer = client.post("/v1/adjustments", json=entry)
    assert answer.status_code == 201, answer.text
    row = answer.json()
    assert (row["author"], row["status"]) == ("Wang Fang", "waiting")
    path = f"/v1/adjustments/{row['number']}/decisions"
    assert code(client.post(path, json={"kind": "approved", "by": "Li Wei"})) == (
        403,
        "not_your_name",
    )
    assert code(client.post(path, json={"kind": "approved"})) == (422, "bad_value")
    by("Li Wei")
    assert client.post(path, json={"kind": "approved"}).json()["approver"] == "Li Wei"


@pytest.mark.parametrize("twin", ["W\u0430ng", "Wang\u200b", "\u0421\u0430\u043e"])
def test_a_letter_of_another_alphabet_makes_no_second_person(serve_own: Serve, twin: str) -> None:
    client = serve_own(api_key="secret")
    author = "Cao" if twin.startswith("\u0421") else "Wang"
    entry = {
        "contract": "dy-saving",
        "start": "2024-03-01",
        "per_day_kwh": 10,
        "reason": "a new room",
        "evidence": "minutes.pdf",
        "evidence_sha256": "0" * 64,
        "author": author,
    }
    key = {"X-API-Key": "secret"}
    number = client.post("/v1/adjustments", json=entry, headers=key).json()["number"]
    path = f"/v1/adjustments/{number}/decisions"
    answer = client.post(path, json={"kind": "approved", "by": twin}, headers=key)
    assert answer.status_code == 422
    assert client.get("/v1/adjustments", headers=key).json()[0]["status"] == "waiting"


def test_two_values_of_one_instant_are_shown_and_a_correction_decides(serve_own: Serve) -> None:
    """Neither source wins for good by being first."""
    client = serve_own(api_key="secret")
    key = {"X-API-Key": "secret"}
    plain = key | {"Content-Type": "text/plain"}
    line = "meter,device=dy-main energy_import_kwh={} 1712628000000000000\n"
    client.post("/v1/readings", content=line.format(1222.5), headers=plain)
    (row,) = client.get("/v1/aside?code=conflict&lang=en", headers=key).json()
    assert "1222.5 came, and 1005.0 is stored" in row["detail"] and "correction" in row["detail"]
    decided = CORRECTION | {"at": 1712628000000, "value": 1222.5, "author": "Li Wei"}
    answer = client.post("/v1/corrections", json=decided, headers=key)
    assert answer.status_code == 200, answer.text
    (said,) = client.get("/v1/corrections", headers=key).json()
    assert (said["reported_value"], said["value"], said["stands"]) == (1005.0, 1222.5, True)
