"""The embedded reading store: one SQLite file, several processes may use it at a time.

Readings lie sorted by series and time in a table WITHOUT ROWID, so a range is read without a
sort and a register at an instant is found by one seek. The journal is a write-ahead log:
readers never wait for the writer. ``synchronous=FULL`` makes a written batch survive a power
cut, too; in batches of thousands it costs nothing that could be measured.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import repeat
from math import nan
from operator import itemgetter
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from domain.errors import ConfigError, StoreUnavailableError
from domain.readings import Reading, Run, Series, joined, runs_of
from store.private import private
from store.readings.frames import (
    MAX_MS,
    NO_TIME,
    ceil_ms,
    floor_ms,
    in_order,
    latest_frame,
    readings_frame,
    registers_frame,
    series_frame,
    split_unstorable_runs,
)
from store.readings.port import Conflict, SeriesArrays, WriteResult

if TYPE_CHECKING:
    import pandas as pd

    from store.readings.frames import Arrays

_LAYOUT = 1
_SCHEMA = f"""
CREATE TABLE IF NOT EXISTS series (
    id INTEGER PRIMARY KEY,
    device TEXT NOT NULL,
    quantity TEXT NOT NULL,
    UNIQUE (device, quantity)
);
CREATE TABLE IF NOT EXISTS reading (
    series_id INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    value REAL NOT NULL,
    PRIMARY KEY (series_id, at_ms)
) WITHOUT ROWID;
PRAGMA user_version = {_LAYOUT};
"""
_LATEST_OF_ALL = """
SELECT s.device, s.quantity, r.at_ms, r.value
FROM series s JOIN reading r ON r.series_id = s.id
    AND r.at_ms = (SELECT max(at_ms) FROM reading WHERE series_id = s.id)
"""
_LAST_HEARD = """
SELECT device, max((SELECT max(at_ms) FROM reading WHERE series_id = id)) AS last_ms
FROM series GROUP BY device HAVING last_ms IS NOT NULL
"""
_UNKNOWN = -1
_IDLE_READERS = 4
_AT_ONCE = tuple(2**k for k in range(13, -1, -1))
"""Rows in one INSERT, at most 24 576 of the 32 766 parameters every SQLite takes by default. With
powers of two any number of rows is few statements, and the interpreter's lock changes hands
seldom."""
_VALUES = {size: "VALUES " + ",".join(["(?,?,?)"] * size) for size in _AT_ONCE}
_INSERTS = {size: f"INSERT OR IGNORE INTO reading {rows}" for size, rows in _VALUES.items()}
_OTHERS = {
    size: f"WITH came (id, at, new) AS ({rows}) SELECT id, at, new, value"
    " FROM came CROSS JOIN reading ON series_id = id AND at_ms = at WHERE value <> new"
    for size, rows in _VALUES.items()
}
_series_of = itemgetter(0, 1)
_at_of = itemgetter(2)


class SqliteReadingStore:
    """A ReadingStore in a file. May be used from several threads and processes."""

    def __init__(self, path: str | Path, *, busy_timeout_s: float = 30.0) -> None:
        """Open or create the file. Raises ConfigError when it cannot be one of ours.

        `busy_timeout_s` is how long a write waits for another process's write.
        """
        self._path = Path(path)
        self._busy_timeout_s = busy_timeout_s
        # Held over I/O: a file has one writer whatever we do, and one connection that writes.
        self._write_lock = Lock()
        self._idle_readers: list[sqlite3.Connection] = []
        self._pool_lock = Lock()
        self._closed = False
        self._ids: dict[tuple[str, str], int] = {}
        if not self._path.parent.is_dir():
            raise ConfigError(f"no folder {self._path.parent} for the readings: create it first")
        try:
            self._writer = self._connect()
            self._prepare()
        except sqlite3.OperationalError as error:
            raise self._unavailable(error) from error
        except sqlite3.DatabaseError as error:
            raise ConfigError(
                f"{self._path} is not a store of readings ({error}): name another file"
            ) from error

    def write(self, readings: Sequence[Reading]) -> WriteResult:
        """See ReadingStore.write."""
        return self._write(runs_of(readings))

    def write_runs(self, runs: Sequence[Run]) -> WriteResult:
        """See ReadingStore.write_runs."""
        # Series by series touches each page of the file once.
        return self._write(joined(runs))

    def _write(self, runs: Sequence[Run]) -> WriteResult:
        runs, refused = split_unstorable_runs(runs)
        if not runs:
            return WriteResult(0, refused=refused)
        count = sum(map(len, map(_at_of, runs)))
        with self._writing() as connection:
            new_ids = self._add_series(connection, runs)
            ids = {**self._ids, **new_ids} if new_ids else self._ids
            stored = _insert(connection, runs, ids, count)
            # Only a batch with readings that were there before, in the store or in itself,
            # pays for looking at them.
            conflicts = _conflicts(connection, runs, ids, count) if stored < count else ()
        self._ids.update(new_ids)
        return WriteResult(stored, count - stored - len(conflicts), conflicts, refused)

    def read(self, series: Sequence[Series], start: datetime, end: datetime) -> "pd.DataFrame":
        """See ReadingStore.read."""
        return readings_frame(self.scan(in_order(series), start, end))

    def scan(
        self, series: Sequence[Series], start: datetime, end: datetime
    ) -> Iterator[SeriesArrays]:
        """See ReadingStore.scan."""
        bounds = (ceil_ms(start), ceil_ms(end))
        with self._reading() as connection:
            for one, series_id in zip(series, self._ids_of(connection, series), strict=True):
                rows = connection.execute(
                    "SELECT at_ms, value FROM reading"
                    " WHERE series_id = ? AND at_ms >= ? AND at_ms < ? ORDER BY at_ms",
                    (series_id, *bounds),
                )
                found = _arrays(rows)
                yield SeriesArrays(one, *found)

    def count(self, series: Sequence[Series], start: datetime, end: datetime, most: int) -> int:
        """See ReadingStore.count."""
        bounds = (ceil_ms(start), ceil_ms(end))
        counted = 0
        with self._reading() as connection:
            for series_id in self._ids_of(connection, in_order(series)):
                (some,) = connection.execute(
                    "SELECT count(*) FROM (SELECT 1 FROM reading"
                    " WHERE series_id = ? AND at_ms >= ? AND at_ms < ? LIMIT ?)",
                    (series_id, *bounds, most + 1 - counted),
                ).fetchone()
                counted += some
                if counted > most:
                    break
        return counted

    def latest(self, series: Sequence[Series] | None = None) -> "pd.DataFrame":
        """See ReadingStore.latest."""
        with self._reading() as connection:
            if series is None:
                rows = connection.execute(_LATEST_OF_ALL).fetchall()
                return latest_frame(sorted(rows))
            wanted = in_order(series)
            ids = self._ids_of(connection, wanted)
            at_ms, value = _nearest(connection, ids, [MAX_MS], "max", "<=")
        found = zip(wanted, at_ms.tolist(), value.tolist(), strict=True)
        return latest_frame([(*s, t, v) for s, t, v in found if t != NO_TIME])

    def last_heard(self) -> dict[str, int]:
        """See ReadingStore.last_heard."""
        with self._reading() as connection:
            return dict(connection.execute(_LAST_HEARD).fetchall())

    def registers_at(
        self, series: Sequence[Series], instants: Sequence[datetime]
    ) -> "pd.DataFrame":
        """See ReadingStore.registers_at."""
        with self._reading() as connection:
            ids = self._ids_of(connection, series)
            before = _nearest(connection, ids, [floor_ms(i) for i in instants], "max", "<=")
            after = _nearest(connection, ids, [ceil_ms(i) for i in instants], "min", ">=")
        return registers_frame(series, instants, before, after)

    def series(self, only: Sequence[Series] | None = None) -> "pd.DataFrame":
        """See ReadingStore.series. Counts by reading the index: some 10 M rows a second."""
        query = (
            "SELECT device, quantity,"
            " (SELECT count(*) FROM reading WHERE series_id = id),"
            " (SELECT min(at_ms) FROM reading WHERE series_id = id) AS first_ms,"
            " (SELECT max(at_ms) FROM reading WHERE series_id = id)"
            " FROM series WHERE first_ms IS NOT NULL"
        )
        with self._reading() as connection:
            if only is None:
                return series_frame(sorted(connection.execute(query).fetchall()))
            rows: list[tuple[str, str, int, int, int]] = []
            for one in self._ids_of(connection, in_order(only)):
                rows += connection.execute(f"{query} AND id = ?", (one,))
        return series_frame(sorted(rows))

    def probe(self) -> None:
        """See ReadingStore.probe. What is written is taken back before anybody can see it."""
        probe = ("", "")
        with self._writing() as connection:
            connection.execute("SAVEPOINT probe")
            connection.execute(
                "INSERT OR IGNORE INTO series (device, quantity) VALUES (?, ?)", probe
            )
            find = "SELECT count(*) FROM series WHERE device = ? AND quantity = ?"
            (found,) = connection.execute(find, probe).fetchone()
            connection.execute("ROLLBACK TO probe")
        if not found:
            raise StoreUnavailableError(f"{self._path} does not keep what is written: replace it")

    def close(self) -> None:
        """See ReadingStore.close."""
        with self._write_lock, self._pool_lock:
            self._closed = True
            for connection in (self._writer, *self._idle_readers):
                connection.close()
            self._idle_readers.clear()

    def _prepare(self) -> None:
        version = self._writer.execute("PRAGMA user_version").fetchone()[0]
        if version > _LAYOUT:
            raise ConfigError(f"{self._path} was written by a newer version: update Civicmeter")
        self._writer.execute("PRAGMA journal_mode = WAL")
        self._writer.execute("PRAGMA synchronous = FULL")
        self._writer.execute("PRAGMA cache_size = -65536")  # KiB; readers do as well with little
        # Many series at once touch many pages; fewer, larger checkpoints are 1.5 × as fast.
        self._writer.execute("PRAGMA wal_autocheckpoint = 10000")
        if version < _LAYOUT:
            self._writer.executescript(_SCHEMA)

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(
            private(self._path),
            timeout=self._busy_timeout_s,
            isolation_level=None,
            check_same_thread=False,
        )

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """The one writing connection of this process, in a transaction."""
        with self._write_lock:
            try:
                self._writer.execute("BEGIN IMMEDIATE")
                try:
                    yield self._writer
                    self._writer.execute("COMMIT")
                except BaseException:
                    if self._writer.in_transaction:
                        self._writer.execute("ROLLBACK")
                    raise
            except sqlite3.Error as error:
                raise self._unavailable(error) from error

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        """A connection nobody else uses meanwhile; it sees what is committed."""
        with self._pool_lock:
            if self._closed:
                raise StoreUnavailableError(f"the store {self._path} was closed: open it again")
            connection = self._idle_readers.pop() if self._idle_readers else None
        try:
            connection = connection or self._connect()
            yield connection
        except sqlite3.Error as error:
            raise self._unavailable(error) from error
        finally:
            self._give_back(connection)

    def _give_back(self, connection: sqlite3.Connection | None) -> None:
        if connection is None:
            return
        with self._pool_lock:
            kept = not self._closed and len(self._idle_readers) < _IDLE_READERS
            if kept:
                self._idle_readers.append(connection)
        if not kept:
            connection.close()

    def _unavailable(self, error: sqlite3.Error) -> StoreUnavailableError:
        return StoreUnavailableError(
            f"the readings in {self._path} cannot be used now ({error}): look whether the disk"
            " is full, the folder writable and no other program holds the file"
        )

    def _add_series(
        self, connection: sqlite3.Connection, runs: Sequence[Run]
    ) -> dict[tuple[str, str], int]:
        """The ids of series this process met for the first time. They count once committed."""
        new = set(map(_series_of, runs)).difference(self._ids)
        if not new:
            return {}
        connection.executemany(
            "INSERT OR IGNORE INTO series (device, quantity) VALUES (?, ?)", sorted(new)
        )
        find = "SELECT id FROM series WHERE device = ? AND quantity = ?"
        return {key: connection.execute(find, key).fetchone()[0] for key in new}

    def _ids_of(self, connection: sqlite3.Connection, series: Sequence[Series]) -> list[int]:
        if any((s[0], s[1]) not in self._ids for s in series):
            rows = connection.execute("SELECT device, quantity, id FROM series")
            self._ids.update({(device, quantity): i for device, quantity, i in rows})
        return [self._ids.get((s[0], s[1]), _UNKNOWN) for s in series]


def _rows(
    runs: Sequence[Run], ids: dict[tuple[str, str], int], count: int
) -> Iterator[tuple[int, list[int | float]]]:
    """The `count` readings of the runs as parameters of statements, with how many rows each has."""
    series_ids: list[int] = []
    times: list[int] = []
    values: list[float] = []
    for device, quantity, at_ms, value in runs:
        series_ids += repeat(ids[device, quantity], len(at_ms))
        times += at_ms
        values += value
    done = 0
    for size in _AT_ONCE:
        while count - done >= size:
            end = done + size
            # Mixed piece by piece, which stays in the processor's cache.
            rows: list[int | float] = [0] * (3 * size)
            rows[0::3] = series_ids[done:end]
            rows[1::3] = times[done:end]
            rows[2::3] = values[done:end]
            yield size, rows
            done = end


def _insert(
    connection: sqlite3.Connection, runs: Sequence[Run], ids: dict[tuple[str, str], int], count: int
) -> int:
    """Insert the `count` readings of the runs where not there yet; gives how many that were.

    With many rows in one statement this takes half the time of `executemany`, and other
    threads run meanwhile: the interpreter's lock changes hands once a statement instead of
    at every row.
    """
    pieces = _rows(runs, ids, count)
    return sum(connection.execute(_INSERTS[size], rows).rowcount for size, rows in pieces)


def _conflicts(
    connection: sqlite3.Connection, runs: Sequence[Run], ids: dict[tuple[str, str], int], count: int
) -> tuple[Conflict, ...]:
    """Readings whose value is not the one that stands after the batch went in."""
    series = {ids[device, quantity]: (device, quantity) for device, quantity, _, _ in runs}
    return tuple(
        Conflict(Reading(*series[series_id], at_ms, value), stands)
        for size, rows in _rows(runs, ids, count)
        for series_id, at_ms, value, stands in connection.execute(_OTHERS[size], rows)
    )


def _nearest(
    connection: sqlite3.Connection, ids: list[int], bounds: list[int], best: str, relation: str
) -> "Arrays":
    """Time and value of each series' reading nearest to each bound on one side, by seeks."""
    rows = connection.execute(
        f"SELECT coalesce(r.at_ms, {NO_TIME}), coalesce(r.value, 0.0)"
        " FROM json_each(?) s CROSS JOIN json_each(?) t"
        " LEFT JOIN reading r ON r.series_id = s.value AND r.at_ms ="
        f" (SELECT {best}(at_ms) FROM reading"
        f" WHERE series_id = s.value AND at_ms {relation} t.value)"
        " ORDER BY s.key, t.key",
        (json.dumps(ids), json.dumps(bounds)),
    )
    at_ms, value = _arrays(rows, len(ids) * len(bounds))
    value[at_ms == NO_TIME] = nan
    return at_ms, value


def _arrays(rows: Iterable[tuple[int, float]], count: int = -1) -> "Arrays":
    """Times and values of rows; `count` of them, if that is known."""
    import numpy as np

    row = np.dtype([("at_ms", np.int64), ("value", np.float64)])
    found = np.fromiter(rows, dtype=row, count=count)
    return found["at_ms"].copy(), found["value"].copy()
