"""Each workbook from the field is taken, or refused with the place and what to do."""

from pathlib import Path

import pytest
import xlsxwriter

from registry.merging import check_xlsx
from tests.field.workbooks import WORKBOOKS, Sheets, Workbook


@pytest.mark.parametrize("workbook", WORKBOOKS, ids=lambda w: w.name)
def test_a_workbook_from_the_field_is_answered_as_it_should(
    workbook: Workbook, tmp_path: Path
) -> None:
    registry, problems = check_xlsx(_written(workbook.sheets, tmp_path / "registry.xlsx"))
    assert len(problems) == len(workbook.told), problems
    for problem, (place, remedy) in zip(problems, workbook.told, strict=True):
        assert problem.startswith(place)
        assert remedy in problem
    if not workbook.told:
        assert tuple(i.id for i in registry.institutions) == workbook.institutions
        assert tuple(d.id for d in registry.devices) == workbook.devices


def _written(sheets: Sheets, path: Path) -> Path:
    book = xlsxwriter.Workbook(str(path))
    for name, rows in sheets.items():
        sheet = book.add_worksheet(name)
        for place, row in enumerate(rows):
            sheet.write_row(place, 0, row)
    book.close()
    return path
