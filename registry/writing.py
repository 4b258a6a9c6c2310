"""The registry written as a workbook: one sheet a record type, one row a record."""

import json
from collections.abc import Iterator, Sequence
from datetime import date
from enum import StrEnum
from io import BytesIO
from pathlib import Path
from typing import Any

import xlsxwriter

from domain.errors import ConfigError
from domain.registry import Registry
from registry.headings import heading
from registry.sheets import (
    HISTORIES,
    NOTES,
    SHEETS,
    choices_of,
    columns_of,
    fields_of,
    records_of,
    sheet_of,
)


def write_xlsx(
    registry: Registry,
    path: Path | BytesIO,
    notes: Sequence[Sequence[object]] | None = None,
    lang: str = "",
) -> None:
    """Write every record to a file or into memory, its sheets and columns called as in that language
    (empty: by their short names), and in a sheet of their own `notes`: a header and rows for people.

    Raises ConfigError when the file cannot be written.
    """
    records = _records(registry)
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    target = path if isinstance(path, BytesIO) else str(path)
    book = xlsxwriter.Workbook(target, options)
    if notes is not None:
        _write_sheet(
            book, NOTES, [str(c) for c in notes[0]], (list(row) for row in notes[1:]), lang
        )
    for name in SHEETS:
        columns = columns_of(name)
        rows = ([to_cell(getattr(r, c)) for c in columns] for r in records[name])
        _write_sheet(book, name, columns, rows, lang)
    for name, history in HISTORIES.items():
        _write_sheet(book, name, history.header, _history_rows(name, records), lang)
    try:
        book.close()
    except (xlsxwriter.exceptions.FileCreateError, OSError) as error:
        raise ConfigError(f"{path} cannot be written ({error}): name another file") from error


def _write_sheet(
    book: Any, name: str, columns: Sequence[str], rows: Iterator[list[object]], lang: str
) -> None:
    called = columns if name == NOTES else [heading("column", c, lang) for c in columns]
    sheet = book.add_worksheet(name if name == NOTES else heading("sheet", name, lang))
    days = book.add_format({"num_format": "yyyy-mm-dd"})
    sheet.write_row(0, 0, called, book.add_format({"bold": True, "bottom": 1}))
    sheet.freeze_panes(1, 1)
    sheet.set_column(0, len(columns) - 1, 18)
    if name != NOTES:
        _offer_words(sheet, name, columns)
    for r, cells in enumerate(rows, 1):
        for c, cell in enumerate(cells):
            if isinstance(cell, date):
                sheet.write_datetime(r, c, cell, days)
            elif isinstance(cell, str):
                sheet.write_string(r, c, cell)
            elif cell is not None:
                sheet.write_number(r, c, cell)


def _offer_words(sheet: Any, name: str, columns: Sequence[str]) -> None:
    """A drop-down in each column in which one of few words stands; in the first row of an empty table
    as well."""
    for column, words in choices_of(name).items():
        c = columns.index(column)
        if len(",".join(words)) <= _LONGEST_LIST:
            offered = {"validate": "list", "source": list(words), "error_type": "stop"}
            sheet.data_validation(1, c, _LAST_ROW, c, offered)


_LONGEST_LIST = 255
"""Characters that a drop-down may have in all."""
_LAST_ROW = 20_000


def _records(registry: Registry) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {name: [] for name in SHEETS}
    for record in records_of(registry):
        found[sheet_of(record)].append(record)
    return found


def _history_rows(history: str, records: dict[str, list[Any]]) -> Iterator[list[object]]:
    for sheet, found in records.items():
        for field in fields_of(history, sheet):
            for record in found:
                for item in getattr(record, field):
                    keys = [record.id, field][: len(HISTORIES[history].keys)]
                    yield [*keys, *HISTORIES[history].cells(item)]


def to_cell(value: object) -> object:
    """The cell of a record's field; None: an empty one."""
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, tuple) and all(isinstance(v, str) for v in value):
        return ", ".join(value)
    if isinstance(value, tuple):  # a heating season: ((11, 15), (3, 15))
        (m1, d1), (m2, d2) = value
        return f"{m1:02d}-{d1:02d}/{m2:02d}-{d2:02d}"
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False, sort_keys=True, default=str) if value else None
    return value if value != "" else None
