"""Rows as columns of Apache Arrow: for Parquet files, here and in `civicmeter export`.

The schema comes from the row's own model, so names, units and meanings are those of the JSON:
each column carries its unit and meaning as metadata. Instants are UTC, days are dates, and a
value that is not known is null, never 0.
"""

import types
from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin

import pyarrow as pa
import pyarrow.parquet as pq

from api.rows.base import Row

PARQUET = "application/vnd.apache.parquet"
COMPRESSION = "zstd"

_TYPES: dict[Any, Any] = {
    str: pa.string(),
    float: pa.float64(),
    int: pa.int64(),
    bool: pa.bool_(),
    datetime: pa.timestamp("us", tz="UTC"),
    date: pa.date32(),
}


@cache
def schema_of(model: type[Row]) -> pa.Schema:
    """The columns of a row model, with unit and description as their metadata."""
    return pa.schema([_field(name, info) for name, info in model.model_fields.items()])


def _field(name: str, info: Any) -> pa.Field:
    plain, nullable = _plain(info.annotation)
    extra = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
    about = {"description": info.description or "", "unit": str(extra.get("unit", ""))}
    metadata = {k: v for k, v in about.items() if v}
    return pa.field(name, _TYPES[plain], nullable=nullable, metadata=metadata)


def _plain(annotation: Any) -> tuple[Any, bool]:
    """The one type a field's values have, and whether they may be None."""
    if get_origin(annotation) in (Union, types.UnionType):
        parts = [a for a in get_args(annotation) if a is not types.NoneType]
        kinds = {_plain(part)[0] for part in parts}
        if len(kinds) != 1:
            raise TypeError(f"a column has one type, not {annotation}")
        return kinds.pop(), len(parts) < len(get_args(annotation))
    if get_origin(annotation) is Literal:
        return str, False
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return str, False
    return annotation, False


def table_of(rows: Sequence[dict[str, Any]], model: type[Row]) -> pa.Table:
    """Rows (as they are in JSON, or as `model_dump` gives them) as a table."""
    schema = schema_of(model)
    columns = [_column([row[f.name] for row in rows], f.type) for f in schema]
    return pa.table(columns, schema=schema)


def _column(values: list[Any], kind: Any) -> pa.Array:
    if kind in (_TYPES[datetime], _TYPES[date]) and any(isinstance(v, str) for v in values):
        return pa.array(values, pa.string()).cast(kind)
    return pa.array(values, kind)


def parquet_bytes(table: pa.Table) -> bytes:
    """A table as a Parquet file."""
    out = pa.BufferOutputStream()
    pq.write_table(table, out, compression=COMPRESSION)
    return bytes(out.getvalue())
