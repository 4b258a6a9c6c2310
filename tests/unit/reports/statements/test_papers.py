"""A statement as PDF: what it says in both languages, and what it rests on, as signed."""

import io
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from python_calamine import CalamineWorkbook

from config.texts import LANGUAGES, Language, texts
from domain.contracts.issued import Draft, Issued, RestsOn, Signature, code_of, digest_of
from domain.contracts.statement import FigureRef
from domain.contracts.written import TERMS
from domain.figures import FactorUse, Figure, MonthResult, Shares
from domain.places import Contract, Institution, Term
from domain.registry import Registry
from reports.statements.document import Known, StatementDocument, build_statement
from reports.statements.evidence import evidence_of
from reports.statements.papers import Paper, known_of, paper_file
from reports.statements.workbook import statement_xlsx
from tests.statement_sample import DRAFT as SAMPLE
from tests.statement_sample import JUNE, SAVING, STATEMENT
from tests.unit.reports.test_render import pdf_text

SUBJECT = "retrofit/electricity"
DIGEST = "ab" * 32
FACTOR = FactorUse("coal.electricity", 0.1229, "kgce/kWh", "GB/T 2589-2020", date(2020, 1, 1))
REF = FigureRef("hall", JUNE, 2, DIGEST, "avoided_energy_kwh", SUBJECT)
DRAFT: Draft = replace(
    SAMPLE,
    statement=replace(STATEMENT, lines=(replace(SAVING, rests_on=(REF,)),)),
    rests_on=(RestsOn("hall", JUNE, 2, DIGEST),),
    terms=(Term("vendor_share", "0.6", "1"), Term("negative_months", "carry_forward")),
)
RESULT = MonthResult(
    institution="hall",
    month=JUNE,
    figures=(
        Figure(name="counterfactual_kwh", value=5000.0, shares=Shares.known(1.0), method="m/1",
               subject=SUBJECT),
        Figure(name="observed_kwh", value=4000.0, shares=Shares.known(1.0), method="register/2",
               subject=SUBJECT),
        Figure(name="avoided_energy_kwh", value=1000.0, low=400.0, high=1600.0, confidence=0.9,
               verdict="proven", shares=Shares.known(0.97), method="m/1", subject=SUBJECT,
               factors=(FACTOR,)),
    ),
    models=("cafe" * 16,),
)  # fmt: skip
WHERE = ("hall", JUNE, 2)


def issued(draft: Draft = DRAFT, *sides: str) -> Issued:
    at, body = datetime(2025, 7, 3, tzinfo=UTC), draft.body()
    names = {"owner": "王芳", "vendor": "Cao"}
    return Issued(
        agreement="retrofit",
        month=JUNE,
        number=1,
        body=body,
        digest=digest_of(body),
        code_version="test",
        issued_by="Li",
        issued_at=at,
        signatures=tuple(Signature(s, names[s], at, digest_of(body)) for s in sides),  # type: ignore[arg-type]
    )


def document(lang: Language, *sides: str) -> StatementDocument:
    one = issued(DRAFT, *sides)
    known = Known({"hall": "Town hall", "retrofit": "Lighting"})
    return build_statement(one, evidence_of(one, {WHERE: RESULT}), lang, known, ["hall 2025-06"])


def test_each_line_names_the_figures_it_rests_on() -> None:
    made = document("en")
    labels = [(e.number, e.label, e.value, e.month) for e in made.evidence]
    assert [n for n, *_ in labels] == [1, 2, 3]
    assert made.evidence[0].value == "5,000 kWh" and made.evidence[1].value == "4,000 kWh"
    saving = made.evidence[2]
    assert saving.value.endswith("1,000 kWh") and saving.interval == "400 to 1,600 (90%)"
    assert saving.shares_text == "97 / 0 / 3" and saving.method == "m/1"
    assert saving.models == "cafecafecafe" and saving.factors == "F1"
    assert made.factors[0].source == "GB/T 2589-2020"
    assert [line.evidence for line in made.lines] == ["[3]"]
    assert saving.subject == "Town hall · Lighting · electricity" and saving.month == "2025-06 r2"


def test_a_revision_that_is_gone_is_said_to_be() -> None:
    one = issued()
    (only,) = evidence_of(one, {})
    assert only.figure is None
    made = build_statement(one, [only], "en", Known())
    assert made.evidence[0].value == "this revision is not in the ledger"
    assert made.evidence[0].shares == (0.0, 0.0, 1.0)


def test_what_waits_and_who_signed_stand_on_it() -> None:
    assert not document("en").is_signed and not document("en", "owner").is_signed
    both = document("zh", "owner", "vendor")
    assert both.is_signed and both.status == "双方已签署"
    assert [s[:2] for s in both.signatures] == [("用能单位", "王芳"), ("节能服务公司", "Cao")]
    assert any("hall 2025-06" in told for told in both.told)
    assert both.terms == [
        ("节能服务公司分享比例", "1", "0.6", "合同开始"),
        ("负值月份", "", "由以后月份抵扣", "合同开始"),
    ]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_pdf_says_it_all_and_is_the_same_each_time(lang: Language) -> None:
    one = issued(DRAFT, "owner")
    evidence = tuple(evidence_of(one, {WHERE: RESULT}))
    paper = Paper(one, evidence, Known({"hall": "龘市政府"}), (), lang, "pdf")
    made = paper_file(paper)
    assert made.content == paper_file(paper).content
    assert made.name == f"statement_2025-06_1_{lang}.pdf" and not made.missing
    said = pdf_text(made.content)
    for word in ("420.00", "王芳", code_of(one.digest), one.digest, "GB/T 2589-2020"):
        assert word in said, (word, said)
    assert ("Avoided energy" if lang == "en" else "节能量") in said


def test_the_workbook_has_the_evidence_as_numbers() -> None:
    one = issued()
    made = statement_xlsx(one, "en", evidence_of(one, {WHERE: RESULT}))
    book = CalamineWorkbook.from_filelike(io.BytesIO(made))
    assert len(book.sheet_names) == 2
    head, *rows = book.get_sheet_by_index(1).to_python()
    row = dict(zip(head, rows[2], strict=True))
    assert (row["Value"], row["Lower bound"], row["Upper bound"]) == (1000.0, 400.0, 1600.0)
    assert row["Missing"] == pytest.approx(0.03) and row["Revision"] == 2
    assert row["Factors"] == "coal.electricity = 0.1229 kgce/kWh (from 2020-01-01)"
    assert row["Digest of the month (SHA-256)"] == DIGEST


def test_names_come_from_the_registry_of_today() -> None:
    hall = Institution("hall", "市政府", "Town hall", timezone="Asia/Urumqi")
    day = date(2025, 1, 1)
    contract = Contract("retrofit", "hall", "照明", "Lighting", "shared", day, day, day)
    known = known_of(Registry((hall,), (), (), (contract,)), issued(), "zh")
    assert (known.name("hall"), known.name("retrofit"), known.timezone) == (
        "市政府",
        "照明",
        "Asia/Urumqi",
    )
    assert known_of(Registry(), issued(), "zh").name("hall") == "hall"


def test_every_term_and_every_word_of_one_has_a_name() -> None:
    known = texts("settlement")
    assert not [name for name in TERMS if f"term.{name}" not in known]
    words = {word for kind in TERMS.values() for word in kind.words}
    assert not [word for word in words if f"term_value.{word}" not in known]
