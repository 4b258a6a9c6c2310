"""The registry's records as plain JSON values and back, guided by the type hints of the fields.

Dates become ISO text, enumerations their value, tuples lists. A field added to a record with a
default needs no change here and no migration.
"""

import types
from collections.abc import Hashable, Iterable
from dataclasses import fields, is_dataclass
from datetime import date
from enum import Enum
from functools import cache
from typing import Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

R = TypeVar("R")
_DATE = "$date"
"""Marks a date inside a value without a type of its own, such as a contract's terms."""


def to_plain(value: Any) -> Any:
    """A record or field value as JSON can hold it. Raises TypeError for anything else."""
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: to_plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return {str(k): _free_to_plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_plain(v) for v in value]
    if value is None or isinstance(value, (str, int, float)):
        return value
    raise TypeError(f"{value!r} cannot be kept in a registry record")


def from_plain(kind: type[R], plain: dict[str, Any]) -> R:
    """A record of dataclass `kind` from what `to_plain` made of one.

    Fields that are missing take their default; names the class does not know are left out,
    so a record written by a newer version can be read.
    """
    hints = _hints(cast(Hashable, kind))
    given = {name: _typed(hints[name], plain[name]) for name in hints if name in plain}
    return kind(**given)


def split_columns(record: Any, columns: Iterable[str]) -> dict[str, Any]:
    """The record as a table row: fields with a column of their own, the rest in `details`."""
    own = set(columns)
    values = {f.name: getattr(record, f.name) for f in fields(record)}
    row = {k: v.value if isinstance(v, Enum) else v for k, v in values.items() if k in own}
    return {**row, "details": {k: to_plain(v) for k, v in values.items() if k not in own}}


@cache
def _hints(kind: Hashable) -> dict[str, Any]:
    hints = get_type_hints(kind)
    return {f.name: hints[f.name] for f in fields(cast(Any, kind))}


def _typed(hint: Any, plain: Any) -> Any:
    if isinstance(hint, type):
        return _of_class(hint, plain)
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Literal:
        return plain
    if origin in (Union, types.UnionType):
        kinds = [a for a in arguments if a is not type(None)]
        return None if plain is None else _typed(kinds[0], plain)
    if origin is tuple:
        each = arguments[:1] * len(plain) if arguments[-1] is Ellipsis else arguments
        return tuple(_typed(a, p) for a, p in zip(each, plain, strict=True))
    if origin is dict:
        return {k: _free_from_plain(v) for k, v in plain.items()}
    raise TypeError(f"no way to read a field of type {hint}")


def _of_class(hint: type, plain: Any) -> Any:
    if is_dataclass(hint):
        return from_plain(hint, plain)
    if issubclass(hint, Enum):
        return hint(plain)
    if hint is date:
        return plain if isinstance(plain, date) else date.fromisoformat(plain)
    return float(plain) if hint is float else plain


def _free_to_plain(value: Any) -> Any:
    if isinstance(value, date):
        return {_DATE: value.isoformat()}
    if isinstance(value, dict):
        return {str(k): _free_to_plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_free_to_plain(v) for v in value]
    return to_plain(value)


def _free_from_plain(value: Any) -> Any:
    if isinstance(value, dict):
        if set(value) == {_DATE}:
            return date.fromisoformat(value[_DATE])
        return {k: _free_from_plain(v) for k, v in value.items()}
    return [_free_from_plain(v) for v in value] if isinstance(value, list) else value
