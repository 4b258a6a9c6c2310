"""`civicmeter report` writes files, and tells a mistake in one line with exit code 2."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from civicmeter.cli import main
from store.opening import open_ledger
from tests.report_sample import LAST, PLACE, sample_ledger

Run = Callable[..., int]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the command on a data folder that holds the sample; gives the exit code."""
    sample_ledger(tmp_path / "ledger.db").close_connections()
    monkeypatch.chdir(tmp_path)

    def call(*args: str) -> int:
        with pytest.raises(SystemExit) as ended:
            main(["report", *args, "--data", str(tmp_path)])
        return int(ended.value.code or 0)

    return call


@pytest.mark.slow
def test_it_writes_every_format_asked_for(run: Run, tmp_path: Path) -> None:
    assert run(str(LAST), "--lang", "en", "--format", "html,pdf,xlsx", "--out", "made/here") == 0
    names = {p.name for p in (tmp_path / "made" / "here").iterdir()}
    assert names == {f"{PLACE}_{LAST}_open_en.{form}" for form in ("html", "pdf", "xlsx")}


def test_the_default_is_a_chinese_pdf_here(run: Run, tmp_path: Path) -> None:
    month = LAST.plus(-2)
    assert run(str(month), "--institution", PLACE) == 0
    assert (tmp_path / f"{PLACE}_{month}_r1_zh.pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("2019-13",), "write it as YYYY-MM"),
        (("2019-01",), "civicmeter process --month 2019-01"),
        ((str(LAST), "--institution", "nowhere"), "there are: campus"),
        ((str(LAST), "--format", "docx"), "choose from html, pdf, xlsx"),
        ((str(LAST), "--lang", "fr"), "'zh', 'en'"),
        ((str(LAST), "--out", "ledger.db/x"), "choose"),
    ],
)
def test_a_mistake_is_told_with_what_to_do(
    run: Run, capsys: pytest.CaptureFixture[str], args: tuple[str, ...], said: str
) -> None:
    assert run(*args) == 2
    assert said in capsys.readouterr().err


def test_a_character_that_no_font_has_is_told_and_the_code_is_1(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger = open_ledger(f"sqlite:///{tmp_path / 'ledger.db'}")
    known = ledger.registry()
    places = tuple(replace(i, name_zh="甲\ue123局") for i in known.institutions)
    ledger.save_registry(replace(known, institutions=places))
    ledger.close_connections()
    assert run(str(LAST), "--format", "xlsx") == 0, "a sheet only names it"
    assert run(str(LAST)) == 1
    said = capsys.readouterr()
    assert "U+E123" in said.err and "the reports are written" in said.err
    assert f"{PLACE}_{LAST}_open_zh.pdf" in said.out
    assert (tmp_path / f"{PLACE}_{LAST}_open_zh.pdf").exists()
