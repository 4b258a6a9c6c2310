"""The demo and the stores it is given: honoured, waited for, and never closed half-full."""

import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from civicmeter.wiring.ports import free_port
from domain.places import Institution
from domain.readings import Reading
from domain.registry import Registry
from store.opening import open_ledger
from store.readings.influx import InfluxReadingStore
from store.readings.sqlite import SqliteReadingStore
from tests.servers import InfluxDb


def demo(folder: Path, *more: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "civicmeter", "demo", "--once", "--scenario", "tiny"]
    command += ["--data", str(folder), "--port", str(free_port("127.0.0.1")), *more]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def ended(process: "subprocess.Popen[str]") -> tuple[int, str, str]:
    out, err = process.communicate(timeout=300)
    return process.returncode, out, err


@contextmanager
def stalled(path: Path) -> Iterator[sqlite3.Connection]:
    """A store that another program writes to and does not let go of."""
    SqliteReadingStore(path).close()
    lock = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    lock.execute("BEGIN IMMEDIATE")
    try:
        yield lock
    finally:
        lock.close()


def test_what_does_not_arrive_is_said_and_closes_nothing(tmp_path: Path) -> None:
    with stalled(tmp_path / "readings.db"):
        store = f"sqlite:///{tmp_path / 'readings.db'}"
        code, out, err = ended(demo(tmp_path / "demo", "--store", store, "--patience", "3"))
    assert code == 1, err
    assert "demo ok" not in out
    assert "did not arrive" in err
    ledger = open_ledger(f"sqlite:///{tmp_path / 'demo' / 'ledger.db'}")
    assert ledger.statuses() == []
    ledger.close_connections()


def test_a_store_that_comes_back_is_waited_for(tmp_path: Path) -> None:
    with stalled(tmp_path / "readings.db") as lock:
        threading.Timer(8, lambda: lock.execute("ROLLBACK")).start()
        began = time.monotonic()
        store = f"sqlite:///{tmp_path / 'readings.db'}"
        code, out, err = ended(demo(tmp_path / "demo", "--store", store))
    assert code == 0, err
    assert time.monotonic() - began > 8
    assert "lost=0 duplicated=0" in out.splitlines()[-1]
    assert not (tmp_path / "demo" / "readings.db").exists()


def test_a_store_given_is_the_store_used(
    tmp_path: Path, influxdb: InfluxDb, newer_influx_url: str, influx_bucket: str
) -> None:
    url = f"influxdb+{newer_influx_url}/org/{influx_bucket}"
    code, out, err = ended(demo(tmp_path / "demo", "--store", url))
    assert code == 0, err
    told = int(out.splitlines()[-1].partition("readings=")[2].split()[0])
    store = InfluxReadingStore(influxdb.url, "", "org", influx_bucket, {})
    assert store.series().readings.sum() == told > 1_000
    store.close()


def test_stores_in_use_are_refused(tmp_path: Path) -> None:
    store = SqliteReadingStore(tmp_path / "used.db")
    store.write([Reading("a", "power_w", 1_551_398_400_000, 1.0)])
    store.close()
    used = f"sqlite:///{tmp_path / 'used.db'}"
    code, out, err = ended(demo(tmp_path / "one", "--store", used))
    assert (code, out) == (2, "")
    assert "holds readings already: name an empty one with --store" in err
    ledger = f"sqlite:///{tmp_path / 'ledger.db'}"
    opened = open_ledger(ledger)
    opened.save_registry(
        Registry(institutions=(Institution(id="x", name_zh="某机关", name_en="x"),))
    )
    opened.close_connections()
    code, out, err = ended(demo(tmp_path / "two", "--ledger", ledger))
    assert (code, out) == (2, "")
    assert "name an empty one with --ledger" in err
