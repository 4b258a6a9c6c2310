"""The reading stores against the bare engines under them, in one run.

Keys: `store.sqlite_write_rows_per_s` batches of 5,000 in order of time over 100 devices;
`store.sqlite_write_vs_executemany` its ratio to a bare ``executemany`` with the same commits;
`store.sqlite_repeat_vs_write` the same readings once more (all looked up);
`store.sqlite_scan_rows_per_s` all rows into arrays, and `store.sqlite_scan_vs_fetchall` its ratio
to a bare ``fetchall``; `store.sqlite_registers_at_per_s` register lookups (two seeks each).
The same for ``store.influx_*`` where InfluxDB is installed; its writes are compared with posting
the same lines ready-made: `store.influx_write_vs_lines`. CIVICMETER_BENCH_READINGS is the number.
"""

import os
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from domain.calendar import from_ms
from domain.readings import Reading, Series
from store.readings.influx import InfluxReadingStore
from store.readings.influx_http import InfluxHttp
from store.readings.influx_lines import encode
from store.readings.port import DeviceTags, ReadingStore
from store.readings.sqlite import SqliteReadingStore

READINGS = int(os.environ.get("CIVICMETER_BENCH_READINGS", "500000"))
BATCH = 5000
DEVICES = [f"meter-{i:03}" for i in range(100)]
DIRECTORY = {d: DeviceTags("meter", "institution") for d in DEVICES}
ENERGY = "energy_import_kwh"
T0_MS = 1_546_300_800_000
STEP_MS = 900_000


def run() -> dict[str, float]:
    """Measure both stores and say the figures."""
    readings = [
        Reading(device, ENERGY, T0_MS + step * STEP_MS, step * 1.37 + number)
        for step in range(READINGS // len(DEVICES))
        for number, device in enumerate(DEVICES)
    ]
    with tempfile.TemporaryDirectory() as folder:
        figures = _sqlite(Path(folder), readings)
    return {**figures, **_influx(readings)}


def _sqlite(folder: Path, readings: Sequence[Reading]) -> dict[str, float]:
    bare = sqlite3.connect(folder / "bare.db", isolation_level=None)
    bare_s = _timed(lambda: _write_bare(bare, readings))
    store = SqliteReadingStore(folder / "readings.db")
    figures = _figures("sqlite", store, readings)
    ids = range(len(DEVICES))
    query = "SELECT at_ms, value FROM reading WHERE series_id = ? ORDER BY at_ms"
    fetch_s = _timed(lambda: sum(len(bare.execute(query, (i,)).fetchall()) for i in ids))
    figures["store.sqlite_write_vs_executemany"] = (
        figures["store.sqlite_write_rows_per_s"] * bare_s / len(readings)
    )
    figures["store.sqlite_scan_vs_fetchall"] = (
        figures["store.sqlite_scan_rows_per_s"] * fetch_s / len(readings)
    )
    bare.close()
    store.close()
    return figures


def _write_bare(connection: sqlite3.Connection, readings: Sequence[Reading]) -> None:
    """The table of the store, written without any of its care."""
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(
        "CREATE TABLE reading (series_id INTEGER, at_ms INTEGER, value REAL,"
        " PRIMARY KEY (series_id, at_ms)) WITHOUT ROWID"
    )
    number = {d: i for i, d in enumerate(DEVICES)}
    for batch in _batches(readings):
        connection.execute("BEGIN IMMEDIATE")
        rows = [(number[r[0]], r[2], r[3]) for r in batch]
        connection.executemany("INSERT INTO reading VALUES (?, ?, ?)", rows)
        connection.execute("COMMIT")


def _influx(readings: Sequence[Reading]) -> dict[str, float]:
    with _influx_url() as url:
        if url is None:
            return {}
        bare = InfluxHttp(url, "", "org", "bare", timeout_s=60, gzip=False)
        lines = [encode(batch, DIRECTORY) for batch in _batches(readings)]
        bare_s = _timed(lambda: [bare.write(some) for some in lines])
        store = InfluxReadingStore(url, "", "org", "store", DIRECTORY)
        figures = _figures("influx", store, readings)
        figures["store.influx_write_vs_lines"] = (
            figures["store.influx_write_rows_per_s"] * bare_s / len(readings)
        )
        bare.close()
        store.close()
        return figures


@contextmanager
def _influx_url() -> Iterator[str | None]:
    """A real InfluxDB with two buckets, or None where it is not installed."""
    from tests.servers import InfluxDb, MissingPartError

    try:
        server = InfluxDb()
    except MissingPartError as missing:
        print(f"  without InfluxDB: {missing}", file=sys.stderr)
        yield None
        return
    with server:
        for bucket in ("bare", "store"):
            server.create_database(bucket)
        yield server.url


def _figures(name: str, store: ReadingStore, readings: Sequence[Reading]) -> dict[str, float]:
    """What both stores are asked: write, write again, scan, registers at each midnight."""
    series = [Series(d, ENERGY) for d in DEVICES]
    start, end = from_ms(readings[0].at_ms), from_ms(readings[-1].at_ms + 1)
    midnights = [start + timedelta(days=i) for i in range((end - start).days + 1)]

    def write() -> int:
        return sum(store.write(batch).stored for batch in _batches(readings))

    write_s = _timed(lambda: _expect(write(), len(readings)))
    repeat_s = _timed(lambda: _expect(write(), 0))
    scan_s = _timed(
        lambda: _expect(sum(a.at_ms.size for a in store.scan(series, start, end)), len(readings))
    )
    store.registers_at(series[:1], midnights[:1])  # loads pandas, which is no seek
    seeks_s = _timed(lambda: store.registers_at(series, midnights))
    return {
        f"store.{name}_write_rows_per_s": len(readings) / write_s,
        f"store.{name}_repeat_vs_write": write_s / repeat_s,
        f"store.{name}_scan_rows_per_s": len(readings) / scan_s,
        f"store.{name}_registers_at_per_s": len(series) * len(midnights) / seeks_s,
    }


def _batches(readings: Sequence[Reading]) -> Iterator[Sequence[Reading]]:
    for i in range(0, len(readings), BATCH):
        yield readings[i : i + BATCH]


def _expect(found: int, expected: int) -> None:
    if found != expected:
        raise AssertionError(f"{found} readings instead of {expected}")


def _timed(do: Callable[[], object]) -> float:
    started = time.perf_counter()
    do()
    return time.perf_counter() - started
