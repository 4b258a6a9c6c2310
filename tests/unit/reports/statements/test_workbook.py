"""A statement's workbook: its formulas come to the payment, in both languages."""

import re
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from io import BytesIO

import pytest
from python_calamine import CalamineWorkbook

from config.texts import LANGUAGES, Language
from domain.calendar import Month
from domain.contracts.issued import Issued, Restated, Signature, digest_of
from domain.contracts.statement import Line
from domain.findings import Finding
from reports.statements.workbook import statement_xlsx
from tests.statement_sample import DRAFT as ISSUED
from tests.statement_sample import JUNE, SAVING, STATEMENT

OWN = replace(
    SAVING,
    amount_cny=Decimal("771.57"),
    quantity=Decimal("1102.247"),
    price_cny=Decimal("1.40"),
    share=Decimal("0.5"),
)
TOLD = Finding("settlement_waits", numbers={"contract": "retrofit", "carrier": "electricity"})
DRAFT = replace(
    ISSUED,
    agreement="=retrofit",
    statement=replace(
        STATEMENT,
        agreement="=retrofit",
        lines=(OWN, Line(kind="carried_in", amount_cny=Decimal("-71.57"))),
        waiting=(replace(OWN, amount_cny=Decimal("5.00")),),
        findings=(TOLD,),
    ),
    restated=(Restated(Month(2025, 5), Decimal("100.00"), Decimal("90.50")),),
)


def _issued() -> Issued:
    at, body = datetime(2025, 7, 3, tzinfo=UTC), DRAFT.body()
    return Issued(
        agreement="=retrofit",
        month=JUNE,
        number=1,
        body=body,
        digest=digest_of(body),
        code_version="test",
        issued_by="Li",
        issued_at=at,
        signatures=(Signature("owner", "王芳", at, digest_of(body)),),
    )


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_formulas_come_to_the_payment(lang: Language) -> None:
    made = statement_xlsx(_issued(), lang)
    rows = CalamineWorkbook.from_filelike(BytesIO(made)).get_sheet_by_index(0).to_python()
    xml = zipfile.ZipFile(BytesIO(made)).read("xl/worksheets/sheet1.xml").decode()
    formulas = dict(re.findall(r'<c r="J(\d+)"[^>]*><f>([^<]*)</f>', xml))
    assert formulas == {"4": "ROUND(E4*G4*I4,2)", "8": "SUM(J4:J7)"}
    quantity, price, share = (Decimal(str(rows[3][c])) for c in (4, 6, 8))
    own = (quantity * price * share).quantize(Decimal("0.01"), ROUND_HALF_UP)
    amounts = [own, *(Decimal(str(rows[r][9])) for r in (4, 5, 6))]
    assert sum(amounts) == Decimal(str(rows[7][9])) == DRAFT.payable_cny == Decimal("690.50")


def test_what_is_told_stands_below_in_the_readers_language() -> None:
    for lang, words in (
        ("en", ("is not proven", "For the owner: 王芳", "For the vendor: not signed yet")),
        ("zh", ("尚未验证", "用能单位签署：王芳", "节能服务公司签署：尚未签署")),
    ):
        made = statement_xlsx(_issued(), lang)  # type: ignore[arg-type]
        rows = CalamineWorkbook.from_filelike(BytesIO(made)).get_sheet_by_index(0).to_python()
        told = "\n".join(str(r[0]) for r in rows)
        assert all(w in told for w in words), told
        assert _issued().digest in told


def test_equal_statements_make_equal_files_and_no_text_is_a_formula() -> None:
    assert statement_xlsx(_issued(), "zh") == statement_xlsx(_issued(), "zh")
    rows = CalamineWorkbook.from_filelike(BytesIO(statement_xlsx(_issued(), "en")))
    assert str(rows.get_sheet_by_index(0).to_python()[0][0]).startswith("Statement of =retrofit")
