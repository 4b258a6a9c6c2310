"""Rows as a workbook: numbers and days stay what they are, and no text is a formula.

Instants are UTC, as everywhere, for spreadsheets know no zones. The second sheet says what each
column means, and its unit.
"""

import io
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import xlsxwriter

from api.rows.base import Row
from domain.instants import parse_instant

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_LONGEST = 32_767
"""Characters that a cell may hold."""
_OPTIONS = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}


def xlsx_bytes(rows: Sequence[dict[str, Any]], model: type[Row]) -> bytes:
    """Rows (as they are in JSON) as a workbook. A value that is not known is an empty cell."""
    made = io.BytesIO()
    with xlsxwriter.Workbook(made, _OPTIONS) as book:
        bold = book.add_format({"bold": True, "bottom": 1})
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        instant = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        table, meanings = book.add_worksheet("rows"), book.add_worksheet("columns")
        table.write_row(0, 0, list(model.model_fields), bold)
        table.freeze_panes(1, 0)
        meanings.write_row(0, 0, ["column", "unit", "meaning"], bold)
        for c, (name, info) in enumerate(model.model_fields.items()):
            extra = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
            unit, about = str(extra.get("unit", "")), info.description or ""
            for k, said in enumerate((name, unit, about)):
                meanings.write_string(c + 1, k, said)
            kind = _time_kind(info.annotation)
            for r, row in enumerate(rows, 1):
                value = row[name]
                if kind is datetime and value is not None:
                    at = parse_instant(value).replace(tzinfo=None)
                    table.write_datetime(r, c, at, instant)
                elif kind is date and value is not None:
                    table.write_datetime(r, c, date.fromisoformat(value), day)
                else:
                    _write(table, r, c, value)
    return made.getvalue()


def _write(table: Any, r: int, c: int, value: object) -> None:
    if isinstance(value, bool):
        table.write_boolean(r, c, value)
    elif isinstance(value, int | float):
        table.write_number(r, c, value)
    elif value is not None:
        text = str(value)
        table.write_string(r, c, text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…")


def _time_kind(annotation: Any) -> type | None:
    """`datetime` or `date` where a column's values are such."""
    kinds = {annotation, *getattr(annotation, "__args__", ())}
    return next((k for k in (datetime, date) if k in kinds), None)
