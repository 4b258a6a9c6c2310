"""Where one of few words stands, the exported workbook offers them; reading takes each of them."""

import typing
import zipfile
from pathlib import Path

import pytest

from domain.registry import Registry
from registry.cells import converter
from registry.reading import read_xlsx
from registry.sheets import HISTORIES, SHEETS, choices_of, columns_of
from registry.writing import write_xlsx


@pytest.mark.parametrize("sheet", [*SHEETS, *HISTORIES])
def test_every_word_that_is_offered_is_taken(sheet: str) -> None:
    for column, words in choices_of(sheet).items():
        if sheet in SHEETS:
            convert = converter(column, typing.get_type_hints(SHEETS[sheet])[column])
            assert [convert(w) for w in words] == list(words)
        elif column != "field":
            by_title = {title: convert for title, _, convert in HISTORIES[sheet].columns}
            assert [by_title[column](w) for w in words] == list(words)


def test_an_empty_workbook_offers_them_and_is_still_empty(tmp_path: Path) -> None:
    path = tmp_path / "empty.xlsx"
    write_xlsx(Registry(), path)
    assert read_xlsx(path) == (Registry(), [])
    with zipfile.ZipFile(path) as book:
        for number, sheet in enumerate([*SHEETS, *HISTORIES], 1):
            text = book.read(f"xl/worksheets/sheet{number}.xml").decode()
            assert text.count("<dataValidation ") == len(choices_of(sheet)), sheet
            for words in choices_of(sheet).values():
                assert f'<formula1>"{",".join(words)}"</formula1>' in text
    kind = chr(ord("A") + columns_of("institutions").index("kind"))
    with zipfile.ZipFile(path) as book:
        assert f'sqref="{kind}2:' in book.read("xl/worksheets/sheet1.xml").decode()
