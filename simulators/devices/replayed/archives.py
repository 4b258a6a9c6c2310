"""Measured data shipped with the simulator, on a month's grid (see simulators/data/PROVENANCE.md).

Columns are stored as whole tenths; everything here is in the unit itself.
"""

from functools import cache
from importlib.resources import files

import numpy as np
import pyarrow.parquet as pq

from simulators.devices.block import Block, Carry, register
from simulators.devices.grid import Floats, Grid, Ints


def hourly(table: str, column: str, grid: Grid) -> Floats:
    """The values of an hourly table on each hour of a grid; NaN where there is none."""
    first = int(whole_column(table, "hour")[0])
    return _rows(table, column, grid.edges_ms[:-1] // 3_600_000 - first)


def every_minutes(table: str, minutes: int, column: str, grid: Grid) -> Floats:
    """The values of a table with a row for so many minutes, on each step of a grid."""
    first = int(whole_column(table, "minute")[0])
    return _rows(table, column, (grid.edges_ms[:-1] // 60_000 - first) // minutes)


def replayed(device: str, quantity: str, grid: Grid, use: Floats, carry: Carry) -> Block:
    """A register over steps; one whose use is unknown (NaN) adds nothing and is not sent."""
    name = f"{device}/{quantity}"
    values = register(carry, name, np.nan_to_num(use))
    at = grid.edges_ms[-len(values) :]
    values[-len(use) :][np.isnan(use)] = np.nan
    return Block.of(device, at, **{quantity: values})


def _rows(table: str, column: str, rows: Ints) -> Floats:
    """Chosen rows; NaN where there is no value or the row is outside of the file."""
    whole = whole_column(table, column)
    inside = (rows >= 0) & (rows < len(whole))
    return np.where(inside, whole[np.clip(rows, 0, len(whole) - 1)], np.nan) / 10.0


@cache
def whole_column(table: str, column: str) -> Floats:
    """A column as it is stored: tenths, or the hours or minutes since 1970 its rows are of."""
    source = files("simulators.data") / f"{table}.parquet"
    with source.open("rb") as file:
        read = pq.read_table(file, columns=[column])
    return np.asarray(read[column].cast("float64").to_numpy(), dtype=np.float64)
