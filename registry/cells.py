"""What a cell of a workbook holds, as a value of a record's field."""

import json
import math
import re
import types
import typing
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Literal

from stdnum.cn import uscc

from domain.calendar import to_ms
from domain.instants import InstantError, parse_instant


class CellError(Exception):
    """What a cell holds does not fit; the text says what would."""


def converter(field: str, hint: Any) -> Callable[[Any], Any]:
    """How a cell becomes a value of a record's field. Empty cells never come here."""
    return _OF_FIELD.get(field) or _of_type(hint)


def _of_type(hint: Any) -> Callable[[Any], Any]:
    origin, choices = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        (only,) = (c for c in choices if c is not types.NoneType)
        return _of_type(only)
    if origin is Literal:
        return lambda cell: _one_of(text(cell), choices)
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return lambda cell: hint(_one_of(text(cell), [e.value for e in hint]))
    if origin is tuple and choices[0] is not tuple and choices[-1] is Ellipsis:
        item = _of_type(choices[0])
        return lambda cell: tuple(item(part.strip()) for part in text(cell).split(","))
    return _PLAIN.get(origin or hint, text)


def text(cell: Any) -> str:
    """Text as the person sees it: spreadsheets turn an id like 370502 into a number, and round
    one of more than 15 digits, which cannot be taken back."""
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        if abs(cell) >= _ROUNDED_FROM:
            raise CellError(
                f"{cell:.0f} is a number of more than 15 digits, whose last ones the spreadsheet "
                "has lost: format the cell as text, then type it anew"
            )
        if float(cell).is_integer():
            return str(int(cell))
    if isinstance(cell, date | bool):
        raise CellError(f"{cell} is a date or truth value: format the cell as text")
    return str(cell).strip()


_ROUNDED_FROM = 1e15


def is_blank(cell: Any) -> bool:
    """Whether a person sees nothing in a cell: spaces of any width, and invisible characters."""
    return isinstance(cell, str) and all(unicodedata.category(c)[0] in "CZ" for c in cell)


def number(cell: Any) -> float:
    if isinstance(cell, bool) or not isinstance(cell, int | float) or not math.isfinite(cell):
        raise CellError(f"{cell!r} is not a number")
    return float(cell)


def _whole(cell: Any) -> int:
    value = number(cell)
    if not value.is_integer():
        raise CellError(f"{cell!r} is not a whole number")
    return int(value)


def day(cell: Any) -> date:
    """A day. The reader gives a datetime, but a date for midnight: both are taken; a time of
    day is not, because somebody meant something else."""
    if isinstance(cell, datetime):
        if (cell.hour, cell.minute, cell.second) != (0, 0, 0):
            raise CellError(f"{cell} has a time of day: give the day alone")
        return cell.date()
    if isinstance(cell, date):
        return cell
    try:
        return date.fromisoformat(str(cell).strip())
    except ValueError:
        raise CellError(f"{cell!r} is not a day: write YYYY-MM-DD") from None


def instant_ms(cell: Any) -> int:
    """An instant as text with its zone, in ms. A spreadsheet's own times have no zone, and
    guessing one would shift a register by a day's use."""
    try:
        return to_ms(parse_instant(str(cell).strip()))
    except InstantError:
        raise CellError(
            f"{cell!r} is not an instant: write text with its zone, 2024-03-01T09:30+08:00"
        ) from None


def credit_code(cell: Any) -> str:
    """A unified social credit code (GB 32100): 18 characters, the last checks the others.

    Small letters, spaces and hyphens between the characters are taken too.
    """
    code = uscc.compact(text(cell))
    # Not uscc.is_valid: it knows no registering authority that is a letter (N: agriculture).
    if not _CREDIT_CODE.fullmatch(code):
        raise CellError(f"{cell!r} is not a unified social credit code of 18 characters: {_REMEDY}")
    if uscc.calc_check_digit(code[:-1]) != code[-1]:
        raise CellError(
            f"{cell!r} is not a unified social credit code, its check character is wrong: {_REMEDY}"
        )
    return code


_CREDIT_CODE = re.compile(r"[1-9ANY][0-9]{7}[0-9A-HJ-NPQRTUWXY]{10}")
_REMEDY = "copy it from the certificate, or leave the cell empty"


def _season(cell: Any) -> tuple[tuple[int, int], tuple[int, int]]:
    try:
        start, end = (date.fromisoformat(f"2000-{part}") for part in text(cell).split("/"))
    except ValueError:
        raise CellError(f"{cell!r} is not a season: write MM-DD/MM-DD, end excluded") from None
    return (start.month, start.day), (end.month, end.day)


def _object(cell: Any) -> dict[str, object]:
    try:
        value = json.loads(text(cell))
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise CellError(f"{cell!r} is not a JSON object")
    return value


def _one_of(text: str, choices: typing.Iterable[str]) -> str:
    if text not in choices:
        raise CellError(f"{text!r} is not one of {', '.join(c for c in choices if c)}")
    return text


_OF_FIELD: Mapping[str, Callable[[Any], Any]] = {"credit_code": credit_code}
_PLAIN: Mapping[Any, Callable[[Any], Any]] = {
    str: text,
    float: number,
    int: _whole,
    date: day,
    tuple: _season,
    dict: _object,
}
