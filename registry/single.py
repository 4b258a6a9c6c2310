"""One record as plain JSON values: the cells of its row, and the rows of its history sheets."""

import json
from collections.abc import Mapping
from typing import Any

from domain.registry import Registry
from domain.registry.records import Record
from registry.reading import Places, Problem, read_tables
from registry.sheets import HISTORIES, columns_of, fields_of, records_of, sheet_of
from registry.workbook_cells import Rows
from registry.writing import to_cell


def record_of(registry: Registry, sheet: str, name: str) -> Record | None:
    """The record of a sheet by its id."""
    found = (r for r in records_of(registry) if r.id == name and sheet_of(r) == sheet)
    return next(found, None)


def plain_of(record: Record) -> dict[str, object]:
    """The columns of its sheet with what their cells hold (null: empty), and by the name of each
    history sheet that it may have rows in, these rows without the record's id."""
    sheet = sheet_of(record)
    plain: dict[str, object] = {
        column: _json(to_cell(getattr(record, column))) for column in columns_of(sheet)
    }
    for name, history in HISTORIES.items():
        fields = fields_of(name, sheet)
        if fields:
            plain[name] = [
                dict(zip(history.header[1:], [*_key(name, field), *cells], strict=True))
                for field in fields
                for item in getattr(record, field)
                for cells in [[_json(to_cell(c)) for c in history.cells(item)]]
            ]
    return plain


def read_plain(
    sheet: str, name: str, plain: Mapping[str, Any], known: Registry
) -> tuple[Registry, list[Problem], Places]:
    """What `plain_of` gives, read as rows of sheets are: what is left out stays as it is registered.
    Rows count as they would in a workbook, from 2."""
    cells = {k: v for k, v in plain.items() if k not in HISTORIES and k != "id"}
    sheets: dict[str, Rows] = {
        sheet: [(1, ["id", *cells]), (2, [name, *map(_cell, cells.values())])]
    }
    wrong = []
    for history in HISTORIES:
        if history not in plain:
            continue
        rows = plain[history]
        if not fields_of(history, sheet):
            wrong.append(Problem(sheet, 0, history, f"{sheet} have no rows in this sheet"))
        elif not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            wrong.append(Problem(history, 0, "", "must be an array of objects, one a row"))
        else:
            sheets[history] = _history(history, name, rows)
    registry, problems, places = read_tables((), sheets, known)
    return registry, [*wrong, *problems], places


def _history(history: str, name: str, rows: list[dict[str, Any]]) -> Rows:
    first = HISTORIES[history].record
    columns = list(dict.fromkeys(c for row in rows for c in row if c != first))
    head: tuple[int, list[Any]] = (1, [first, *columns])
    return [
        head,
        *((n, [name, *(_cell(row.get(c)) for c in columns)]) for n, row in enumerate(rows, 2)),
    ]


def _key(history: str, field: str) -> list[str]:
    return [] if HISTORIES[history].field else [field]


def _json(cell: object) -> object:
    return cell.isoformat() if hasattr(cell, "isoformat") else cell


def _cell(value: Any) -> Any:
    """A JSON value as the cell it would stand in."""
    if value is None:
        return ""
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else value
