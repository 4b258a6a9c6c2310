"""A workbook whose inside is broken, or that asks for gigabytes, is told in a sentence, like one
that is none."""

import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from resource import RUSAGE_SELF, getrusage

import pytest
import xlsxwriter

from domain.errors import ConfigError
from domain.places import Institution
from domain.registry import Registry
from registry.reading import read_xlsx
from registry.workbook_cells import WorkbookError, read_cells
from registry.writing import write_xlsx

INSTITUTION = (["id", "name_zh", "name_en"], ["s", "校", "School"])


def test_broken_xml_within_a_sheet_is_a_sentence(tmp_path: Path) -> None:
    whole, broken = tmp_path / "whole.xlsx", tmp_path / "broken.xlsx"
    write_xlsx(Registry((Institution("s", "校", "School"),)), whole)
    with zipfile.ZipFile(whole) as old, zipfile.ZipFile(broken, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            cut = content[: len(content) // 2] + b"<<&" if "worksheets/sheet" in name else content
            new.writestr(name, cut)
    with pytest.raises(ConfigError, match=r"sheet \w+ cannot be read .*: save the workbook anew"):
        read_xlsx(broken)


def written(
    path: Path, more: Callable[[xlsxwriter.Workbook, xlsxwriter.worksheet.Worksheet], None]
) -> Path:
    made = xlsxwriter.Workbook(str(path), {"constant_memory": True})
    sheet = made.add_worksheet("institutions")
    for row, cells in enumerate(INSTITUTION):
        for column, cell in enumerate(cells):
            sheet.write(row, column, cell)
    more(made, sheet)
    made.close()
    return path


def test_a_cell_at_the_far_corner_is_a_sentence(tmp_path: Path) -> None:
    """Its reader asks for half a terabyte and is ended."""
    book = written(tmp_path / "far.xlsx", lambda _, sheet: sheet.write(1_048_575, 16_383, "x"))
    assert book.stat().st_size < 10_000
    began, before = time.monotonic(), getrusage(RUSAGE_SELF).ru_maxrss
    with pytest.raises(ConfigError, match="Copy the tables alone into a new workbook"):
        read_xlsx(book)
    assert time.monotonic() - began < 30
    assert getrusage(RUSAGE_SELF).ru_maxrss - before < 100_000


def test_rows_that_are_only_formatted_are_none(tmp_path: Path) -> None:
    def blank(made: xlsxwriter.Workbook, sheet: xlsxwriter.worksheet.Worksheet) -> None:
        bold = made.add_format({"bold": True})
        for row in range(2, 200_000):
            sheet.write_blank(row, 0, None, bold)

    found, problems = read_xlsx(written(tmp_path / "blank.xlsx", blank))
    assert (found.institutions, problems) == ((Institution("s", "校", "School"),), [])


def test_a_row_far_below_is_read_with_its_number(tmp_path: Path) -> None:
    book = written(tmp_path / "below.xlsx", lambda _, sheet: sheet.write(1_048_575, 0, "x"))
    found, problems = read_xlsx(book)
    assert [i.id for i in found.institutions] == ["s"]
    assert {(p.row, p.column) for p in problems} == {(1_048_576, "name_zh"), (1_048_576, "name_en")}


def test_a_zip_that_opens_into_much_is_a_sentence(tmp_path: Path) -> None:
    whole, bomb = written(tmp_path / "whole.xlsx", lambda *_: None), tmp_path / "bomb.xlsx"
    with (
        zipfile.ZipFile(whole) as old,
        zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as new,
    ):
        for name in old.namelist():
            content = old.read(name)
            if "worksheets/sheet" in name:
                content = content.replace("校".encode(), b"a" * (400 << 20))
            new.writestr(name, content)
    assert bomb.stat().st_size < 4_000_000
    with pytest.raises(WorkbookError, match="Copy the tables alone"):
        read_cells(bomb, ["institutions"], memory_bytes=512 << 20)
