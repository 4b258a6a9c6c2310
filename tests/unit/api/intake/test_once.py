"""Idempotency-Key: the same request is answered the same without work, another one refused."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from domain.calendar import to_ms
from domain.errors import StoreUnavailableError
from domain.keys import Holder, Key, Role, digest_of, new_key_text
from store.ledger.sql.ledger import SqlLedger
from tests.api_sample import CAMPUS, NOW
from tests.local_client import local_client

Serve = Callable[..., TestClient]
AT = to_ms(NOW) - 60_000
HEADER = "device,ts,quantity,value\n"
GOOD = HEADER + f"dy-main,{AT},energy_import_kwh,2000.5\n"
MIXED = GOOD + f"nobody,{AT},energy_import_kwh,1\n"
BAD = HEADER + f"nobody,{AT},energy_import_kwh,1\n"


def post(client: TestClient, body: str, key: str, query: str = "", **headers: str) -> Any:
    headers |= {"Content-Type": "text/csv", "Idempotency-Key": key}
    return client.post(f"/v1/readings?lang=en{query}", content=body, headers=headers)


@pytest.mark.parametrize(
    ("body", "query", "status"),
    [(GOOD, "", 200), (MIXED, "", 207), (BAD, "", 422), (MIXED, "&atomic=true", 422)],
)
def test_the_same_request_has_the_same_answer_without_work(
    serve_own: Serve, own_sample: Any, body: str, query: str, status: int
) -> None:
    store, ledger = own_sample
    first = post(serve_own(), body, "k-1", query)
    assert first.status_code == status, first.text
    aside = ledger.aside()
    # Another process, later.
    app = create_app(store=store, ledger=ledger, now=lambda: NOW + timedelta(days=6))
    again = post(local_client(app), body, "k-1", query)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert again.headers["Content-Type"] == first.headers["Content-Type"]
    assert ledger.aside() == aside


@pytest.mark.parametrize(("body", "query"), [(MIXED, ""), (GOOD, "&tz=Asia/Shanghai")])
def test_another_request_under_the_same_key_is_refused(
    serve_own: Serve, own_sample: Any, body: str, query: str
) -> None:
    client = serve_own()
    assert post(client, GOOD, "k").status_code == 200
    aside = own_sample[1].aside()
    refused = post(client, body, "k", query)
    assert (refused.status_code, refused.json()["code"]) == (409, "idempotency_key_used")
    assert own_sample[1].aside() == aside
    assert post(client, body, "other", query).status_code in (200, 207)


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 256, "é"])
def test_a_key_that_is_none_is_refused(serve_own: Serve, key: str) -> None:
    answer = serve_own().post(
        "/v1/readings",
        content=GOOD,
        headers=[(b"content-type", b"text/csv"), (b"idempotency-key", key.encode("latin-1"))],
    )
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_idempotency_key")


def test_trying_leaves_nothing_to_remember(serve_own: Serve) -> None:
    client = serve_own()
    assert post(client, GOOD, "k", "&dry_run=true").json()["stored"] == 1
    assert post(client, GOOD, "k").json()["stored"] == 1


def test_what_failed_on_our_side_is_done_again(
    serve_own: Serve, own_sample: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, _ = own_sample
    client = serve_own()
    with monkeypatch.context() as broken:

        def away(_: object) -> None:
            raise StoreUnavailableError("away")

        broken.setattr(store, "write_runs", away)
        assert post(client, GOOD, "k").status_code == 503
    assert post(client, GOOD, "k").json()["stored"] == 1
    assert post(client, GOOD, "k").json()["stored"] == 1  # as it was answered


def test_each_sender_has_keys_of_its_own(serve_own: Serve, own_sample: Any) -> None:
    ledger: SqlLedger = own_sample[1]
    texts = []
    for holder in ("esco", "mill"):
        ledger.add_holder(Holder(holder, holder, NOW))
        text, prefix = new_key_text()
        texts.append(text)
        key = Key(
            prefix=prefix,
            digest=digest_of(text),
            holder=holder,
            role=Role.VENDOR,
            institutions=frozenset({CAMPUS}),
            issued_at=NOW - timedelta(days=1),
        )
        ledger.issue_key(key)
    client = serve_own(api_key="installation")
    assert post(client, GOOD, "k", **{"X-API-Key": texts[0]}).status_code == 200
    assert post(client, MIXED, "k", **{"X-API-Key": texts[1]}).status_code == 207
    assert post(client, MIXED, "k", **{"X-API-Key": texts[0]}).status_code == 409
