"""A table written to a file piece by piece: Parquet or CSV, complete or not there at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from api.tables.columns import COMPRESSION
from api.tables.route import FORMULA
from domain.errors import ConfigError

_RFC_3339 = "%Y-%m-%dT%H:%M:%SZ"


class TableFile(Protocol):
    """Takes tables of one schema, one after another."""

    def write_table(self, table: pa.Table) -> None: ...


@contextmanager
def table_file(
    path: Path, form: str, schema: pa.Schema, *, overwrite: bool = False
) -> Iterator[TableFile]:
    """A file to write tables into. It has its name only once it is complete: an export that
    fails half-way leaves what was there before.

    Raises ConfigError when the file is there already (without `overwrite`) or cannot be made.
    """
    if path.exists() and not overwrite:
        raise ConfigError(f"{path} is there already: name another with --out, or say --overwrite")
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as raw, _writer(raw, form, schema) as writer:
            yield writer
        part.replace(path)
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be written ({error.strerror}): choose another file with --out"
        ) from error
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def _writer(raw: Any, form: str, schema: pa.Schema) -> Iterator[TableFile]:
    if form == "parquet":
        with pq.ParquetWriter(raw, schema, compression=COMPRESSION) as parquet:
            yield parquet
        return
    # The mark at the beginning tells spreadsheets that it is UTF-8.
    raw.write(b"\xef\xbb\xbf")
    with pyarrow.csv.CSVWriter(raw, _as_text(schema.empty_table()).schema) as lines:
        yield _CsvFile(lines)


class _CsvFile:
    def __init__(self, writer: Any) -> None:
        self._writer = writer

    def write_table(self, table: pa.Table) -> None:
        self._writer.write_table(_as_text(table))


def _as_text(table: pa.Table) -> pa.Table:
    """Instants as RFC 3339, and text that a spreadsheet would take for a formula marked as text
    by an apostrophe. What is not known stays an empty cell."""
    names = table.column_names
    return pa.table([_cells(table.column(n)) for n in names], names=names)


def _cells(column: Any) -> Any:
    if pa.types.is_timestamp(column.type):
        in_ms = column.cast(pa.timestamp("ms", tz="UTC"), safe=False)
        return pc.strftime(in_ms, format=_RFC_3339)
    if not pa.types.is_string(column.type):
        return column
    formula = pc.match_substring_regex(column, FORMULA)
    return pc.if_else(formula, pc.binary_join_element_wise("'", column, ""), column)
