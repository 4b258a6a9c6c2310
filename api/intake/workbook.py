"""A sheet of a posted workbook as the table it would be as CSV (see `formats.comma_separated`).

It is read by a process of its own within limits, as the registry's workbooks are. Dates of
spreadsheets have no zone; they stay local times.
"""

import csv
import io
import tempfile
from datetime import date, datetime, time, timedelta
from pathlib import Path

from api.intake.formats import COLUMNS
from api.intake.posted import UnreadableBodyError
from registry.workbook_cells import Rows, WorkbookError, read_cells

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_MEMORY_BYTES = 512 << 20
_DAY_0 = datetime(1899, 12, 30)  # noqa: DTZ001 - a spreadsheet's days have no zone
_SERIAL_DAYS = range(20_000, 80_000)
"""Numbers among times that are days since `_DAY_0` (1954 to 2119), not milliseconds."""


def table_of_workbook(body: bytes, sheet: str = "") -> bytes:
    """The sheet of this name, or the first one, as CSV in UTF-8; its rows keep their numbers.

    Raises UnreadableBodyError when there is no such sheet, or it is no table.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "posted.xlsx"
        path.write_bytes(body)
        try:
            names, _ = read_cells(path, (), _MEMORY_BYTES)
            wanted = sheet or next(iter(names), "")
            if wanted not in names:
                known = ", ".join(names[:20])
                raise UnreadableBodyError(f"no sheet {sheet[:50]!r}; there are: {known}")
            _, sheets = read_cells(path, (wanted,), _MEMORY_BYTES)
        except WorkbookError as error:
            raise UnreadableBodyError(str(error)) from error
    return _csv(sheets[wanted], wanted)


def _csv(rows: Rows, sheet: str) -> bytes:
    if not rows or rows[0][0] != 1:
        raise UnreadableBodyError(f"sheet {sheet}: the header must stand in its first row")
    header = [_text(cell) for cell in rows[0][1]]
    times = {k for k, name in enumerate(header) if COLUMNS.get(name.strip(), name.strip()) == "ts"}
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    here = 1
    for number, cells in rows:
        out.write("\n" * (number - here))
        here = number + 1
        said = [_time(c) if number > 1 and k in times else _text(c) for k, c in enumerate(cells)]
        writer.writerow(said + [""] * (len(header) - len(said)))
    return out.getvalue().encode("utf-8", "replace")


def _time(cell: object) -> str:
    """Also a day's number that is not formatted as a date."""
    if isinstance(cell, float) and int(cell) in _SERIAL_DAYS:
        return _text(_DAY_0 + timedelta(days=cell))
    return _text(cell)


def _text(cell: object) -> str:
    if isinstance(cell, datetime):
        # Spreadsheets keep days as fractions: a whole second may be some microseconds off.
        whole = (cell + timedelta(milliseconds=500)).replace(microsecond=0)
        near = abs(whole - cell) <= timedelta(milliseconds=2)
        return (whole if near else cell).isoformat(timespec="seconds" if near else "milliseconds")
    if isinstance(cell, date):  # midnight comes as a date
        return datetime.combine(cell, time()).isoformat()
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 2**53:
        return str(int(cell))
    # A line break within a cell would move the numbers of the rows below it.
    return " ".join(str(cell).splitlines()) if isinstance(cell, str) else str(cell)
