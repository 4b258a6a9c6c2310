"""GET /v1/settlements and its lines: statements as they were issued."""

from dataclasses import replace
from decimal import Decimal
from io import BytesIO

import pytest
from fastapi.testclient import TestClient
from python_calamine import CalamineWorkbook

from domain.contracts.issued import Restated
from domain.contracts.statement import FigureRef
from domain.findings import Finding
from store.ledger.sql.ledger import SqlLedger
from store.readings.sqlite import SqliteReadingStore
from tests.statement_sample import DRAFT, JULY, JUNE, SAVING, STATEMENT
from tests.unit.reports.test_render import pdf_text

Sample = tuple[SqliteReadingStore, SqlLedger]


@pytest.fixture
def place(own_sample: Sample) -> str:
    """June of a contract at the first institution, and July that restates it."""
    ledger = own_sample[1]
    place = ledger.registry().institutions[0].id
    rests_on = (FigureRef(place, JUNE, 1, "ab", "avoided_energy_kwh", "retrofit/electricity"),)
    saving = replace(SAVING, rests_on=rests_on)
    told = Finding("settlement_waits", numbers={"contract": "retrofit", "carrier": "electricity"})
    statement = replace(
        STATEMENT,
        lines=(saving,),
        waiting=(replace(saving, amount_cny=Decimal("10.00")),),
        findings=(told,),
    )
    june = replace(DRAFT, owners=(place,), statement=statement)
    restated = Restated(JUNE, Decimal("420.00"), Decimal("400.50"))
    own = replace(statement, month=JULY, waiting=(), findings=())
    ledger.issue_statement(june, issued_by="Li")
    ledger.issue_statement(
        replace(june, month=JULY, statement=own, restated=(restated,)), issued_by="Li"
    )
    ledger.sign_statement("retrofit", JUNE, 1, side="vendor", by="Cao")
    return place


def test_a_row_a_statement(place: str, own_client: TestClient) -> None:
    june, july = own_client.get("/v1/settlements").json()
    assert (june["payable_cny"], june["waiting_cny"], june["restated_cny"]) == (420.0, 10.0, 0.0)
    assert (june["institutions"], june["signed_by_vendor"], june["signed_by_owner"]) == (
        place,
        "Cao",
        "",
    )
    assert june["findings"] == "settlement_waits"
    assert (july["amount_cny"], july["restated_cny"], july["payable_cny"]) == (420.0, -19.5, 400.5)


def test_the_lines_sum_to_what_is_payable(place: str, own_client: TestClient) -> None:
    lines = own_client.get("/v1/settlements/lines?month=2025-07&lang=en").json()
    assert [(li["kind_text"], li["amount_cny"], li["of_month"]) for li in lines] == [
        ("Saving", 420.0, ""),
        ("Taken back, settled before", -420.0, "2025-06"),
        ("Settled anew", 400.5, "2025-06"),
    ]
    assert sum(li["amount_cny"] for li in lines) == 400.5
    first = lines[0]
    assert first["quantity"] * first["price_cny"] * first["share"] == pytest.approx(420.0)
    assert first["rests_on"] == f"{place} 2025-06 r1 avoided_energy_kwh retrofit/electricity"
    chinese = own_client.get("/v1/settlements/lines?month=2025-06&lang=zh").json()
    assert chinese[0]["kind_text"] == "节能效益"


def test_only_what_is_asked_for(place: str, own_client: TestClient) -> None:
    others = own_client.get("/v1/institutions").json()
    other = next(i["id"] for i in others if i["id"] != place)
    assert own_client.get("/v1/settlements", params={"institution": other}).json() == []
    assert own_client.get("/v1/settlements?contract=other").json() == []
    assert len(own_client.get("/v1/settlements?contract=retrofit&month=2025-06").json()) == 1
    assert own_client.get("/v1/settlements?month=2025-13").status_code == 422
    table = own_client.get("/v1/settlements/lines?format=csv")
    assert table.status_code == 200 and "420.0" in table.text


def test_a_statement_as_a_workbook(place: str, own_client: TestClient) -> None:
    asked = "/v1/settlements/workbook?contract=retrofit&month=2025-07"
    made = own_client.get(asked)
    assert made.status_code == 200
    rows = CalamineWorkbook.from_filelike(BytesIO(made.content)).get_sheet_by_index(0).to_python()
    assert 400.5 in [row[9] for row in rows]
    missing = own_client.get(f"{asked}&number=2&lang=en")
    assert missing.status_code == 404
    assert "no statement 2 of retrofit 2025-07" in missing.json()["detail"]


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("en", ("Taken back, settled before", "Settled anew", "For the vendor: Cao", "To pay")),
        ("zh", ("冲回此前结算", "按现行数据重新结算", "节能服务公司签署：Cao", "应付合计")),
    ],
)
def test_the_page_shows_the_lines_and_who_signed(
    place: str, own_client: TestClient, lang: str, words: tuple[str, ...]
) -> None:
    page = own_client.get(f"/settlements?lang={lang}&contract=retrofit").text
    assert all(word in page for word in words)
    assert page.index("<strong>400.50</strong>") < page.index("<strong>420.00</strong>")
    assert "/v1/settlements/workbook?contract=retrofit&amp;month=2025-06" in page
    none = own_client.get(f"/settlements?lang={lang}&contract=other").text
    assert "civicmeter statement issue" in none


def test_a_statement_as_paper(place: str, own_client: TestClient) -> None:
    asked = "/v1/settlements/paper?contract=retrofit&month=2025-06&lang="
    made = {lang: own_client.get(asked + lang) for lang in ("zh", "en")}
    for lang, answer in made.items():
        assert answer.status_code == 200 and answer.content[:5] == b"%PDF-", answer.text
        assert answer.headers["content-disposition"].endswith(f'"statement_2025-06_1_{lang}.pdf"')
    assert made["zh"].content != made["en"].content
    digest = own_client.get("/v1/settlements?month=2025-06").json()[0]["digest"]
    assert digest in pdf_text(made["en"].content)
    for wrong in ("contract=other&month=2025-06", "contract=retrofit&month=2025-06&number=2"):
        assert own_client.get(f"/v1/settlements/paper?{wrong}").status_code == 404
