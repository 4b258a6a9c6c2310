"""A workbook in Chinese or English is the same registry; each name stands for one thing."""

from collections.abc import Callable
from pathlib import Path

import pytest

from config.texts import LANGUAGES, texts
from domain.registry import Registry
from registry.headings import heading, sheet_names
from registry.merging import check_xlsx
from registry.reading import read_with_places, read_xlsx
from registry.sheets import HISTORIES, SHEETS, columns_of
from registry.workbook_cells import read_cells
from registry.writing import write_xlsx
from tests import api_sample
from tests.command_line import run
from tests.unit.registry.conftest import Sheets

COLUMNS = {c for s in SHEETS for c in columns_of(s)} | {
    c for h in HISTORIES.values() for c in h.header
}


@pytest.mark.parametrize("lang", [*LANGUAGES, ""])
def test_what_is_written_in_a_language_is_read_back(tmp_path: Path, lang: str) -> None:
    path, plain = tmp_path / "r.xlsx", tmp_path / "plain.xlsx"
    write_xlsx(api_sample.registry(), path, lang=lang)
    write_xlsx(api_sample.registry(), plain)
    registry, problems = check_xlsx(path)
    assert (problems, registry) == ([], read_xlsx(plain)[0])
    names, sheets = read_cells(path, tuple(sheet_names()))
    assert names == [heading("sheet", n, lang) for n in (*SHEETS, *HISTORIES)]
    assert sheets[names[0]][0][1] == [
        heading("column", c, lang) for c in columns_of("institutions")
    ]


def test_every_sheet_and_column_has_a_name_of_its_own() -> None:
    found = texts("registry_headings")
    named = {kind: [k for k in found if k.startswith(f"{kind}.")] for kind in ("sheet", "column")}
    assert {k.partition(".")[2] for k in named["sheet"]} == {*SHEETS, *HISTORIES}
    assert {k.partition(".")[2] for k in named["column"]} == COLUMNS
    for keys in named.values():
        names = [found[k][lang] for k in keys for lang in LANGUAGES]
        shorts = [k.partition(".")[2] for k in keys]
        assert len({*names, *shorts}) == len(names) + len(shorts), "one name for two things"


def test_names_of_both_languages_may_be_mixed(book: Callable[[Sheets], Path]) -> None:
    path = book({"机构": [["编号", "name_zh", "Name in English"], ["hall", "厅", "Hall"]]})
    registry, problems = read_xlsx(path)
    assert problems == []
    assert [(i.id, i.name_en) for i in registry.institutions] == [("hall", "Hall")]


def test_one_thing_under_two_names_is_told(book: Callable[[Sheets], Path]) -> None:
    head = ["id", "name_zh", "name_en", "编号"]
    sheets = {"institutions": [head, ["hall", "厅", "Hall", "x"]], "机构": [["编号"], ["y"]]}
    _, problems, _ = read_with_places(book(sheets))
    assert {(p.sheet, p.row, p.column) for p in problems} >= {
        ("机构", 0, ""),
        ("institutions", 1, "id"),
    }


def test_the_command_writes_columns_to_fill_in_in_chinese(tmp_path: Path) -> None:
    file, data = tmp_path / "空白.xlsx", tmp_path / "data"
    assert run("registry", "export", file, "--lang", "zh", "--data", data) == 0
    assert read_xlsx(file) == (Registry(), [])
    assert "计量表" in read_cells(file, ())[0]
