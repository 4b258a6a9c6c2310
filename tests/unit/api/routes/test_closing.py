"""GET /v1/months/{institution}/{month}/checks: what keeps a month open, and who let it go."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from config.closing import check_rules_on
from domain.calendar import Month, to_ms
from domain.closing import Waiver
from domain.closing.checks import checks_of
from domain.corrections import Correction
from domain.figures import Figure, MonthResult, Shares
from domain.findings import Finding
from tests.api_sample import CAMPUS, NOW
from tests.local_client import local_client

JUNE = Month(2026, 6)
PATH = f"/v1/months/{CAMPUS}/{JUNE}/checks"


def test_what_blocks_is_told_with_what_to_do_and_who_waived_it(
    serve_own: Callable[..., TestClient], own_sample: Any
) -> None:
    client, (_, ledger) = serve_own(), own_sample
    gap = Finding("total_incomplete", "warning", "", {"missing_pct": 20.0})
    figure = Figure(
        name="electricity_use_kwh",
        value=10.0,
        shares=Shares.known(0.8),
        method="test/1",
        findings=(gap,),
    )
    result = MonthResult(institution=CAMPUS, month=JUNE, figures=(figure,))
    ledger.save_result(result)
    (row,) = client.get(f"{PATH}?lang=en").json()
    assert (row["code"], row["blocks"], row["waived_by"]) == ("incomplete", True, "")
    assert "20.0% of its time has no data, at most 5% may" in row["sentence"] and row["todo"]
    assert "没有数据" in client.get(f"{PATH}?lang=zh").json()[0]["sentence"]
    (check,) = checks_of(result, check_rules_on(JUNE.first_day))
    waiver = Waiver(
        institution=CAMPUS,
        month=JUNE,
        code="incomplete",
        fact=check.fact,
        by="Li",
        reason="no power",
        at=NOW,
    )
    ledger.waive([waiver])
    (row,) = client.get(f"{PATH}?lang=en").json()
    assert (row["waived_by"], row["waived_reason"]) == ("Li", "no power")
    ledger.save_result(replace(result, figures=(replace(figure, findings=()),)))
    assert client.get(PATH).json() == []
    assert client.get(f"/v1/months/{CAMPUS}/2031-01/checks").status_code == 404


KEY = {"X-API-Key": "installation"}


def _month(kwh: float, *findings: Finding, known: float = 1.0) -> MonthResult:
    figure = Figure(
        name="electricity_use_kwh",
        value=kwh,
        shares=Shares.known(known),
        method="test/1",
        findings=findings,
    )
    return MonthResult(institution=CAMPUS, month=JUNE, figures=(figure,))


GAP = Finding("total_incomplete", "warning", "", {"missing_pct": 20.0})
CLOSE = f"/v1/institutions/{CAMPUS}/months/{JUNE}/close?lang=en"
RESTATE = f"/v1/institutions/{CAMPUS}/months/{JUNE}/restatement?lang=en"
DIFF = f"/v1/months/{CAMPUS}/{JUNE}/diff"


@pytest.fixture
def later(own_sample: Any) -> Iterator[TestClient]:
    """In July: June is over."""
    store, ledger = own_sample
    now = datetime(2026, 7, 9, tzinfo=UTC)
    app = create_app(store=store, ledger=ledger, api_key="installation", now=lambda: now)
    with local_client(app, headers=KEY) as client:
        yield client


def test_a_month_is_closed_once_what_is_in_the_way_is_waived(
    later: TestClient, own_sample: Any
) -> None:
    _, ledger = own_sample
    ledger.save_result(_month(10.0, GAP, known=0.8))
    refused = later.post(CLOSE, json={"by": "Li Wei"})
    assert refused.status_code == 409 and refused.json()["why"] == "not_passed"
    assert [c["code"] for c in refused.json()["checks"]] == ["incomplete"]
    assert later.post(CLOSE, json={"waive": {"incomplete": "x"}}).json()["code"] == "name_needed"
    other = {"by": "Li Wei", "digest": "0" * 64, "waive": {"incomplete": "x"}}
    assert later.post(CLOSE, json=other).json()["why"] == "changed"
    assert ledger.waivers() == []
    body = {"by": "Li Wei", "waive": {"incomplete": "no power for two days"}}
    row = later.post(CLOSE, json=body).json()
    assert (row["decision"], row["revision"], row["signed_by"]) == ("closed", 1, "Li Wei")
    (waiver,) = ledger.waivers()
    assert (waiver.by, waiver.reason) == ("Li Wei", "no power for two days")
    assert later.post(CLOSE, json=body).json()["why"] == "unchanged"
    assert ledger.verify_audit().broken == ()


def test_a_restatement_is_told_and_approved_or_refused_by_name(
    later: TestClient, own_sample: Any
) -> None:
    _, ledger = own_sample
    ledger.save_result(_month(10.0))
    assert later.post(CLOSE, json={"by": "Li Wei"}).status_code == 200
    assert later.get(DIFF).json() == []
    assert (
        later.post(RESTATE, json={"decision": "refused", "by": "Li", "reason": "x"}).json()["why"]
        == "nothing_waits"
    )
    ledger.save_result(_month(11.0))
    (row,) = later.get(f"{DIFF}?lang=en").json()
    assert (row["standing_value"], row["pending_value"], row["change"]) == (10.0, 11.0, 1.0)
    assert later.post(CLOSE, json={"by": "Li Wei"}).json()["why"] == "waits"
    no_reason = {"decision": "approved", "by": "Li Wei"}
    assert later.post(RESTATE, json=no_reason).json()["why"] == "unexplained"
    refusal = {"decision": "refused", "by": "Li Wei", "reason": "the meter was being tested"}
    assert later.post(RESTATE, json=refusal).json()["revision"] == 1
    assert ledger.save_result(_month(11.0)) == "closed"
    (kept,) = ledger.refusals(CAMPUS, JUNE)
    assert kept.changes == '[["electricity_use_kwh", "", 10.0, 11.0]]'
    ledger.save_result(_month(12.0, GAP, known=0.8))
    approval = {"decision": "approved", "by": "Li Wei", "reason": "late readings"}
    assert later.post(RESTATE, json=approval).json()["why"] == "not_passed", "a new gap"
    waived = approval | {"waive": {"incomplete": "no power"}}
    assert later.post(RESTATE, json=waived).json()["revision"] == 2


def test_who_entered_what_came_later_does_not_approve_it(
    later: TestClient, own_sample: Any
) -> None:
    _, ledger = own_sample
    ledger.save_result(_month(10.0))
    later.post(CLOSE, json={"by": "Li Wei"})
    one = Correction(
        device="dy-main",
        quantity="energy_import_kwh",
        at_ms=to_ms(datetime(2026, 6, 9, tzinfo=UTC)),
        value=1.0,
        author="Wang",
        reason="misread",
        entered_at=datetime.now(UTC) + timedelta(days=1),
    )
    ledger.enter_corrections([one], [])
    ledger.save_result(_month(11.0))
    (row,) = later.get(f"{DIFF}?lang=en").json()
    assert row["causes"] == "correction"
    body = {"decision": "approved", "by": "WANG", "reason": "mine"}
    assert later.post(RESTATE, json=body).json()["why"] == "own_entry"
    assert later.post(RESTATE, json=body | {"by": "Li Wei"}).json()["revision"] == 2
