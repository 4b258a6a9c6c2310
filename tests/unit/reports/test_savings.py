"""What a report says of a saving: adjustments by their numbers, parts, the model's card."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from domain.adjustments import Adjustment, Decision
from domain.figures import Figure, MonthResult
from domain.findings import Finding
from processing.savings.models.frozen import FrozenModel
from reports.document import VerdictBox, build_document
from reports.model import build_report
from reports.render import render
from store.ledger.port import Ledger, ModelRecord
from store.opening import open_ledger
from tests.paths import ROOT
from tests.report_sample import LAST, PLACE, month_result, registry

SUBJECT = "retrofit/electricity"
AT = datetime(2026, 11, 1, tzinfo=UTC)
FIXTURES = ROOT / "tests" / "unit" / "processing" / "savings" / "models" / "fixtures"
STORED = json.loads((FIXTURES / "baseline_1.json").read_text(encoding="utf-8"))["model"]
MODEL = FrozenModel.from_json(json.dumps(STORED))
ENTRY = Adjustment(
    institution=PLACE,
    contract="retrofit",
    carrier="electricity",
    start=date(2026, 10, 5),
    end=None,
    formula="150.0",
    reason="三楼新增接种点",
    evidence="纪要.pdf",
    evidence_sha256="ab" * 32,
    author="王芳",
    entered_at=AT,
    decisions=(Decision("approved", "李伟", AT),),
)


def adjusted(plain: MonthResult, number: int) -> MonthResult:
    """The sample's month with an adjustment in, and the parts of the counterfactual."""
    noted = Finding(
        "savings_adjusted", "info", numbers={"count": 1, "numbers": str(number), "amount": 4050}
    )
    figures = []
    for f in plain.figures:
        mine = f.name == "avoided_energy_kwh" and f.subject == SUBJECT
        figures.append(replace(f, findings=(noted,)) if mine else f)
    like = next(f for f in plain.figures if f.name == "avoided_energy_kwh")

    def more(name: str, value: float, **change: object) -> Figure:
        kept = {"low": None, "high": None, "verdict": None, "findings": ()} | change
        return replace(like, name=name, value=value, **kept)  # type: ignore[arg-type]

    figures += [
        more("adjustment_kwh", 4050.0),
        more(
            "avoided_energy_unadjusted_kwh", 4950.0, low=-100.0, high=10_000.0, verdict="not_proven"
        ),
        more(
            "avoided_energy_year_to_date_kwh",
            83_000.0,
            low=60_000.0,
            high=106_000.0,
            verdict="proven",
        ),
        more("normalised_saving_kwh", 101_000.0, low=70_000.0, high=132_000.0, verdict="proven"),
        more("counterfactual_part_kwh", 70_000.0, subject=f"{SUBJECT}/base"),
        more("counterfactual_part_kwh", 12.0, subject=f"{SUBJECT}/heating"),
        more("counterfactual_part_kwh", -9_000.0, subject=f"{SUBJECT}/day_types"),
    ]
    return replace(plain, figures=tuple(figures), models=(MODEL.digest,))


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    made = open_ledger(f"sqlite:///{tmp_path / 'ledger.db'}")
    made.save_registry(registry())
    first, second = made.enter_adjustment(ENTRY), made.enter_adjustment(ENTRY)
    assert second.number > first.number
    made.save_result(adjusted(month_result(LAST), second.number))
    record = ModelRecord(
        digest=MODEL.digest,
        institution=PLACE,
        contract="retrofit",
        kind="baseline",
        carrier="electricity",
        json=MODEL.to_json(),
        fitted_at=AT,
    )
    made.save_model(record)
    yield made
    made.close_connections()


def box(ledger: Ledger, lang: str) -> VerdictBox:
    (found,) = build_document(build_report(ledger, PLACE, LAST), lang).savings
    return found


def test_the_adjustment_that_is_in_is_named_with_its_evidence_and_no_other(ledger: Ledger) -> None:
    (line,) = box(ledger, "zh").adjustments
    number = ledger.adjustments()[1].number
    assert line.startswith(f"第{number}号") and "每天 150 kWh" in line
    for said in ("三楼新增接种点", "纪要.pdf", "abababababab", "王芳 登记", "李伟 批准"):
        assert said in line


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_figure_without_the_year_and_the_typical_year_stand_beside(
    ledger: Ledger, lang: str
) -> None:
    numbers = [value for _, value in box(ledger, lang).numbers]
    said = "\n".join(numbers)
    for value in ("4,050", "4,950", "83,000", "101,000"):
        assert value in said
    without = next(v for v in numbers if "4,950" in v)
    assert ("未证实" if lang == "zh" else "not proven") in without


def test_parts_are_told_the_largest_first_and_trifles_left_out(ledger: Ledger) -> None:
    parts = next(v for v in (v for _, v in box(ledger, "en").numbers) if "base use" in v)
    assert parts.index("base use") < parts.index("days off") < parts.index("non-routine")
    assert "heating" not in parts


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_card_is_of_the_model_the_figures_were_computed_with(ledger: Ledger, lang: str) -> None:
    assert MODEL.digest[:12] in "\n".join(box(ledger, lang).card)
    other = replace(adjusted(month_result(LAST), 1), models=("00" * 32,))
    ledger.save_result(other)
    assert box(ledger, lang).card == []


@pytest.mark.parametrize("kind", ["html", "pdf", "xlsx"])
def test_every_format_is_written_with_them(ledger: Ledger, kind: str) -> None:
    made = render(build_report(ledger, PLACE, LAST), "zh", kind)
    assert len(made) > 1000
    if kind == "html":
        page = made.decode()
        assert "三楼新增接种点" in page and "模型说明" in page


@pytest.mark.parametrize(("lang", "word"), [("zh", "分项计量"), ("en", "sub-meter")])
def test_the_card_says_what_would_prove_what_the_contract_expects(
    ledger: Ledger, lang: str, word: str
) -> None:
    before = box(ledger, lang).card
    known = ledger.registry()
    contracts = tuple(replace(c, expected_saving_ratio=0.02) for c in known.contracts)
    ledger.save_registry(replace(known, contracts=contracts))
    after = box(ledger, lang).card
    assert after[: len(before)] == before
    said = "\n".join(after[len(before) :])
    assert word in said and "2.0" in said
