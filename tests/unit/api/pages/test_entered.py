"""Forms of what people enter, by somebody who signed in: with the form's token they work, without it
nothing is changed."""

import re
from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import Any

import pytest
from fastapi.testclient import TestClient

from domain.keys import Holder, Role
from tests.api_sample import CAMPUS, FIRST_AT, HALL, NOW
from tests.callers import by_session

CONTENT = "会议纪要：新增机房".encode()
PROPOSAL = {
    "contract": "dy-saving",
    "start": "2024-03-01",
    "end": "2024-04-01",
    "amount": "3100",
    "amount_as": "total_kwh",
    "reason": "新增机房",
}
AT = f"{FIRST_AT:%Y-%m-%dT%H:%M:%SZ}"
CORRECTION = {
    "device.2": "dy-main",
    "quantity.2": "energy_import_kwh",
    "at.2": AT,
    "value.2": "1003.5",
    "reason.2": "photo",
}
Sample = Any


class Person:
    """Somebody signed in, who asks as a browser does: the token comes from the page's form."""

    def __init__(self, client: TestClient, ledger: Any, login: str, role: Role) -> None:
        ledger.add_holder(Holder(login, login, NOW))
        carried = by_session(ledger, holder=login, role=role, institutions=frozenset({CAMPUS}))
        self._headers = {k: v for k, v in carried.items() if k != "X-CSRF-Token"}
        self._client = client

    def page(self, path: str) -> str:
        answer = self._client.get(path, params={"lang": "en"}, headers=self._headers)
        assert answer.status_code == 200, answer.text
        return answer.text

    def send(
        self, path: str, fields: dict[str, str], *, seen_on: str = "", **more: Any
    ) -> tuple[int, str]:
        """The status and the page; with the token where the page that holds the form is named."""
        found = re.findall(r'name="csrf" value="([^"]+)"', self.page(seen_on)) if seen_on else []
        token = {"csrf": found[0]} if found else {}
        answer = self._client.post(
            path,
            data=fields | token,
            headers=self._headers,
            params={"lang": "en"},
            follow_redirects=False,
            **more,
        )
        return answer.status_code, answer.text


@pytest.fixture
def person(serve_own: Callable[..., TestClient], own_sample: Sample) -> Iterator[Any]:
    client = serve_own(api_key="installation")
    yield lambda login, role: Person(client, own_sample[1], login, role)


def test_an_adjustment_is_proposed_with_its_file_and_approved_by_somebody_else(
    person: Callable[..., Person], own_sample: Sample
) -> None:
    _, ledger = own_sample
    fang, wei = person("fang", Role.ADMIN), person("wei", Role.SIGNER)
    file = {"file": ("纪要 3.pdf", CONTENT)}
    assert fang.send("/adjustments", PROPOSAL, files=file)[0] == 403
    assert ledger.adjustments() == []
    status, told = fang.send("/adjustments", PROPOSAL, seen_on="/adjustments")
    assert status == 422 and "evidence" in told and ledger.adjustments() == []
    status, told = fang.send("/adjustments", PROPOSAL, seen_on="/adjustments", files=file)
    assert status == 303, told
    (entered,) = ledger.adjustments()
    assert (entered.author, entered.status) == ("Person of fang", "waiting")
    assert entered.evidence_sha256 == sha256(CONTENT).hexdigest()
    assert ledger.evidence(entered.evidence_sha256) == CONTENT

    at = f"/adjustments/{entered.number}/decisions"
    own = fang.page("/adjustments")
    assert "somebody else approves it" in own and 'value="approved"' not in own
    status, told = fang.send(at, {"decision": "approved"}, seen_on="/adjustments")
    assert status == 422 and "cannot approve" in told
    seen = wei.page("/adjustments")
    assert "adds 3100.0 / 31 kWh a day to what contract dy-saving would have used" in seen
    assert "from 2024-03-01 until 2024-04-01 (excluded); refusing changes nothing." in seen
    assert entered.evidence_sha256 in seen
    status, told = wei.send(at, {"decision": "approved", "by": "Li"}, seen_on="/adjustments")
    assert status == 403 and "Person of wei" in told
    assert wei.send(at, {"decision": "approved"})[0] == 403
    assert ledger.adjustments()[0].status == "waiting"
    assert wei.send(at, {"decision": "approved"}, seen_on="/adjustments")[0] == 303
    assert ledger.adjustments()[0].approver == "Person of wei"
    status, told = wei.send(at, {"decision": "withdrawn"}, seen_on="/adjustments")
    assert status == 422 and "needs its reason" in told
    more = {"decision": "withdrawn", "reason": "twice"}
    assert wei.send(at, more, seen_on="/adjustments")[0] == 303
    assert ledger.adjustments()[0].status == "withdrawn"
    assert 'data-decide="' not in wei.page("/adjustments")


def test_readings_are_corrected_all_or_none(
    person: Callable[..., Person], own_sample: Sample
) -> None:
    _, ledger = own_sample
    before = len(ledger.corrections())
    fang, viewer = person("fang", Role.ADMIN), person("zhao", Role.VIEWER)
    assert fang.send("/corrections", CORRECTION)[0] == 403
    wrong = {"device.1": "b7-elec", "value.1": "1,5", "at.1": AT, "quantity.1": "energy_import_kwh"}
    for bad in ({}, wrong | CORRECTION, CORRECTION | {"leave_out.2": "1"}):
        assert fang.send("/corrections", bad, seen_on="/corrections")[0] == 422
    told = fang.send("/corrections", wrong | CORRECTION, seen_on="/corrections")[1]
    assert "1: b7-elec energy_import_kwh:" in told and 'value="1003.5"' in told
    assert len(ledger.corrections()) == before
    status, told = fang.send("/corrections", CORRECTION, seen_on="/corrections")
    assert status == 303, told
    entered = ledger.corrections()[-1]
    assert (entered.value, entered.author) == (1003.5, "Person of fang")
    assert len(ledger.corrections()) == before + 1
    page = viewer.page("/corrections")
    assert "photo" in page and "1003.5 kWh" in page and 'method="post"' not in page


@pytest.mark.parametrize(
    "path", ["/adjustments", "/settlements", f"/institutions/{HALL}/2024-02/close"]
)
def test_where_nobody_may_do_more_than_look_the_page_says_why(
    serve_own: Callable[..., TestClient], path: str
) -> None:
    assert "data-locked" in serve_own().get(path).text
    key = {"X-API-Key": "installation"}
    assert "data-locked" not in serve_own(api_key="installation").get(path, headers=key).text
