"""/contracts/try: other terms on known months, as a page and a workbook; nothing is kept."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from python_calamine import CalamineWorkbook

from civicmeter.wiring.pipeline import Pipeline, open_pipeline
from civicmeter.wiring.serving import app_of
from config.settings import Settings
from domain.registry import Registry
from tests.local_client import local_client
from tests.unit.civicmeter.commands.test_contract import (
    CONTRACT,
    FEBRUARY,
    JANUARY,
    PLACE,
    TRIED,
    _result,
)

FIELDS = {"contract": "retrofit", "until": "2025-02", "terms": TRIED}


@pytest.fixture
def pipeline(tmp_path: Path) -> Iterator[Pipeline]:
    with open_pipeline(Settings(data=tmp_path / "data")) as opened:
        opened.save_registry(Registry((PLACE,), (), (), (CONTRACT,)))
        for month, kwh in ((JANUARY, 4_000.0), (FEBRUARY, 2_000.0)):
            opened.ledger.save_result(_result(month, kwh))
        opened.ledger.close("hall", JANUARY, signed_by="Li")
        yield opened


@pytest.fixture
def client(pipeline: Pipeline) -> Iterator[TestClient]:
    with local_client(app_of(pipeline)) as made:
        yield made


def test_the_page_tells_months_percentiles_and_what_is_open(client: TestClient) -> None:
    assert "vendor_share" in client.get("/contracts/try?lang=en").text
    page = client.post("/contracts/try?lang=en", data=FIELDS)
    assert page.status_code == 200
    for said in ("1,600.00", "800.00", "2,400.00", "not closed", "P10", "P90"):
        assert said in page.text, said
    assert "name = &#34;vendor_share&#34;" in page.text, "what was written stays"
    chinese = client.post("/contracts/try?lang=zh", data=FIELDS).text
    assert "试算拟议条款" in chinese and "未关账" in chinese


def test_it_is_had_as_a_workbook(client: TestClient) -> None:
    answer = client.post("/contracts/try?lang=en", data={**FIELDS, "as": "xlsx"})
    assert answer.headers["content-disposition"].endswith('"trial_2025-02_en.xlsx"')
    book = CalamineWorkbook.from_filelike(io.BytesIO(answer.content))
    rows = {r[0]: r[1] for r in book.get_sheet_by_name("Sums").to_python()}
    assert rows["Sum at the estimates"] == 2400


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"terms": "form = ["}, "these are no terms"),
        ({"terms": "term = 3"}, "these are no terms"),
        ({"terms": 'form = "shared"'}, "there are no terms"),
        ({"terms": TRIED.replace('"shared"', '"other"')}, "it is one of shared, guaranteed"),
        ({"terms": TRIED.replace("0.5", "1.5")}, "vendor_share"),
        ({"until": "2024-12"}, "ask for a later month"),
    ],
)
def test_what_cannot_be_settled_is_told_above_the_form(
    client: TestClient, changed: dict[str, str], said: str
) -> None:
    page = client.post("/contracts/try?lang=en", data=FIELDS | changed)
    assert page.status_code == 422 and said in page.text, page.text


def test_a_month_that_is_none_and_a_contract_nobody_has(client: TestClient) -> None:
    assert client.post("/contracts/try", data=FIELDS | {"until": "soon"}).status_code == 422
    assert client.post("/contracts/try", data=FIELDS | {"contract": "x"}).status_code == 404


def test_nothing_is_kept(client: TestClient, pipeline: Pipeline) -> None:
    before = (pipeline.ledger.statements(), pipeline.ledger.registry())
    client.post("/contracts/try", data=FIELDS)
    assert (pipeline.ledger.statements(), pipeline.ledger.registry()) == before
