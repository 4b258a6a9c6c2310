"""Workbooks written by hand."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

Sheets = dict[str, list[list[Any]]]


@pytest.fixture
def book(tmp_path: Path) -> Callable[[Sheets], Path]:
    def write(sheets: Sheets) -> Path:
        path = tmp_path / "book.xlsx"
        made = xlsxwriter.Workbook(str(path))
        form = made.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        for name, rows in sheets.items():
            sheet = made.add_worksheet(name)
            for r, row in enumerate(rows):
                for c, cell in enumerate(row):
                    if isinstance(cell, date):
                        sheet.write_datetime(r, c, cell, form)
                    elif cell is not None:
                        sheet.write(r, c, cell)
        made.close()
        return path

    return write
