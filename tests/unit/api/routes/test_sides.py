"""Statements signed and refused over HTTP: each side for itself, by its own key."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from domain.keys import Holder, Key, Role, digest_of, new_key_text
from tests.api_sample import CAMPUS, HALL, NOW
from tests.statement_sample import DRAFT

PATH = "/v1/settlements/signatures?lang=en"


@pytest.fixture
def key_of(own_sample: Any) -> Callable[..., dict[str, str]]:
    _, ledger = own_sample
    statement = replace(DRAFT.statement, agreement="dy-saving")  # type: ignore[type-var]
    draft = replace(DRAFT, agreement="dy-saving", owners=(CAMPUS,), vendor="esco")
    ledger.issue_statement(replace(draft, statement=statement), issued_by="Li")

    def key(holder: str, person: str, role: Role = Role.SIGNER, **only: Any) -> dict[str, str]:
        text, prefix = new_key_text()
        if holder not in {h.id for h in ledger.holders()}:
            ledger.add_holder(Holder(holder, holder, NOW))
        ledger.issue_key(
            Key(
                prefix=prefix,
                digest=digest_of(text),
                holder=holder,
                role=role,
                person=person,
                issued_at=NOW - timedelta(days=1),
                **only,
            )
        )
        return {"X-API-Key": text}

    return key


def word(side: str, decision: str = "signed", **more: str) -> dict[str, str]:
    named = {"contract": "dy-saving", "month": "2025-06"}
    return {**named, "side": side, "decision": decision, **more}


def test_each_side_speaks_for_itself_alone(
    serve_own: Callable[..., TestClient], key_of: Callable[..., dict[str, str]]
) -> None:
    client = serve_own()
    owner = key_of("city", "Wang Fang", institutions=frozenset({CAMPUS}))
    vendor = key_of("esco", "Sun Li", institutions=frozenset({CAMPUS}))
    by_contract = key_of("other", "Cao", contracts=frozenset({"dy-saving"}))
    elsewhere = key_of("hall", "Qian", institutions=frozenset({HALL}))
    viewer = key_of("city", "Zhao", Role.VIEWER, institutions=frozenset({CAMPUS}))
    for key, side, code in (
        (owner, "vendor", "not_your_side"),
        (vendor, "owner", "not_your_side"),
        (owner, "verifier", "not_your_side"),
        (by_contract, "owner", "not_your_side"),
        (viewer, "owner", "may_not"),
    ):
        answer = client.post(PATH, json=word(side), headers=key)
        assert (answer.status_code, answer.json()["code"]) == (403, code), (side, answer.text)
    assert client.post(PATH, json=word("owner"), headers=elsewhere).status_code == 404
    refused = client.post(PATH, json=word("vendor", "refused"), headers=vendor)
    assert refused.status_code == 422 and "needs its reason" in refused.json()["detail"]
    reason = {"reason": "another price"}
    assert client.post(PATH, json=word("vendor", "refused", **reason), headers=vendor).is_success
    assert client.post(PATH, json=word("owner"), headers=owner).status_code == 201
    page = client.get("/settlements?lang=en", headers=vendor).text
    assert "Sun Li refuses: another price" in page and "For the owner: Wang Fang" in page
    assert 'data-side="vendor"' in page and 'data-side="owner"' not in page
    assert client.post(PATH, json=word("vendor"), headers=vendor).status_code == 201
    assert 'data-side="' not in client.get("/settlements?lang=en", headers=vendor).text
