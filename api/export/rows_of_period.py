"""What stands in the ledger and what devices said in a period, as tables of the API's rows.

Institution by institution, and readings series by series, so that memory stays the same
however much is written.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

import pyarrow as pa

from api.rows.base import Row
from api.rows.figures import DayRow, FigureRow, day_rows, figure_rows
from api.rows.quality import FindingRow, finding_rows
from api.rows.readings import ReadingRow, unit_of_quantity
from api.rows.standing import StandingResult
from api.tables.columns import schema_of, table_of
from domain.calendar import DEFAULT_TIMEZONE, local_midnight
from domain.places import Institution
from domain.readings import Series
from domain.registry import Registry
from store.ledger.port import Ledger
from store.readings.port import ReadingStore, SeriesArrays

MODELS: dict[str, type[Row]] = {
    "figures": FigureRow,
    "days": DayRow,
    "readings": ReadingRow,
    "findings": FindingRow,
}
"""What can be exported, and as which rows."""

GROUP_ROWS = 100_000
"""Rows gathered before they are written: a row group of a Parquet file."""

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows: [start, end) in local days of each institution; `start` and `end` are whole
    months for results. No `institutions` means all, no `names` every figure."""

    start: date
    end: date
    institutions: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    lang: str = "zh"


def result_tables(
    kind: str, ledger: Ledger, registry: Registry, wanted: Wanted, progress: Progress
) -> Iterator[pa.Table]:
    """Figures, days or findings of what stands for each month, as tables of many rows."""
    model = MODELS[kind]
    rows: list[Row] = []
    chosen = [
        i for i in registry.institutions if not wanted.institutions or i.id in wanted.institutions
    ]
    for done, institution in enumerate(chosen):
        progress(kind, done, len(chosen))
        for some in _result_rows(kind, ledger, institution, wanted):
            rows += some
            while len(rows) >= GROUP_ROWS:
                yield _table(rows[:GROUP_ROWS], model)
                del rows[:GROUP_ROWS]
    progress(kind, len(chosen), len(chosen))
    if rows:
        yield _table(rows, model)


def _result_rows(
    kind: str, ledger: Ledger, institution: Institution, wanted: Wanted
) -> Iterator[Sequence[Row]]:
    """The institution's rows, some months at a time: day values are many."""
    status = {s.month: s for s in ledger.statuses(institution.id)}
    asked = [m for m in sorted(status) if wanted.start < m.end_day and m.first_day < wanted.end]
    step = 1 if kind == "days" else 12
    for k in range(0, len(asked), step):
        some = asked[k : k + step]
        results = ledger.results(
            institution.id,
            some[0],
            some[-1].plus(1),
            names=wanted.names or None,
            days=kind == "days",
        )
        standing = [StandingResult(institution, r, status.get(r.month)) for r in results]
        if kind == "figures":
            yield figure_rows(standing)
        elif kind == "days":
            rows = day_rows(standing, (), None)
            yield [d for d in rows if wanted.start <= d.day < wanted.end]
        else:
            yield finding_rows(standing, wanted.lang)


def _table(rows: Sequence[Row], model: type[Row]) -> pa.Table:
    return table_of([row.model_dump() for row in rows], model)


def reading_tables(
    store: ReadingStore, registry: Registry, wanted: Wanted, progress: Progress
) -> Iterator[pa.Table]:
    """Raw readings by institution, device and quantity, each in the order of time.

    Devices that the registry does not know come first and by the default time zone; with
    `institutions` given they are left out.
    """
    series = _stored_series(store, registry, wanted.institutions)
    waiting: list[pa.Table] = []
    rows = 0
    for done, arrays in enumerate(_scanned(store, registry, series, wanted)):
        progress("readings", done, len(series))
        if arrays.at_ms.size:
            waiting.append(_readings_table(arrays))
            rows += arrays.at_ms.size
        if rows >= GROUP_ROWS:
            yield pa.concat_tables(waiting)
            waiting, rows = [], 0
    progress("readings", len(series), len(series))
    if waiting:
        yield pa.concat_tables(waiting)


def _stored_series(
    store: ReadingStore, registry: Registry, institutions: Sequence[str]
) -> list[tuple[str, Series]]:
    """(institution, series) of everything stored that is wanted, sorted."""
    latest = store.latest()
    devices = registry.device_by_id
    found = (
        (devices[d].institution if d in devices else "", Series(d, q))
        for d, q in zip(latest["device"], latest["quantity"], strict=True)
    )
    return sorted((i, s) for i, s in found if not institutions or i in institutions)


def _scanned(
    store: ReadingStore, registry: Registry, series: list[tuple[str, Series]], wanted: Wanted
) -> Iterator[SeriesArrays]:
    known = registry.institution_by_id
    for name, group in groupby(series, key=lambda pair: pair[0]):
        zone = known[name].timezone if name in known else DEFAULT_TIMEZONE
        start, end = local_midnight(wanted.start, zone), local_midnight(wanted.end, zone)
        yield from store.scan([s for _, s in group], start, end)


def _readings_table(arrays: SeriesArrays) -> pa.Table:
    schema = schema_of(ReadingRow)
    size = arrays.at_ms.size
    columns = {
        "device": pa.repeat(arrays.series.device, size),
        "quantity": pa.repeat(arrays.series.quantity, size),
        "at": pa.array(arrays.at_ms.astype("datetime64[ms]")).cast(schema.field("at").type),
        "value": pa.array(arrays.value),
        "unit": pa.repeat(unit_of_quantity(arrays.series.quantity), size),
    }
    return pa.table([columns[f.name] for f in schema], schema=schema)
