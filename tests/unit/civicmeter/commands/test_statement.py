"""`civicmeter statement`: issued, restated by reversing lines, signed, reckoned again."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from civicmeter.wiring.pipeline import open_pipeline
from config.settings import Settings
from domain.calendar import Month
from domain.closing import Waiver
from domain.contracts.issued import settled_amounts
from domain.places import Term
from domain.registry import Registry
from reports.words.settlement import told_of
from tests.command_line import run
from tests.unit.civicmeter.commands.test_contract import CONTRACT, JANUARY, PLACE, _result
from tests.unit.reports.test_render import pdf_text

FEBRUARY, MARCH = Month(2025, 2), Month(2025, 3)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """January to March closed: 1,500, 750 and 375 CNY."""
    folder = tmp_path / "data"
    with open_pipeline(Settings(data=folder)) as pipeline:
        pipeline.save_registry(Registry((PLACE,), (), (), (CONTRACT,)))
        for month, kwh in ((JANUARY, 4_000.0), (FEBRUARY, 2_000.0), (MARCH, 1_000.0)):
            pipeline.ledger.save_result(_result(month, kwh))
            pipeline.ledger.close("hall", month, signed_by="Li")
    return folder


def _restate(data: Path, month: Month, kwh: float) -> None:
    with open_pipeline(Settings(data=data)) as pipeline:
        pipeline.ledger.save_result(_result(month, kwh))
        pipeline.ledger.close("hall", month, signed_by="Li", reason="late readings")


def _issue(data: Path, month: str) -> int:
    return run("statement", "issue", "retrofit", month, "--by", "Li Wei", "--data", data)


def test_a_restated_month_is_settled_in_the_next_statement(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _issue(data, "2025-01") == 0
    assert "statement 1, payable 1500.00 CNY" in capsys.readouterr().out
    _restate(data, JANUARY, 3_600.0)
    assert _issue(data, "2025-02") == 0
    said = capsys.readouterr().out
    assert "payable 600.00 CNY" in said, "750.00 and 1350.00 in the place of 1500.00"
    assert "2025-01 was settled to 1500.00 CNY and comes to 1350.00 CNY" in said
    with open_pipeline(Settings(data=data)) as pipeline:
        found = pipeline.ledger.statements()
    paid = sum((Decimal(s.content["payable_cny"]) for s in found), Decimal(0))
    assert paid == sum(settled_amounts(found).values(), Decimal(0)) == Decimal("2100.00")


def test_the_last_month_restated_gets_a_statement_of_that_alone(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _issue(data, "2025-01") == 0
    assert _issue(data, "2025-01") == 0
    assert "statement 1, payable 1500.00" in capsys.readouterr().out.splitlines()[1]
    _restate(data, JANUARY, 3_600.0)
    assert _issue(data, "2025-01") == 0
    assert "statement 2, payable -150.00 CNY" in capsys.readouterr().out
    assert _issue(data, "2025-02") == 0
    assert "payable 750.00 CNY" in capsys.readouterr().out, "January is settled already"


def test_the_order_of_late_data_does_not_matter(data: Path) -> None:
    """January is restated twice, up and down: what was paid in all is what stands."""
    for month, kwh in (("2025-01", 3_000.0), ("2025-02", 5_000.0), ("2025-03", 4_400.0)):
        assert _issue(data, month) == 0
        _restate(data, JANUARY, kwh)
    assert _issue(data, "2025-03") == 0
    with open_pipeline(Settings(data=data)) as pipeline:
        found = pipeline.ledger.statements()
    paid = sum((Decimal(s.content["payable_cny"]) for s in found), Decimal(0))
    assert paid == Decimal("1650.00") + Decimal("750.00") + Decimal("375.00")


def test_statements_follow_one_another_and_rest_on_closed_months(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _issue(data, "2025-02") == 2
    assert "2025-01 was not issued yet" in capsys.readouterr().err
    for month in ("2025-01", "2025-02"):
        assert _issue(data, month) == 0
    assert _issue(data, "2025-01") == 2
    assert "is settled in the statement of 2025-03" in capsys.readouterr().err
    april = Month(2025, 4)
    with open_pipeline(Settings(data=data)) as pipeline:
        pipeline.ledger.save_result(_result(april, 100.0))
    assert _issue(data, "2025-03") == 0
    assert _issue(data, "2025-04") == 2
    assert "these are open: 2025-04" in capsys.readouterr().err


def test_a_statement_is_reckoned_again_from_what_it_names(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _issue(data, "2025-01") == 0
    _restate(data, JANUARY, 3_600.0)
    assert _issue(data, "2025-02") == 0
    for month in ("2025-01", "2025-02"):
        assert run("statement", "reproduce", "retrofit", month, "--data", data) == 0
        assert "the same to the last character" in capsys.readouterr().out
    assert run("statement", "reproduce", "retrofit", "2025-03", "--data", data) == 2


def test_terms_that_change_later_change_no_statement(data: Path) -> None:
    assert _issue(data, "2025-01") == 0
    cheaper = (*CONTRACT.payment_terms[:2], Term("price", "0.40", "electricity"))
    with open_pipeline(Settings(data=data)) as pipeline:
        changed = replace(CONTRACT, payment_terms=cheaper)
        pipeline.save_registry(Registry((PLACE,), (), (), (changed,)))
    assert run("statement", "reproduce", "retrofit", "2025-01", "--data", data) == 0


def test_both_sides_sign_and_the_list_shows_it(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _issue(data, "2025-01") == 0
    sign = ("statement", "sign", "retrofit", "2025-01", "--data", data)
    assert run(*sign, "--side", "owner", "--by", "Wang Fang") == 0
    assert run(*sign, "--side", "vendor", "--by", "Wang Fang") == 2
    assert "nobody signs for two sides" in capsys.readouterr().err
    assert run(*sign, "--side", "vendor", "--by", "Cao Jun") == 0
    assert run("statement", "list", "--data", data) == 0
    assert "Wang Fang (owner), Cao Jun (vendor)" in capsys.readouterr().out
    assert run("audit", "verify", "--data", data) == 0


def test_a_statement_is_written_as_a_workbook(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _issue(data, "2025-01") == 0
    out = tmp_path / "statement.xlsx"
    write = ("statement", "write", "retrofit", "2025-01", "--data", data)
    assert run(*write, "--out", out) == 0
    rows = CalamineWorkbook.from_path(out).get_sheet_by_index(0).to_python()
    assert 1500.0 in [row[9] for row in rows]
    assert run(*write, "--out", tmp_path / "nowhere" / "statement.xlsx") == 2
    assert "cannot be written" in capsys.readouterr().err
    paper = tmp_path / "statement.PDF"
    assert run(*write, "--out", paper, "--lang", "en") == 0
    assert "1,500.00" in pdf_text(paper.read_bytes())
    assert run(*write, "--out", tmp_path / "statement.doc") == 2
    assert "neither a .pdf nor an .xlsx" in capsys.readouterr().err


def _waive(data: Path, code: str, month: Month = JANUARY, day: int = 3) -> None:
    """What the check of a day found."""
    at = datetime(2025, 2, day, 8, 0, tzinfo=UTC)
    one = {"institution": "hall", "month": month, "code": code, "by": "王芳", "reason": "停电"}
    with open_pipeline(Settings(data=data)) as pipeline:
        pipeline.ledger.waive([Waiver(**one, fact=f"{day}", at=at)])  # type: ignore[arg-type]


def test_what_was_waived_of_its_months_stands_on_the_statement(data: Path) -> None:
    _waive(data, "incomplete")
    _waive(data, "incomplete", MARCH)
    assert _issue(data, "2025-01") == 0
    _waive(data, "unbalanced")
    _waive(data, "incomplete", day=9)
    with open_pipeline(Settings(data=data)) as pipeline:
        (one,) = pipeline.ledger.statements()
    said = "hall 2025-01 did not pass the check before closing “missing data”, waived by 王芳"
    assert told_of(one, "en") == [f"{said} on 2025-02-03: 停电"]
    assert run("statement", "reproduce", "retrofit", "2025-01", "--data", data) == 0
