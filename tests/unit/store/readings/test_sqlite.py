"""The SQLite store's own: its file, locks, processes, and kill -9."""

import os
import random
import signal
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from domain.errors import ConfigError, StoreUnavailableError
from domain.readings import Reading, Series
from store.readings.port import WriteResult
from store.readings.sqlite import SqliteReadingStore
from tests.paths import ROOT

ALWAYS = (datetime(1900, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC))


def reading(i: int, value: float = 1.0) -> Reading:
    return Reading("a", "power_w", i * 1000, value)


def count(path: Path) -> int:
    with SqliteStore(path) as store:
        return len(store.read([Series("a", "power_w")], *ALWAYS))


class SqliteStore(SqliteReadingStore):
    def __enter__(self) -> "SqliteStore":
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def test_wrong_places_are_refused_with_advice(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="create it first"):
        SqliteReadingStore(tmp_path / "missing" / "readings.db")
    other = tmp_path / "other.db"
    other.write_bytes(b"not a database, but long enough to look at" * 100)
    with pytest.raises(ConfigError, match="name another file"):
        SqliteReadingStore(other)
    newer = tmp_path / "newer.db"
    connection = sqlite3.connect(newer)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(ConfigError, match="newer version"):
        SqliteReadingStore(newer)


def test_a_locked_file_is_unavailable_and_then_works(tmp_path: Path) -> None:
    path = tmp_path / "r.db"
    store = SqliteReadingStore(path, busy_timeout_s=0.05)
    store.write([reading(0)])
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailableError, match="locked"):
        store.write([reading(0), reading(1)])
    assert len(store.latest()) == 1, "readers do not wait for a writer"
    other.execute("ROLLBACK")
    other.close()
    assert store.write([reading(0), reading(1)]) == WriteResult(1, repeated=1)
    store.close()


def test_a_full_disk_is_unavailable_and_keeps_batches_whole(tmp_path: Path) -> None:
    store = SqliteReadingStore(tmp_path / "r.db")
    store.write([reading(0)])
    pages = store._writer.execute("PRAGMA page_count").fetchone()[0]
    store._writer.execute(f"PRAGMA max_page_count = {pages + 2}")
    batch = [reading(i) for i in range(20_000)]
    with pytest.raises(StoreUnavailableError, match="full"):
        store.write(batch)
    assert store.series().readings.tolist() == [1]
    store._writer.execute("PRAGMA max_page_count = 1000000")
    assert store.write(batch) == WriteResult(19_999, repeated=1)
    store.close()


def test_a_new_series_of_a_failed_batch_is_not_taken_for_known(tmp_path: Path) -> None:
    store = SqliteReadingStore(tmp_path / "r.db")
    store._writer.execute(
        "CREATE TRIGGER ill BEFORE INSERT ON reading BEGIN SELECT RAISE(ABORT, 'ill'); END"
    )
    with pytest.raises(StoreUnavailableError, match="ill"):
        store.write([reading(0)])
    store._writer.execute("DROP TRIGGER ill")
    assert store.series().empty
    assert store.write([Reading("b", "power_w", 0, 1.0), reading(0)]).stored == 2
    assert count(tmp_path / "r.db") == 1
    store.close()


def test_a_closed_store_says_so(tmp_path: Path) -> None:
    store = SqliteReadingStore(tmp_path / "r.db")
    store.close()
    for ask in (lambda: store.latest(), lambda: store.write([reading(0)])):
        with pytest.raises(StoreUnavailableError, match="closed"):
            ask()


_WRITER = """
import sys
from domain.readings import Reading
from store.readings.sqlite import SqliteReadingStore
store = SqliteReadingStore(sys.argv[1])
start, size = int(sys.argv[2]), int(sys.argv[3])
while True:
    store.write([Reading("a", "power_w", i * 1000, float(i)) for i in range(start, start + size)])
    start += size
    print(start, flush=True)
"""


def start_writer(path: Path, start: int, size: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", _WRITER, str(path), str(start), str(size)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )


def kill_rounds(path: Path, rounds: int) -> None:
    """A process writes batches and says each that was written; it is killed anywhere within."""
    size, next_start = 2000, 0
    luck = random.Random(1)
    for _ in range(rounds):
        writer = start_writer(path, next_start, size)
        assert writer.stdout is not None
        acknowledged = next_start
        for _ in range(luck.randrange(1, 8)):
            acknowledged = int(writer.stdout.readline())
        writer.send_signal(signal.SIGKILL)
        acknowledged = max([acknowledged, *map(int, writer.stdout.read().split())])
        writer.wait()
        writer.stdout.close()
        with SqliteStore(path) as store:
            ((_, at_ms, value),) = store.scan([Series("a", "power_w")], *ALWAYS)
            assert len(at_ms) >= acknowledged, "what was acknowledged is there"
            assert len(at_ms) % size == 0, "a batch is there as a whole or not at all"
            assert (at_ms == value * 1000).all()
            assert at_ms.tolist() == list(range(0, len(at_ms) * 1000, 1000))
        next_start = acknowledged  # as a broker would deliver again what was not acknowledged


def test_kill_9_loses_and_doubles_nothing(tmp_path: Path) -> None:
    kill_rounds(tmp_path / "r.db", 3)


@pytest.mark.long
def test_kill_9_many_times(tmp_path: Path) -> None:
    kill_rounds(tmp_path / "r.db", 25)


@pytest.mark.slow
def test_two_processes_write_one_file(tmp_path: Path) -> None:
    """Both write the same readings: each is there once, and neither fails."""
    path = tmp_path / "r.db"
    writers = [start_writer(path, 0, 500) for _ in range(2)]
    for writer in writers:
        assert writer.stdout is not None
        for _ in range(10):
            writer.stdout.readline()
    for writer in writers:
        writer.kill()
        writer.communicate()
    with SqliteStore(path) as store:
        ((_, at_ms, _),) = store.scan([Series("a", "power_w")], *ALWAYS)
    assert len(at_ms) >= 5000
    assert at_ms.tolist() == list(range(0, len(at_ms) * 1000, 1000))


@pytest.mark.parametrize("size", [1, 15, 17, 255, 273, 4095, 4096, 4369, 8191, 8192, 8465, 16_385])
def test_a_batch_of_any_size_is_stored_exactly_and_once(tmp_path: Path, size: int) -> None:
    """Whatever number of statements it takes: no bit of a value changes, nothing comes twice."""
    rng = random.Random(size)
    odd = [0.0, 5e-324, 2.2250738585072014e-308, 1.7976931348623157e308, 0.1 + 0.2, -1e-9, 2.0**53]
    batch = [
        Reading(f"d{i % 7}", "power_w", i, rng.choice(odd) if i % 3 else rng.uniform(-1e6, 1e6))
        for i in range(size)
    ]
    rng.shuffle(batch)
    with SqliteStore(tmp_path / "r.db") as store:
        assert store.write(batch) == WriteResult(size)
        assert store.write(batch) == WriteResult(0, repeated=size)
        found = store.read([Series(f"d{d}", "power_w") for d in range(7)], *ALWAYS)
        wrong = batch[size // 2]._replace(value=7.0)
        result = store.write([wrong])
    stored = dict(zip(found["at"].astype("int64"), found["value"], strict=True))
    assert stored == {r.at_ms: r.value for r in batch}
    assert [c.reading for c in result.conflicts] == [wrong]
