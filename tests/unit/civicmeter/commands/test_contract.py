"""`civicmeter contract settle` and `try`: from a ledger's months to a statement."""

import re
from datetime import date
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from civicmeter.wiring.pipeline import open_pipeline
from config.settings import Settings
from domain.calendar import Month
from domain.figures import DayValue, Figure, MonthResult, Shares
from domain.places import Contract, Institution, Term
from domain.registry import Registry
from tests.command_line import run

JANUARY, FEBRUARY = Month(2025, 1), Month(2025, 2)
PLACE = Institution(id="hall", name_zh="厅", name_en="Hall", building_type="A")
CONTRACT = Contract(
    id="retrofit",
    institution="hall",
    name_zh="改造",
    name_en="Retrofit",
    form="shared",
    baseline_start=date(2023, 1, 1),
    baseline_end=date(2024, 1, 1),
    reporting_start=date(2025, 1, 1),
    payment_terms=(
        Term("vendor_share", "0.6", "1"),
        Term("price", "1.00", "electricity/peak"),
        Term("price", "0.50", "electricity"),
    ),
)
TRIED = """form = "shared"
[[term]]
name = "vendor_share"
of = "1"
value = 0.5
[[term]]
name = "price"
of = "electricity"
value = "0.80"
"""


def _result(month: Month, saved_kwh: float) -> MonthResult:
    full, of = Shares.full(), "retrofit/electricity"
    days = month.days()
    figures = (
        Figure(
            name="avoided_energy_kwh",
            subject=of,
            value=saved_kwh,
            low=saved_kwh - 300.0,
            high=saved_kwh + 300.0,
            verdict="proven",
            shares=full,
            method="m/1",
        ),
        Figure(
            name="electricity_period_kwh", subject="peak", value=10.0, shares=full, method="m/1"
        ),
        Figure(
            name="electricity_period_kwh", subject="flat", value=30.0, shares=full, method="m/1"
        ),
    )
    values = [
        DayValue(day=d, name=n, subject=of, value=v, quality="measured")
        for d in days
        for n, v in (("counterfactual_kwh", 100 + saved_kwh / len(days)), ("observed_kwh", 100.0))
    ]
    return MonthResult(institution="hall", month=month, figures=figures, days=tuple(values))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    with open_pipeline(Settings(data=folder)) as pipeline:
        pipeline.save_registry(Registry((PLACE,), (), (), (CONTRACT,)))
        for month, kwh in ((JANUARY, 4_000.0), (FEBRUARY, 2_000.0)):
            pipeline.ledger.save_result(_result(month, kwh))
        pipeline.ledger.close("hall", JANUARY, signed_by="Li")
    return folder


def test_a_closed_month_is_settled(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """1,000 kWh peak at 1.00 and 3,000 flat at 0.50, of which 60 %: 600 and 900."""
    assert run("contract", "settle", "retrofit", "2025-01", "--lang", "en", "--data", data) == 0
    said = capsys.readouterr().out
    assert "Rests on closed months" in said
    assert (
        "electricity Peak [2025-01-01, 2025-02-01): 1000.000 kWh × 1.00 CNY (agreed) × 0.6 = 600.00"
        in said
    )
    assert "To pay: 1500.00 CNY" in said


def test_an_open_month_is_a_draft(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("contract", "settle", "retrofit", "2025-02", "--data", data) == 0
    said = capsys.readouterr().out
    assert "草稿：2025-02 尚未关账" in said
    assert "应付合计: 750.00 CNY" in said


def test_other_terms_are_tried(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """6,000 kWh at 0.80, of which 50 %; 300 kWh a month less or more at the intervals' ends."""
    file = tmp_path / "terms.toml"
    file.write_text(TRIED, encoding="utf-8")
    asked = ("contract", "try", "retrofit", file, "--until", "2025-02", "--lang", "en")
    assert run(*asked, "--data", data) == 0
    said = capsys.readouterr().out
    assert "2160.00 CNY at the lower bounds" in said
    assert "2400.00 CNY at their estimates, 2640.00 CNY at the upper" in said
    drawn = re.search(r"P10 (\S+) CNY, P50 (\S+) CNY, P90 (\S+) CNY", said)
    assert drawn is not None
    p10, p50, p90 = map(float, drawn.groups())
    assert 2160 < p10 < p50 < p90 < 2640 and abs(p50 - 2400) < 20
    assert "retrofit electricity: correlation of its months' errors 1.00" in said
    out = tmp_path / "trial.xlsx"
    assert run(*asked, "--out", out, "--data", data) == 0
    book = CalamineWorkbook.from_path(out)
    rows = {row[0]: row[1] for row in book.get_sheet_by_name("Sums").to_python()}
    assert (rows["2025-01"], rows["2025-02"], rows["Sum at the estimates"]) == (1600, 800, 2400)
    assert rows["P10"] == pytest.approx(p10) and rows["P90"] == pytest.approx(p90)
    lines = book.get_sheet_by_name("Lines").to_python()
    assert sum(row[8] for row in lines[1:]) == pytest.approx(2400)
    assert book.get_sheet_by_name("Terms").to_python()[1][:3] == ["vendor_share", "1", "0.5"]
    assert run(*asked, "--out", tmp_path / "no" / "trial.xlsx", "--data", data) == 2


@pytest.mark.parametrize(
    ("name", "month", "said"),
    [
        ("nobody", "2025-01", "no contract 'nobody': there are retrofit"),
        ("retrofit", "2025-03", "hall 2025-03 was never computed: run `civicmeter process"),
        ("retrofit", "2024-12", "begins on 2025-01-01: ask for a later month"),
    ],
)
def test_what_cannot_be_settled_is_refused(
    data: Path, name: str, month: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("contract", "settle", name, month, "--data", data) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("form = 'shared'", "write a [[term]] for each"),
        ("form = 'split'\n[[term]]\nname='x'\nvalue=1", "it is one of shared"),
        ("[[term]]\nname='x'", "these are no terms"),
        ("[[term]]\nname='x'\nvalue='1'\nfrom=2025-01-01", "no such key 'from'"),
        ("[[term]]\nname='vendor_share'\nof='1'\nvalue='60'", "from 0 to 1, not 60"),
    ],
)
def test_terms_that_are_none_are_refused(
    data: Path, tmp_path: Path, text: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "terms.toml"
    file.write_text(text, encoding="utf-8")
    assert run("contract", "try", "retrofit", file, "--until", "2025-01", "--data", data) == 2
    assert said in capsys.readouterr().err
