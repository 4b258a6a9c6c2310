"""The files: complete, in both languages, the same bytes again, numbers as numbers."""

import base64
import io
import os
import re
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
import python_calamine

from config.texts import LANGUAGES
from domain.errors import ConfigError
from domain.figures import Figure, MonthResult, Shares
from reports.isolated import JOBS_PER_WORKER, in_worker
from reports.model import ReportModel
from reports.render import FORMATS, file_name, render, render_many
from tests.report_sample import LAST, PLACE, sample_model
from tests.servers import find_program

Rendered = dict[tuple[str, str], bytes]


@pytest.fixture(scope="module")
def rendered() -> Rendered:
    """The sample month in every language and format, drawn by one worker."""
    jobs = [(sample_model(), lang, form) for lang in LANGUAGES for form in FORMATS]
    return {(j[1], j[2]): content for j, content in zip(jobs, render_many(jobs), strict=True)}


def pdf_text(content: bytes) -> str:
    pdftotext = str(Path(find_program("pdftoppm")).with_name("pdftotext"))
    done = subprocess.run(
        [pdftotext, "-layout", "-", "-"], input=content, capture_output=True, check=True
    )
    return done.stdout.decode()


@pytest.mark.parametrize(
    ("lang", "parts"),
    [
        (
            "zh",
            [
                "东营市示范办公园区",
                "2026 年 10 月",
                "模拟数据",
                "已关账，第 1 版",
                "89,729 kWh",
                "节能已证实",
                "4,900 至 13,100",
                "GB/T 2589-2020",
                "李明",
                "屋顶光伏",
                "厨余垃圾",
            ],
        ),
        (
            "en",
            [
                "Dongying demonstration campus",
                "October 2026",
                "Simulated data",
                "Closed, revision 1",
                "89,729 kWh",
                "Saving proven",
                "4,900 to 13,100",
                "Rooftop PV",
                "Food waste",
                "Simulated by a seeded model",
            ],
        ),
    ],
)
def test_the_pdf_says_what_matters(rendered: Rendered, lang: str, parts: list[str]) -> None:
    text = pdf_text(rendered[lang, "pdf"])
    flat = re.sub(r"\s+", "", text)
    for part in parts:
        assert re.sub(r"\s+", "", part) in flat
    assert "ab12" * 16 in flat, "the digest is whole"


def test_the_pdf_is_archival_and_carries_only_our_fonts(rendered: Rendered, tmp_path: Path) -> None:
    file = tmp_path / "report.pdf"
    file.write_bytes(rendered["zh", "pdf"])
    tools = Path(find_program("pdftoppm"))
    fonts = subprocess.run(
        [str(tools.with_name("pdffonts")), str(file)], capture_output=True, text=True, check=True
    ).stdout.splitlines()[2:]
    assert fonts
    assert all("CivicmeterSans" in line for line in fonts)
    assert b"pdfaid" in file.read_bytes()


@pytest.mark.slow
def test_the_same_month_gives_the_same_bytes(rendered: Rendered) -> None:
    # In another process and another order than the first time.
    jobs = [
        (sample_model(), lang, form) for lang in reversed(LANGUAGES) for form in reversed(FORMATS)
    ]
    for (_, lang, form), content in zip(jobs, render_many(jobs), strict=True):
        assert content == rendered[lang, form], (lang, form)


def test_the_html_is_one_file_without_scripts(rendered: Rendered) -> None:
    for lang in LANGUAGES:
        html = rendered[lang, "html"].decode()
        assert "<script" not in html
        sources = re.findall(r'(?:src|href)="([^"]*)"', html)
        assert len(sources) == 8
        for source in sources:
            assert source.startswith("data:image/svg+xml;base64,")
            assert base64.b64decode(source.partition(",")[2]).startswith(b"<svg")
        assert f'<html lang="{lang}">' in html
    assert "节能已证实" in rendered["zh", "html"].decode()


def _sheets(content: bytes) -> dict[str, list[list[object]]]:
    book = python_calamine.load_workbook(io.BytesIO(content))
    return {n: book.get_sheet_by_name(n).to_python() for n in book.sheet_names}


def test_the_workbook_holds_numbers_with_their_evidence(rendered: Rendered) -> None:
    sheets = _sheets(rendered["en", "xlsx"])
    assert list(sheets) == [
        "Summary",
        "All figures and their evidence",
        "Months",
        "Days",
        "Factors used",
        "What to look at",
    ]
    head, *rows = sheets["All figures and their evidence"]
    model = sample_model()
    assert len(rows) == len(model.result.figures)
    for row, figure in zip(rows, model.result.figures, strict=True):
        cells = dict(zip(head, row, strict=True))
        if figure.value is None:
            assert cells["Value"] == "", "missing is empty, never zero"
        else:
            assert cells["Value"] == pytest.approx(figure.value)
        assert (cells["Measured"] or 0.0) == pytest.approx(figure.shares.measured)
        assert cells["Method"] == figure.method
        if figure.low is not None:
            assert cells["Low"] == pytest.approx(figure.low)
    months = sheets["Months"]
    assert [r[0] for r in months[1:]] == [str(r.month) for r in model.history]
    days = sheets["Days"]
    assert len(days) == 1 + len(model.result.days)


def test_a_formula_in_a_name_stays_text() -> None:
    model = sample_model()
    devices = tuple(replace(d, name_en="=HYPERLINK(1)") for d in model.devices)
    sheets = _sheets(render(replace(model, devices=devices), "en", "xlsx"))
    cells = [c for row in sheets["All figures and their evidence"] for c in row]
    assert "=HYPERLINK(1)" in cells


def test_names_cannot_break_out_of_the_page() -> None:
    model = sample_model()
    evil = '</title><script>alert(1)</script>" onload="x'
    devices = tuple(replace(d, name_en=evil) for d in model.devices)
    place = replace(model.institution, name_en=evil)
    html = render(replace(model, devices=devices, institution=place), "en", "html").decode()
    assert "<script" not in html
    images = re.findall(r"svg\+xml;base64,([^\"]*)", html)
    assert images
    assert all(b"<script" not in base64.b64decode(i) for i in images)


def _bare(model: ReportModel) -> ReportModel:
    """A month of which nothing is known but that one figure could not be said."""
    unknown = Figure(name="electricity_use_kwh", value=None, shares=Shares.none(), method="x/1")
    result = MonthResult(institution=PLACE, month=LAST, figures=(unknown,))
    return replace(model, result=result, history=(result,), contracts=(), devices=())


@pytest.mark.parametrize("form", FORMATS)
def test_a_month_without_numbers_is_still_a_report(form: str) -> None:
    content = render(_bare(sample_model(closed=False)), "zh", form)
    if form == "pdf":
        text = re.sub(r"\s+", "", pdf_text(content))
        assert "初步结果，未关账" in text
        assert "无法得出" in text
    assert len(content) > 2000


def test_a_preliminary_month_is_marked_on_the_page_and_in_the_name() -> None:
    model = sample_model(closed=False)
    assert file_name(model, "zh", "pdf") == f"{PLACE}_{LAST}_open_zh.pdf"
    assert file_name(sample_model(), "en", "xlsx") == f"{PLACE}_{LAST}_r1_en.xlsx"
    text = pdf_text(render(model, "en", "pdf"))
    assert "Preliminary, not closed" in text
    assert "Do not settle" in text


def test_wrong_choices_are_told_before_any_work() -> None:
    with pytest.raises(ConfigError, match="choose from html, pdf, xlsx"):
        render(sample_model(), "zh", "docx")
    with pytest.raises(ConfigError, match="choose from zh, en"):
        render(sample_model(), "fr", "pdf")


def test_errors_of_the_worker_reach_the_caller() -> None:
    with pytest.raises(ZeroDivisionError):
        list(in_worker(_divide, [1, 0]))


@pytest.mark.slow
def test_a_long_batch_changes_workers_and_ends() -> None:
    many = 2 * JOBS_PER_WORKER + 1
    done = list(in_worker(_process, range(many)))
    assert [job for job, _ in done] == list(range(many))
    assert len({process for _, process in done}) == 3
    assert os.getpid() not in {process for _, process in done}


def _process(job: int) -> tuple[int, int]:
    return job, os.getpid()


def _divide(by: int) -> float:
    return 1 / by
