"""GET /v1/audit and the page /audit: who changed what; what one may not see is not there."""

import csv
import io
from collections.abc import Callable
from dataclasses import replace

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api.access.keys import principal_of
from api.pages.audit import PAGE_SIZE
from domain.access import Action, Grant, Principal
from domain.audit import LOCAL, Act, Actor
from domain.registry import Registry
from store.ledger.sql.ledger import SqlLedger
from store.readings.sqlite import SqliteReadingStore

Sample = tuple[SqliteReadingStore, SqlLedger]


@pytest.fixture
def ledger(own_sample: Sample) -> SqlLedger:
    """Its trail has more than one page of an institution, and something of each other kind."""
    ledger = own_sample[1]
    place = ledger.registry().institutions[0]
    ledger.audit(
        Actor("esco", "Li Wei", "Li Wei"),
        [
            Act(
                action="change",
                kind="contract",
                id="c1",
                institution=place.id,
                contract="c1",
                before={"share": k},
                after={"share": k + 1, "row": "ab"},
                reason="<b>agreed</b>",
            )
            for k in range(PAGE_SIZE + 5)
        ],
    )
    return ledger


def as_principal(client: TestClient, *grants: Grant) -> None:
    """From now on the requests are this key's."""
    app = client.app
    assert isinstance(app, FastAPI)
    app.dependency_overrides[principal_of] = lambda: Principal("esco", grants)


def test_rows_say_all_of_an_entry(ledger: SqlLedger, own_client: TestClient) -> None:
    answer = own_client.get(
        "/v1/audit", params={"kind": "contract", "by": "Li Wei", "limit": 2, "lang": "en"}
    )
    assert answer.status_code == 200
    first, second = answer.json()
    assert first["number"] == second["number"] + 1
    assert first["previous"] == second["digest"]
    assert (first["principal"], first["person"], first["word"]) == ("esco", "Li Wei", "Li Wei")
    assert first["before"] == '{"share": 104}'
    assert first["sentence"] == (
        "Li Wei (key esco of Li Wei) changed the contract c1: share from 104 to 105; "
        "reason: <b>agreed</b>"
    )
    assert answer.headers["x-total-count"] == str(PAGE_SIZE + 5)
    assert 'rel="next"' in answer.headers["link"]
    chinese = own_client.get("/v1/audit", params={"kind": "contract", "limit": 1, "lang": "zh"})
    assert "修改了合同 c1：share 由 104 改为 105；原因：" in chinese.json()[0]["sentence"]


def test_it_can_be_had_as_a_table(ledger: SqlLedger, own_client: TestClient) -> None:
    answer = own_client.get("/v1/audit", params={"format": "csv", "limit": 3})
    rows = list(csv.DictReader(io.StringIO(answer.text.lstrip("\ufeff"))))
    assert [r["kind"] for r in rows] == ["contract"] * 3
    parquet = own_client.get("/v1/audit", params={"format": "parquet", "limit": 3})
    assert parquet.content[:4] == b"PAR1"


def test_it_is_asked_by_span_and_kind(ledger: SqlLedger, own_client: TestClient) -> None:
    def numbers(**asked: str) -> list[int]:
        answer = own_client.get("/v1/audit", params=asked)
        assert answer.status_code == 200, answer.text
        return [r["number"] for r in answer.json()]

    every = numbers()
    assert every == sorted(every, reverse=True) and every[-1] == 1
    assert numbers(kind="chain") == [1]
    assert numbers(end="2019-01-01") == []
    assert numbers(start="2019-01-01") == every
    assert numbers(action="add", institution=ledger.registry().institutions[0].id)


@pytest.mark.parametrize(
    "asked",
    [{"kind": "nothing"}, {"action": "nothing"}, {"start": "soon"}, {"who": "me"}, {"limit": "0"}],
)
def test_a_question_that_means_nothing_is_refused(
    own_client: TestClient, asked: dict[str, str]
) -> None:
    assert own_client.get("/v1/audit", params=asked).status_code == 422


def test_what_one_may_not_see_is_not_there(ledger: SqlLedger, own_client: TestClient) -> None:
    places = ledger.registry().institutions
    ledger.save_registry(Registry(institutions=(replace(places[1], name_en="Renamed"),)))
    audit = frozenset({Action.AUDIT, Action.READ})
    as_principal(own_client, Grant(audit, frozenset({places[1].id})))
    rows = own_client.get("/v1/audit").json()
    assert {r["institution"] for r in rows} == {places[1].id}
    assert own_client.get("/v1/audit", params={"institution": places[0].id}).status_code == 404
    page = own_client.get("/audit?lang=en").text
    assert "Renamed" in page
    assert places[0].name_en not in page
    as_principal(own_client, Grant(audit, contracts=frozenset({"c1"})))
    assert {r["contract"] for r in own_client.get("/v1/audit").json()} == {"c1"}
    as_principal(own_client, Grant(frozenset({Action.READ})))
    assert own_client.get("/v1/audit").status_code == 403
    assert own_client.get("/audit").status_code == 403


def test_with_a_key_configured_it_needs_the_key(
    ledger: SqlLedger, serve_own: Callable[..., TestClient]
) -> None:
    client = serve_own(api_key="secret")
    assert client.get("/v1/audit").status_code == 401
    assert client.get("/audit").status_code == 401
    assert client.get("/v1/audit", headers={"X-API-Key": "secret"}).status_code == 200


def test_what_comes_over_http_is_told_with_its_key(
    ledger: SqlLedger, serve_own: Callable[..., TestClient]
) -> None:
    client = serve_own(api_key="secret")
    meter = next(d for d in ledger.registry().devices if d.device_class == "meter")
    body = {
        "device": meter.id,
        "quantity": meter.register,  # type: ignore[union-attr]
        "at": "2019-03-05T14:00:00Z",
        "leave_out": True,
        "author": "Wang Fang",
        "reason": "a test",
    }
    client.headers["X-API-Key"] = "secret"
    entered = client.post("/v1/corrections", json=body)
    if entered.status_code == 422:  # there is no such reading: one is added
        body = {**body, "value": 1.0}
        body.pop("leave_out")
        entered = client.post("/v1/corrections", json=body)
    assert entered.status_code == 200, entered.text
    (row,) = client.get("/v1/audit", params={"kind": "correction", "limit": 1}).json()
    assert (row["principal"], row["word"]) == ("key", "Wang Fang")
    assert row["institution"] == meter.institution


def test_the_page_in_both_languages(ledger: SqlLedger, own_client: TestClient) -> None:
    page = own_client.get("/audit?kind=contract&lang=en")
    assert page.status_code == 200
    assert page.text.count("data-entry=") == PAGE_SIZE
    assert "changed the contract c1: share from 104 to 105" in page.text
    assert "&lt;b&gt;agreed&lt;/b&gt;" in page.text and "<b>agreed" not in page.text
    assert "page=2" in page.text
    second = own_client.get("/audit?kind=contract&lang=en&page=2").text
    assert second.count("data-entry=") >= 5
    chinese = own_client.get("/audit?lang=zh").text
    assert "审计日志" in chinese and "修改了合同 c1" in chinese
    assert "is no time" in own_client.get("/audit?start=soon&lang=en").text
    assert "No entries fit" in own_client.get("/audit?by=nobody&lang=en").text


def test_an_auditor_finds_it(own_client: TestClient) -> None:
    assert 'href="/audit?lang=en"' in own_client.get("/?lang=en").text
    row = own_client.get("/v1/months").json()[0]
    page = own_client.get(f"/institutions/{row['institution']}/{row['month']}?lang=en").text
    assert f'href="/audit?institution={row["institution"]}&amp;lang=en"' in page


def test_the_local_administrator_is_named(ledger: SqlLedger, own_client: TestClient) -> None:
    ledger.audit(LOCAL, [Act(action="drop", kind="kept", id="messages", before={"messages": 3})])
    (row,) = own_client.get("/v1/audit", params={"limit": 1, "lang": "en"}).json()
    assert row["sentence"] == (
        "local administrator dropped of what was kept aside the messages: messages was 3"
    )
