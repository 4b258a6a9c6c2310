"""The registry as a workbook: one sheet a record type, one row a record.

Numbers that change over time (floor area, headcount, meter multiplier) have a sheet of their
own, `dated`, with the day each value holds from. Reading lists every problem there is, with
its sheet, row and column, before anything is taken over.
"""

import dataclasses
import json
import math
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, dataclass
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal

import xlsxwriter
from python_calamine import CalamineError, CalamineWorkbook

from domain.errors import ConfigError
from domain.places import (
    Bin,
    Building,
    Contract,
    Dated,
    Institution,
    Meter,
    PvSystem,
    WeatherStation,
)
from domain.registry import Registry

SHEETS: dict[str, type] = {
    "institutions": Institution,
    "buildings": Building,
    "meters": Meter,
    "pv_systems": PvSystem,
    "bins": Bin,
    "weather_stations": WeatherStation,
    "contracts": Contract,
}
DATED_SHEET = "dated"
_DATED_COLUMNS = ("record", "field", "valid_from", "value")
_DATED_FIELDS = {"institutions": ("floor_area_m2", "headcount"), "meters": ("multiplier",)}


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


class _CellError(Exception):
    """What a cell holds does not fit; the text says what would."""


# Writing


def write_xlsx(registry: Registry, path: Path) -> None:
    """Write every record. Raises ConfigError when the file cannot be written."""
    book = xlsxwriter.Workbook(str(path), {"in_memory": True, "strings_to_formulas": False,
                                           "strings_to_urls": False})  # fmt: skip
    bold = book.add_format({"bold": True, "bottom": 1})
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    for name, records in _records(registry).items():
        columns = _columns(SHEETS[name])
        _write_sheet(book.add_worksheet(name), bold, day, columns,
                     ([_to_cell(getattr(r, c)) for c in columns] for r in records))  # fmt: skip
    _write_sheet(book.add_worksheet(DATED_SHEET), bold, day, _DATED_COLUMNS, _dated_rows(registry))
    try:
        book.close()
    except (xlsxwriter.exceptions.FileCreateError, OSError) as error:
        raise ConfigError(f"{path} cannot be written ({error}): name another file") from error


def _write_sheet(
    sheet: Any, bold: Any, day: Any, columns: typing.Sequence[str], rows: Iterator[list[object]]
) -> None:
    sheet.write_row(0, 0, columns, bold)
    sheet.freeze_panes(1, 1)
    sheet.set_column(0, len(columns) - 1, 18)
    for r, cells in enumerate(rows, 1):
        for c, cell in enumerate(cells):
            if isinstance(cell, date):
                sheet.write_datetime(r, c, cell, day)
            elif isinstance(cell, str):
                sheet.write_string(r, c, cell)
            elif cell is not None:
                sheet.write_number(r, c, cell)


def _records(registry: Registry) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {name: [] for name in SHEETS}
    of_type = {kind: name for name, kind in SHEETS.items()}
    for record in (
        *registry.institutions, *registry.buildings, *registry.devices, *registry.contracts,
    ):  # fmt: skip
        found[of_type[type(record)]].append(record)
    return found


def _dated_rows(registry: Registry) -> Iterator[list[object]]:
    for sheet, records in _records(registry).items():
        for record in records:
            for name in _DATED_FIELDS.get(sheet, ()):
                for dated in getattr(record, name):
                    yield [record.id, name, dated.valid_from, dated.value]


def _to_cell(value: object) -> object:
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, tuple) and value and isinstance(value[0], StrEnum):
        return ", ".join(v.value for v in value)
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
    problems = [
        Problem(name, 0, "", f"not one of ours; there are {', '.join((*SHEETS, DATED_SHEET))}")
        for name in book.sheet_names
        if name not in SHEETS and name != DATED_SHEET
    ]
    dated = _read_dated(_sheet(book, DATED_SHEET), problems)
    records = {n: _read_records(n, _sheet(book, n), dated, problems) for n in SHEETS}
    known = {
        (r.id, field) for n, fields in _DATED_FIELDS.items() for r in records[n] for field in fields
    }
    problems += [
        Problem(DATED_SHEET, row, "record", f"no record {record!r} with a dated {field!r}")
        for (record, field), (row, _) in dated.items()
        if (record, field) not in known
    ]
    registry = Registry(
        tuple(records["institutions"]),
        tuple(records["buildings"]),
        tuple(d for n in ("meters", "pv_systems", "bins", "weather_stations") for d in records[n]),
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


def _sheet(book: CalamineWorkbook, name: str) -> Cells:
    if name not in book.sheet_names:
        return []
    # Not skipping empty rows keeps row numbers as the person sees them.
    rows: Cells = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
    return rows


def _table(
    name: str, cells: Cells, columns: typing.Sequence[str], problems: list[Problem]
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Row number and cells by column of every row that is not empty."""
    if not cells:
        return
    header = [str(c).strip() for c in cells[0]]
    for i, column in enumerate(header):
        if column and column not in columns:
            problems.append(
                Problem(name, 1, column, f"no such column; there are {', '.join(columns)}")
            )
        elif column and column in header[:i]:
            problems.append(Problem(name, 1, column, "the column is there twice"))
    for number, row in enumerate(cells[1:], 2):
        if any(c != "" for c in row):
            yield number, {h: c for h, c in zip(header, row, strict=False) if h in columns}


DatedValues = dict[tuple[str, str], tuple[int, list[Dated]]]


def _read_dated(cells: Cells, problems: list[Problem]) -> DatedValues:
    found: DatedValues = {}
    for number, row in _table(DATED_SHEET, cells, _DATED_COLUMNS, problems):
        values: dict[str, Any] = {}
        for column, convert in zip(_DATED_COLUMNS, (_text, _text, _day, _number), strict=True):
            try:
                if row.get(column, "") == "":
                    raise _CellError("must be filled")
                values[column] = convert(row[column])
            except _CellError as error:
                problems.append(Problem(DATED_SHEET, number, column, str(error)))
        if len(values) == len(_DATED_COLUMNS):
            key = (values["record"], values["field"])
            found.setdefault(key, (number, []))[1].append(
                Dated(values["valid_from"], values["value"])
            )
    return found


def _read_records(
    name: str, cells: Cells, dated: DatedValues, problems: list[Problem]
) -> list[Any]:
    kind = SHEETS[name]
    fields = {f.name: f for f in dataclasses.fields(kind)}
    hints = typing.get_type_hints(kind)
    found = []
    for number, row in _table(name, cells, _columns(kind), problems):
        values: dict[str, Any] = {}
        before = len(problems)
        for column in _columns(kind):
            cell = row.get(column, "")
            needed = fields[column].default is MISSING and fields[column].default_factory is MISSING
            try:
                if cell != "":
                    values[column] = _converter(hints[column])(cell)
                elif needed:
                    raise _CellError("must be filled")
            except _CellError as error:
                problems.append(Problem(name, number, column, str(error)))
        for column in _DATED_FIELDS.get(name, ()):
            _, history = dated.get((values.get("id", ""), column), (0, []))
            values[column] = tuple(sorted(history, key=lambda d: d.valid_from))
        if len(problems) == before:
            found.append(kind(**values))
    return found


def _columns(kind: type) -> list[str]:
    dated = {f for fields in _DATED_FIELDS.values() for f in fields}
    hints = typing.get_type_hints(kind)
    return [
        f.name
        for f in dataclasses.fields(kind)
        if not (f.name in dated and hints[f.name] == tuple[Dated, ...])
    ]


def _converter(hint: Any) -> Callable[[Any], Any]:
    """How a cell becomes a value of a field's type. Empty cells never come here."""
    origin, choices = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        (only,) = (c for c in choices if c is not types.NoneType)
        return _converter(only)
    if origin is Literal:
        return lambda cell: _one_of(_text(cell), choices)
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return lambda cell: hint(_one_of(_text(cell), [e.value for e in hint]))
    if origin is tuple and choices[0] is not tuple and choices[-1] is Ellipsis:
        item = _converter(choices[0])
        return lambda cell: tuple(item(part.strip()) for part in _text(cell).split(","))
    return _PLAIN.get(origin or hint, _text)


def _text(cell: Any) -> str:
    """Text as the person sees it: spreadsheets turn an id like 370502 into a number."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, date | bool):
        raise _CellError(f"{cell} is a date or truth value: format the cell as text")
    return str(cell).strip()


def _number(cell: Any) -> float:
    if isinstance(cell, bool) or not isinstance(cell, int | float) or not math.isfinite(cell):
        raise _CellError(f"{cell!r} is not a number")
    return float(cell)


def _whole(cell: Any) -> int:
    value = _number(cell)
    if not value.is_integer():
        raise _CellError(f"{cell!r} is not a whole number")
    return int(value)


def _day(cell: Any) -> date:
    """A day. The reader gives a datetime, but a date for midnight: both are taken; a time of
    day is not, because somebody meant something else."""
    if isinstance(cell, datetime):
        if (cell.hour, cell.minute, cell.second) != (0, 0, 0):
            raise _CellError(f"{cell} has a time of day: give the day alone")
        return cell.date()
    if isinstance(cell, date):
        return cell
    try:
        return date.fromisoformat(str(cell).strip())
    except ValueError:
        raise _CellError(f"{cell!r} is not a day: write YYYY-MM-DD") from None


def _season(cell: Any) -> tuple[tuple[int, int], tuple[int, int]]:
    try:
        start, end = (date.fromisoformat(f"2000-{part}") for part in _text(cell).split("/"))
    except ValueError:
        raise _CellError(f"{cell!r} is not a season: write MM-DD/MM-DD, end excluded") from None
    return (start.month, start.day), (end.month, end.day)


def _object(cell: Any) -> dict[str, object]:
    try:
        value = json.loads(_text(cell))
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise _CellError(f"{cell!r} is not a JSON object")
    return value


def _one_of(text: str, choices: typing.Iterable[str]) -> str:
    if text not in choices:
        raise _CellError(f"{text!r} is not one of {', '.join(choices)}")
    return text


_PLAIN: Mapping[Any, Callable[[Any], Any]] = {
    str: _text, float: _number, int: _whole, date: _day, tuple: _season, dict: _object,
}  # fmt: skip
