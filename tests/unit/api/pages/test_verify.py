"""GET /verify: what was signed under a code, for whoever holds the paper."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest
from fastapi.testclient import TestClient

from config.texts import LANGUAGES
from domain.contracts.issued import Issued, Restated, code_of
from store.ledger.sql.ledger import SqlLedger
from store.readings.sqlite import SqliteReadingStore
from tests.statement_sample import DRAFT, JULY, JUNE

Sample = tuple[SqliteReadingStore, SqlLedger]


@pytest.fixture
def statement(own_sample: Sample) -> Issued:
    ledger = own_sample[1]
    place = ledger.registry().institutions[0].id
    ledger.issue_statement(replace(DRAFT, owners=(place,)), issued_by="Li")
    return ledger.sign_statement("retrofit", JUNE, 1, side="vendor", by="Cao")


def test_a_statement_is_shown_as_it_was_signed(statement: Issued, own_client: TestClient) -> None:
    page = own_client.get(f"/verify/{code_of(statement.digest)}?lang=en")
    assert page.status_code == 200
    for said in ("420.00 CNY", "Cao, ", "not signed yet", statement.digest, "It stands; nothing"):
        assert said in page.text, said
    chinese = own_client.get(f"/verify/{statement.digest}?lang=zh").text
    assert "此内容现行有效" in chinese and "尚未签署" in chinese


def test_what_came_after_it_is_told(
    statement: Issued, own_sample: Sample, own_client: TestClient
) -> None:
    place = statement.content["owners"][0]
    restated = Restated(JUNE, Decimal("420.00"), Decimal("400.50"))
    july = replace(DRAFT, owners=(place,), month=JULY, statement=None, restated=(restated,))
    own_sample[1].issue_statement(july, issued_by="Li")
    page = own_client.get(f"/verify/{code_of(statement.digest)}?lang=en").text
    assert "settled anew later: see statement 1 of 2025-07" in page and "It stands" not in page


def test_a_closed_month_is_found_by_the_code_on_its_report(
    own_sample: Sample, own_client: TestClient
) -> None:
    ledger = own_sample[1]
    closed = next(s for s in ledger.statuses() if s.state == "closed")
    page = own_client.get(f"/verify/{code_of(closed.digest)}?lang=en")
    assert page.status_code == 200
    assert str(closed.month) in page.text and closed.digest in page.text
    assert "It stands; nothing" in page.text


@pytest.mark.parametrize("lang", LANGUAGES)
def test_what_was_not_signed_here_is_told_so(own_client: TestClient, lang: str) -> None:
    unknown = own_client.get(f"/verify/{code_of('0' * 64)}?lang={lang}")
    no_code = own_client.get(f"/verify/abc?lang={lang}")
    assert (unknown.status_code, no_code.status_code) == (404, 404)
    assert ("compare each digit" if lang == "en" else "请核对每一位") in unknown.text
    assert ("four groups of five" if lang == "en" else "四组五位") in no_code.text
    script = own_client.get("/verify/%3Cscript%3E")
    assert "<script>" not in script.text


def test_a_code_is_typed_in_any_way(statement: Issued, own_client: TestClient) -> None:
    typed = f"  {code_of(statement.digest).upper().replace('-', ' ')} "
    sent = own_client.get("/verify", params={"code": typed, "lang": "zh"}, follow_redirects=False)
    assert sent.status_code == 303
    assert sent.headers["location"] == f"/verify/{code_of(statement.digest)}?lang=zh"
    assert own_client.get("/verify").status_code == 200
    assert "four groups" in own_client.get("/verify?code=12&lang=en").text


def test_it_needs_no_key(own_sample: Sample, serve_own: Callable[..., TestClient]) -> None:
    client = serve_own(api_key="a-key-for-the-test")
    assert client.get("/settlements").status_code == 401
    assert client.get("/verify").status_code == 200
    closed = next(s for s in own_sample[1].statuses() if s.state == "closed")
    assert client.get(f"/verify/{code_of(closed.digest)}").status_code == 200
