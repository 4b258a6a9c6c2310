"""GET /v1/months/{institution}/{month}/checks: what keeps a month open, and who let it go."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from fastapi.testclient import TestClient

from domain.calendar import Month
from domain.closing import Waiver
from domain.figures import Figure, MonthResult, Shares
from domain.findings import Finding
from tests.api_sample import CAMPUS, NOW

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
    waiver = Waiver(
        institution=CAMPUS, month=JUNE, code="incomplete", by="Li", reason="no power", at=NOW
    )
    ledger.waive([waiver])
    (row,) = client.get(f"{PATH}?lang=en").json()
    assert (row["waived_by"], row["waived_reason"]) == ("Li", "no power")
    ledger.save_result(replace(result, figures=(replace(figure, findings=()),)))
    assert client.get(PATH).json() == []
    assert client.get(f"/v1/months/{CAMPUS}/2031-01/checks").status_code == 404
