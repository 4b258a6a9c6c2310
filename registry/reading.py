"""The registry read from a workbook: every problem there is, with its sheet, row and column.

A column or a sheet that is not there says nothing: what is registered of a known record stays.
"""

import dataclasses
import typing
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass
from pathlib import Path
from typing import Any

from domain.errors import ConfigError
from domain.registry import Registry
from domain.registry.fit import Double
from domain.registry.records import Misfit
from registry.cells import CellError, converter, is_blank, text
from registry.headings import by_short_names, sheet_names
from registry.sheets import (
    DEVICE_SHEETS,
    HISTORIES,
    NOTES,
    SHEETS,
    Convert,
    columns_of,
    fields_of,
    records_of,
    sheet_of,
)
from registry.workbook_cells import Rows, WorkbookError, read_cells


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong in a workbook; `row` counts from 1 as spreadsheets do, 0 for the sheet. An
    empty `sheet`: of a record that is registered and not in the workbook."""

    sheet: str
    row: int
    column: str
    reason: str

    def __str__(self) -> str:
        if not self.sheet:
            return self.reason
        place = f"sheet {self.sheet}"
        place += f", row {self.row}" if self.row else ""
        place += f", column {self.column}" if self.column else ""
        return f"{place}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Places:
    """Where the records of a workbook stand: the rows of each, by sheet and id (several: it is there
    several times), and the rows of its items, by history sheet, id and field, in the order of the
    items."""

    records: Mapping[tuple[str, str], Sequence[int]]
    items: Mapping[tuple[str, str, str], Sequence[int]]

    def of(self, misfit: Misfit) -> Problem | None:
        """A misfit with its place; None if its record is not in the workbook."""
        sheet = sheet_of(misfit.record)
        own = self.records.get((sheet, misfit.record.id))
        if own is None:
            return None
        for history in HISTORIES:
            rows = self.items.get((history, misfit.record.id, misfit.field), ())
            if rows and misfit.field in fields_of(history, sheet):
                at = misfit.item if misfit.item in range(len(rows)) else 0
                return Problem(history, rows[at], "", str(misfit))
        said = str(misfit)
        if isinstance(misfit, Double):
            said += f" (also at {', '.join(self._others(sheet, misfit.record.id))})"
        return Problem(sheet, own[-1], misfit.field, said)

    def _others(self, sheet: str, name: str) -> list[str]:
        """Where else an id stands that is there several times, as spreadsheets write a cell."""
        sheets = DEVICE_SHEETS if sheet in DEVICE_SHEETS else (sheet,)
        cells = [(s, row) for s in sheets for row in self.records.get((s, name), ())]
        return [
            f"{s}!A{row}" for s, row in cells if (s, row) != (sheet, self.records[sheet, name][-1])
        ]


def read_xlsx(path: Path) -> tuple[Registry, list[Problem]]:
    """The registry of a workbook and every problem of its cells, as by `read_with_places`."""
    return read_with_places(path)[:2]


def read_with_places(
    path: Path, known: Registry | None = None
) -> tuple[Registry, list[Problem], Places]:
    """The registry of a workbook, every problem of its cells, and where its records stand.

    Records of `known` keep what the workbook has no column or sheet for. With problems the registry
    holds the records that could be read. Raises ConfigError when the file is no workbook, or one
    that asks for more memory or time than a registry does.
    """
    try:
        cells = read_cells(path, tuple(sheet_names()))
    except WorkbookError as error:
        raise ConfigError(f"{path}: {error}") from error
    names, sheets, twice = by_short_names(*cells)
    registry, problems, places = read_tables(names, sheets, known)
    doubled = [Problem(n, 0, "", "the sheet is there under another name too") for n in twice]
    return registry, [*doubled, *problems], places


def read_tables(
    names: Iterable[str], sheets: Mapping[str, Rows], known: Registry | None = None
) -> tuple[Registry, list[Problem], Places]:
    """As `read_with_places`, of the cells of sheets; `names` are those of all sheets there are."""
    problems = [
        Problem(name, 0, "", f"not one of ours; there are {', '.join(_OURS)}")
        for name in names
        if name not in (*_OURS, NOTES)
    ]
    had = {(sheet_of(r), r.id): r for r in records_of(known or Registry())}
    histories = {n: _read_history(n, sheets[n], problems) for n in HISTORIES if sheets.get(n)}
    rows: dict[tuple[str, str], list[int]] = {}
    records = {
        n: _read_records(n, sheets.get(n, []), histories, had, problems, rows) for n in SHEETS
    }
    for name, items in histories.items():
        problems += _strays(name, items, rows)
    registry = Registry(
        tuple(records["institutions"]),
        tuple(records["buildings"]),
        tuple(d for n in DEVICE_SHEETS for d in records[n]),
        tuple(records["contracts"]),
    )
    at = {
        (n, *key): [r for r, _ in of] for n, kept in histories.items() for key, of in kept.items()
    }
    return registry, problems, Places(rows, at)


_OURS = (*SHEETS, *HISTORIES)
Items = dict[tuple[str, str], list[tuple[int, Any]]]
"""(record, field) → the items, each with its row, in the order they have in the record."""


def _table(
    name: str, cells: Rows, columns: Sequence[str], problems: list[Problem]
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Row number and cells by column of every row that is not empty."""
    if not cells or cells[0][0] != 1:
        return
    header = [str(c).strip() for c in cells[0][1]]
    for i, column in enumerate(header):
        if column and column not in columns:
            reason = f"no such column; there are {', '.join(columns)}"
            if column in HISTORIES:
                reason = f"no column but a sheet of its own: {', '.join(HISTORIES[column].header)}"
            problems.append(Problem(name, 1, column, reason))
        elif column and column in header[:i]:
            problems.append(Problem(name, 1, column, "the column is there twice"))
    for row_number, row in cells[1:]:
        if not all(map(is_blank, row)):
            yield row_number, {h: c for h, c in zip(header, row, strict=False) if h in columns}


def _cell(
    row: dict[str, Any],
    column: str,
    convert: Convert,
    needed: bool,
    place: tuple[str, int],
    values: dict[str, Any],
    problems: list[Problem],
    name: str = "",
) -> None:
    """Convert one cell into `values[name or column]`, or add a problem."""
    cell = row.get(column, "")
    try:
        if not is_blank(cell):
            values[name or column] = convert(cell)
        elif needed:
            raise CellError("must be filled")
    except CellError as error:
        problems.append(Problem(*place, column, str(error)))


def _read_history(name: str, cells: Rows, problems: list[Problem]) -> Items:
    history = HISTORIES[name]
    found: Items = {}
    for row_number, row in _table(name, cells, history.header, problems):
        before, place = len(problems), (name, row_number)
        key: dict[str, Any] = {"field": history.field}
        values: dict[str, Any] = dict(history.defaults)
        for column in history.keys:
            _cell(row, column, text, True, place, key, problems)
        for title, field, convert in history.columns:
            needed = field not in history.defaults
            _cell(row, title, convert, needed, place, values, problems, field)
        if len(problems) == before:
            item = (row_number, history.make(**values))
            found.setdefault((key[history.record], key["field"]), []).append(item)
    if history.timed:
        for items in found.values():
            items.sort(key=lambda i: getattr(i[1], history.columns[0][1]))
    return found


def _read_records(
    name: str,
    cells: Rows,
    histories: dict[str, Items],
    had: Mapping[tuple[str, str], Any],
    problems: list[Problem],
    rows: dict[tuple[str, str], list[int]],
) -> list[Any]:
    kind = SHEETS[name]
    hints = typing.get_type_hints(kind)
    needed = {
        f.name
        for f in dataclasses.fields(kind)
        if f.default is MISSING and f.default_factory is MISSING
    }
    columns = columns_of(name)
    converters = {c: converter(c, hints[c]) for c in columns}
    header = {str(c).strip() for c in cells[0][1]} if cells else set()
    fields = {h: fields_of(h, name) for h in HISTORIES}
    found = []
    for row_number, row in _table(name, cells, columns, problems):
        before = len(problems)
        values: dict[str, Any] = {}
        for column in columns:  # the id is the first of them
            old = had.get((name, values.get("id", "")))
            if column not in header and old is not None:
                values[column] = getattr(old, column)
                continue
            place = (name, row_number)
            _cell(row, column, converters[column], column in needed, place, values, problems)
        old = had.get((name, values.get("id", "")))
        for history, of in fields.items():
            for field in of:
                if history in histories:
                    items = histories[history].get((values.get("id", ""), field), ())
                    values[field] = tuple(i for _, i in items)
                elif old is not None:
                    values[field] = getattr(old, field)
        if "id" in values:
            rows.setdefault((name, values["id"]), []).append(row_number)
        if len(problems) == before:
            found.append(kind(**values))
    return found


def _strays(history: str, items: Items, rows: Mapping[tuple[str, str], object]) -> list[Problem]:
    """Items of records that are not there; one with a problem of its own is."""
    known = {(name, f) for sheet, name in rows for f in fields_of(history, sheet)}
    return [
        Problem(
            history,
            found[0][0],
            HISTORIES[history].record,
            f"no record {record!r} with a field {field!r}",
        )
        for (record, field), found in items.items()
        if (record, field) not in known
    ]
