"""A posted table again, with what became of each row beside it, to be mended and posted again."""

import csv
import io
import re
from collections.abc import Iterable, Iterator

import xlsxwriter

from api.intake.formats import (
    VERDICT_COLUMNS,
    header_of,
    separator_of,
    table_of,
    text_of_table,
    unmarked,
)
from api.intake.told.verdicts import Verdicts
from api.tables.route import FORMULA

_LONGEST = 32_767
"""Characters that a workbook's cell may hold."""


def csv_bytes(rows: Iterable[list[str]]) -> bytes:
    """Rows as CSV with commas. The mark at the beginning tells spreadsheets that it is UTF-8."""
    out = io.StringIO(newline="")
    csv.writer(out).writerows(rows)
    return b"\xef\xbb\xbf" + out.getvalue().encode("utf-8", "replace")


def xlsx_bytes(rows: Iterable[list[str]]) -> bytes:
    """Rows as a workbook of one sheet. All cells are text: no spreadsheet rounds or computes them."""
    made = io.BytesIO()
    with xlsxwriter.Workbook(made, {"constant_memory": True}) as book:
        page = book.add_worksheet("rows")
        page.freeze_panes(1, len(VERDICT_COLUMNS))
        for r, row in enumerate(rows):
            for c, cell in enumerate(row):
                page.write_string(r, c, cell[:_LONGEST])
    return made.getvalue()


def judged_rows(
    body: bytes, verdicts: Verdicts, *, stored: bool, more: bool
) -> Iterator[list[str]]:
    """The header and the rows of a table (see `formats.comma_separated`) with the columns of the verdict first, so that a row
    with too many cells stays what it is. Not `stored`: nothing of it was; `more`: it held more
    than was looked at.

    Text that a spreadsheet would take for a formula is marked as text by an apostrophe, which is
    taken away when the table is posted again.
    """
    text = text_of_table(body)
    separator = separator_of(text)
    lines = list(io.StringIO(text, newline=""))
    reader = table_of(text, separator)
    last = max(verdicts.values, default=0) if more else None
    skip: set[int] | None = None
    wide = False
    while True:
        try:
            cells = next(reader, None)
        except csv.Error:
            # Nobody can tell its cells apart: it stands as it was, in one.
            if skip is None:
                continue
            cells = [lines[reader.line_num - 1].rstrip("\r\n")]
        if cells is None:
            return
        if skip is None:
            names = header_of(cells)
            wide = "quantity" not in names
            skip = {k for k, name in enumerate(names) if name in VERDICT_COLUMNS}
            kept = [c for k, c in enumerate(cells) if k not in skip]
            yield [*VERDICT_COLUMNS, *_marked(kept)]
        elif cells:
            row = reader.line_num
            said = verdicts.of(row, wide=wide, stored=stored)
            if last is not None and row > last:
                said = ["not_read", "", "", ""]
            as_sent = map(unmarked, cells) if skip else cells
            kept = [c for k, c in enumerate(as_sent) if k not in skip]
            yield [*_marked(said), *_marked(kept)]


def _marked(cells: Iterable[str]) -> list[str]:
    return [f"'{cell}" if _to_mark(cell) else cell for cell in cells]


def _to_mark(cell: str) -> bool:
    """Also what begins with the mark, so that taking one away gives what was sent."""
    if cell.startswith("'"):
        return True
    try:
        float(cell)
    except ValueError:
        return re.match(FORMULA, cell) is not None
    return False
