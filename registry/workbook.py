"""The registry as a workbook: one sheet a record type, one row a record.

What changes over time has sheets of its own: `dated` for numbers with the day each holds from
(floor area, headcount, meter multiplier), `swaps` for replaced meters. Reading lists every
problem there is, with its sheet, row and column, before anything is taken over.
"""

import dataclasses
import json
import typing
from collections.abc import Callable, Iterator, Sequence
from dataclasses import MISSING, dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Any

import xlsxwriter
from python_calamine import CalamineError, CalamineWorkbook

from domain.calendar import from_ms
from domain.errors import ConfigError
from domain.places import (
    Bin,
    Building,
    Contract,
    Dated,
    Institution,
    Meter,
    PvSystem,
    Swap,
    WeatherStation,
)
from domain.registry import Registry
from registry.cells import CellError, converter, day, instant_ms, number, text

SHEETS: dict[str, type] = {
    "institutions": Institution,
    "buildings": Building,
    "meters": Meter,
    "pv_systems": PvSystem,
    "bins": Bin,
    "weather_stations": WeatherStation,
    "contracts": Contract,
}
_DEVICE_SHEETS = ("meters", "pv_systems", "bins", "weather_stations")


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong in a workbook; `row` counts from 1 as spreadsheets do, 0 for the sheet."""

    sheet: str
    row: int
    column: str
    reason: str

    def __str__(self) -> str:
        place = f"sheet {self.sheet}"
        place += f", row {self.row}" if self.row else ""
        place += f", column {self.column}" if self.column else ""
        return f"{place}: {self.reason}"


Convert = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class _History:
    """A sheet of what changes over time: rows that become items of a field that is a tuple.

    The first two columns name the record and its field; those with a default may stay empty.
    `cells` gives an item's cells in the order of the other columns.
    """

    item: type
    columns: tuple[tuple[str, str, Convert], ...]
    cells: Callable[[Any], list[object]]
    defaults: dict[str, object] = dataclasses.field(default_factory=dict)

    @property
    def header(self) -> list[str]:
        return ["record", "field", *(title for title, _, _ in self.columns)]


HISTORIES = {
    "dated": _History(
        Dated,
        (("valid_from", "valid_from", day), ("value", "value", number)),
        lambda d: [d.valid_from, d.value],
    ),
    "swaps": _History(
        Swap,
        (("at", "at_ms", instant_ms), ("final", "final", number), ("initial", "initial", number)),
        lambda s: [from_ms(s.at_ms).isoformat(), s.final, s.initial],
        {"final": None, "initial": 0.0},
    ),
}


def _fields_of(history: str, sheet: str) -> list[str]:
    """The fields of a sheet's records that a history sheet holds."""
    hints = typing.get_type_hints(SHEETS[sheet])
    items = (HISTORIES[history].item, ...)
    return [n for n, h in hints.items() if typing.get_args(h) == items]


def _columns(sheet: str) -> list[str]:
    elsewhere = {f for h in HISTORIES for f in _fields_of(h, sheet)}
    return [f.name for f in dataclasses.fields(SHEETS[sheet]) if f.name not in elsewhere]


# Writing


def write_xlsx(registry: Registry, path: Path) -> None:
    """Write every record. Raises ConfigError when the file cannot be written."""
    records = _records(registry)
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(str(path), options)
    for name in SHEETS:
        columns = _columns(name)
        rows = ([_to_cell(getattr(r, c)) for c in columns] for r in records[name])
        _write_sheet(book, name, columns, rows)
    for name, history in HISTORIES.items():
        _write_sheet(book, name, history.header, _history_rows(name, records))
    try:
        book.close()
    except (xlsxwriter.exceptions.FileCreateError, OSError) as error:
        raise ConfigError(f"{path} cannot be written ({error}): name another file") from error


def _write_sheet(
    book: Any, name: str, columns: Sequence[str], rows: Iterator[list[object]]
) -> None:
    sheet = book.add_worksheet(name)
    days = book.add_format({"num_format": "yyyy-mm-dd"})
    sheet.write_row(0, 0, columns, book.add_format({"bold": True, "bottom": 1}))
    sheet.freeze_panes(1, 1)
    sheet.set_column(0, len(columns) - 1, 18)
    for r, cells in enumerate(rows, 1):
        for c, cell in enumerate(cells):
            if isinstance(cell, date):
                sheet.write_datetime(r, c, cell, days)
            elif isinstance(cell, str):
                sheet.write_string(r, c, cell)
            elif cell is not None:
                sheet.write_number(r, c, cell)


def _records(registry: Registry) -> dict[str, list[Any]]:
    of_type = {kind: name for name, kind in SHEETS.items()}
    found: dict[str, list[Any]] = {name: [] for name in SHEETS}
    everything = (
        *registry.institutions,
        *registry.buildings,
        *registry.devices,
        *registry.contracts,
    )
    for record in everything:
        found[of_type[type(record)]].append(record)
    return found


def _history_rows(history: str, records: dict[str, list[Any]]) -> Iterator[list[object]]:
    for sheet, found in records.items():
        for field in _fields_of(history, sheet):
            for record in found:
                for item in getattr(record, field):
                    yield [record.id, field, *HISTORIES[history].cells(item)]


def _to_cell(value: object) -> object:
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, tuple) and all(isinstance(v, str) for v in value):
        return ", ".join(value)
    if isinstance(value, tuple):  # a heating season: ((11, 15), (3, 15))
        (m1, d1), (m2, d2) = value
        return f"{m1:02d}-{d1:02d}/{m2:02d}-{d2:02d}"
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False, sort_keys=True) if value else None
    return value if value != "" else None


# Reading


def read_xlsx(path: Path) -> tuple[Registry, list[Problem]]:
    """The registry of a workbook and every problem found in it.

    With problems the registry holds the records that could be read. Raises ConfigError when
    the file is no workbook.
    """
    try:
        book = CalamineWorkbook.from_path(str(path))
    except (CalamineError, OSError, ValueError) as error:
        raise ConfigError(f"{path} is not a workbook that can be read: {error}") from error
    ours = (*SHEETS, *HISTORIES)
    problems = [
        Problem(name, 0, "", f"not one of ours; there are {', '.join(ours)}")
        for name in book.sheet_names
        if name not in ours
    ]
    histories = {n: _read_history(n, _sheet(book, n), problems) for n in HISTORIES}
    records = {n: _read_records(n, _sheet(book, n), histories, problems) for n in SHEETS}
    for name, items in histories.items():
        problems += _strays(name, items, records)
    registry = Registry(
        tuple(records["institutions"]),
        tuple(records["buildings"]),
        tuple(d for n in _DEVICE_SHEETS for d in records[n]),
        tuple(records["contracts"]),
    )
    return registry, problems


def check_xlsx(path: Path, known: Registry | None = None) -> tuple[Registry, list[str]]:
    """The registry and every problem as a sentence; cells first, then what does not fit
    together. Records of `known` may be referred to without being in the workbook."""
    registry, problems = read_xlsx(path)
    sentences = [str(p) for p in problems]
    if not problems:
        # Doubles first: merging would hide them.
        sentences += [p for p in registry.problems() if " is there " in p]
        sentences += merged(known or Registry(), registry).problems()
    return registry, list(dict.fromkeys(sentences))


def merged(old: Registry, new: Registry) -> Registry:
    """What the registry is after an import: records of `new` replace those of the same id."""

    def both(before: tuple[Any, ...], after: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple({r.id: r for r in (*before, *after)}.values())

    return Registry(
        both(old.institutions, new.institutions),
        both(old.buildings, new.buildings),
        both(old.devices, new.devices),
        both(old.contracts, new.contracts),
    )


Cells = list[list[Any]]
Items = dict[tuple[str, str], tuple[int, list[Any]]]
"""(record, field) → the row it is first named in, and the items."""


def _sheet(book: CalamineWorkbook, name: str) -> Cells:
    if name not in book.sheet_names:
        return []
    # Not skipping empty rows keeps row numbers as the person sees them.
    rows: Cells = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
    return rows


def _table(
    name: str, cells: Cells, columns: Sequence[str], problems: list[Problem]
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Row number and cells by column of every row that is not empty."""
    if not cells:
        return
    header = [str(c).strip() for c in cells[0]]
    for i, column in enumerate(header):
        if column and column not in columns:
            reason = f"no such column; there are {', '.join(columns)}"
            problems.append(Problem(name, 1, column, reason))
        elif column and column in header[:i]:
            problems.append(Problem(name, 1, column, "the column is there twice"))
    for row_number, row in enumerate(cells[1:], 2):
        if any(c != "" for c in row):
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
        if cell != "":
            values[name or column] = convert(cell)
        elif needed:
            raise CellError("must be filled")
    except CellError as error:
        problems.append(Problem(*place, column, str(error)))


def _read_history(name: str, cells: Cells, problems: list[Problem]) -> Items:
    history = HISTORIES[name]
    found: Items = {}
    for row_number, row in _table(name, cells, history.header, problems):
        before, place = len(problems), (name, row_number)
        key: dict[str, Any] = {}
        values: dict[str, Any] = dict(history.defaults)
        for column in ("record", "field"):
            _cell(row, column, text, True, place, key, problems)
        for title, field, convert in history.columns:
            needed = field not in history.defaults
            _cell(row, title, convert, needed, place, values, problems, field)
        if len(problems) == before:
            first = found.setdefault((key["record"], key["field"]), (row_number, []))
            first[1].append(history.item(**values))
    return found


def _read_records(
    name: str, cells: Cells, histories: dict[str, Items], problems: list[Problem]
) -> list[Any]:
    kind = SHEETS[name]
    hints = typing.get_type_hints(kind)
    needed = {
        f.name
        for f in dataclasses.fields(kind)
        if f.default is MISSING and f.default_factory is MISSING
    }
    columns = _columns(name)
    converters = {c: converter(hints[c]) for c in columns}
    found = []
    for row_number, row in _table(name, cells, columns, problems):
        before = len(problems)
        values: dict[str, Any] = {}
        for column in columns:
            place = (name, row_number)
            _cell(row, column, converters[column], column in needed, place, values, problems)
        for history, items in histories.items():
            for field in _fields_of(history, name):
                values[field] = _in_time(items.get((values.get("id", ""), field), (0, []))[1])
        if len(problems) == before:
            found.append(kind(**values))
    return found


def _in_time(items: list[Any]) -> tuple[Any, ...]:
    """Sorted by their first field, which is when each begins."""
    return tuple(sorted(items, key=lambda i: getattr(i, dataclasses.fields(i)[0].name)))


def _strays(history: str, items: Items, records: dict[str, list[Any]]) -> list[Problem]:
    known = {(r.id, f) for n, rs in records.items() for f in _fields_of(history, n) for r in rs}
    return [
        Problem(history, row, "record", f"no record {record!r} with a field {field!r}")
        for (record, field), (row, _) in items.items()
        if (record, field) not in known
    ]
