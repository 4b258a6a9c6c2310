"""Forms that decide, by somebody who signed in: with the form's token they do, without they do not."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from fastapi.testclient import TestClient

from domain.calendar import Month
from domain.figures import Figure, MonthResult, Shares
from domain.keys import Holder, Role
from store.ledger.sql.ledger import SqlLedger
from tests.api_sample import CAMPUS, NOW
from tests.callers import by_session
from tests.statement_sample import DRAFT, JUNE

MAY = Month(2023, 5)


@pytest.fixture
def ledger(own_sample: Any) -> SqlLedger:
    ledger: SqlLedger = own_sample[1]
    ledger.add_holder(Holder("office", "Office", NOW))
    ledger.issue_statement(
        replace(
            DRAFT,
            agreement="dy-saving",
            owners=(CAMPUS,),
            vendor="esco",
            statement=replace(DRAFT.statement, agreement="dy-saving"),  # type: ignore[type-var]
        ),
        issued_by="Li",
    )
    return ledger


@pytest.fixture
def wang(ledger: SqlLedger) -> dict[str, str]:
    """An owner's administrator; the header that scripts would send is not one a form sends."""
    headers = by_session(ledger, holder="office", role=Role.ADMIN)
    del headers["X-CSRF-Token"]
    return headers


def _token(page: str, action: str) -> str:
    form = page[page.index(f'action="{action}') :]
    found = re.search(r'name="csrf" value="([^"]+)"', form)
    assert found is not None, form[:500]
    return found.group(1)


def test_a_statement_is_signed_from_its_page(
    serve_own: Callable[..., TestClient], ledger: SqlLedger, wang: dict[str, str]
) -> None:
    client = serve_own()
    page = client.get("/settlements?lang=en", headers=wang).text
    fields = {
        "contract": "dy-saving",
        "month": str(JUNE),
        "number": "1",
        "side": "owner",
        "decision": "signed",
    }
    post: Any = {"headers": wang, "follow_redirects": False}
    for wrong in ({}, {"csrf": ""}, {"csrf": "0" * 96}):
        refused = client.post("/settlements/sign", data=fields | wrong, **post)
        assert refused.status_code == 403, refused.text
    (one,) = ledger.statements()
    assert one.signatures == ()
    token = _token(page, "/settlements/sign")
    made = client.post("/settlements/sign", data=fields | {"csrf": token}, **post)
    assert made.status_code == 303, made.text
    (one,) = ledger.statements()
    assert [(s.side, s.by) for s in one.signatures] == [("owner", "Person of office")]


def test_a_month_is_closed_from_its_page(
    serve_own: Callable[..., TestClient], ledger: SqlLedger, wang: dict[str, str]
) -> None:
    figure = Figure(
        name="electricity_use_kwh", value=10.0, shares=Shares.full(), method="register/2"
    )
    ledger.save_result(MonthResult(institution=CAMPUS, month=MAY, figures=(figure,)))
    client = serve_own()
    path = f"/institutions/{CAMPUS}/{MAY}/close"
    page = client.get(f"{path}?lang=en", headers=wang).text
    digest = re.search(r'name="digest" value="([^"]+)"', page)
    assert digest is not None, page
    fields = {"digest": digest.group(1)}
    post: Any = {"headers": wang, "follow_redirects": False}
    assert client.post(path, data=fields, **post).status_code == 403
    (status,) = ledger.statuses(CAMPUS, MAY, MAY.plus(1))
    assert status.state == "open"
    made = client.post(path, data=fields | {"csrf": _token(page, path)}, **post)
    assert made.status_code == 303, made.text
    (status,) = ledger.statuses(CAMPUS, MAY, MAY.plus(1))
    assert (status.state, status.revision) == ("closed", 1)
    assert ledger.revisions(CAMPUS, MAY)[0].signed_by == "Person of office"
