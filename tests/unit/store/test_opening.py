"""The URLs of the stores."""

from pathlib import Path

import pytest

from domain.errors import ConfigError, StoreUnavailableError
from domain.readings import Reading
from store.opening import open_ledger, open_reading_store
from store.readings.influx import InfluxReadingStore
from store.readings.sqlite import SqliteReadingStore


def test_sqlite_relative_and_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for url in ("sqlite:///relative.db", f"sqlite:///{tmp_path}/absolute.db"):
        store = open_reading_store(url, {})
        assert isinstance(store, SqliteReadingStore)
        store.write([Reading("a", "power_w", 0, 1.0)])
        store.close()
    assert (tmp_path / "relative.db").exists()
    assert (tmp_path / "absolute.db").exists()


def test_influxdb_is_opened_without_asking_it() -> None:
    for scheme in ("http", "https"):
        store = open_reading_store(f"influxdb+{scheme}://127.0.0.1:9/my%20org/b%2Fc", {}, token="t")
        assert isinstance(store, InfluxReadingStore)
        assert (store._http._url, store._http._org, store._http._bucket) == (
            f"{scheme}://127.0.0.1:9",
            "my org",
            "b/c",
        )
        store.close()


@pytest.mark.parametrize(
    "url",
    [
        "",
        "readings.db",
        "sqlite://readings.db",
        "sqlite:///",
        "influxdb://h/o/b",
        "influxdb+http://h/o",
        "influxdb+http:///o/b",
        "influxdb+http://h/o/b/c",
        "influxdb+http://h//b",
        "postgresql://h/d",
    ],
)
def test_another_url_is_answered_with_the_forms(url: str) -> None:
    with pytest.raises(ConfigError, match="influxdb\\+http://HOST:PORT/ORG/BUCKET"):
        open_reading_store(url, {})


@pytest.mark.parametrize("url", ["", "ledger.db", "sqlite://", "mysql://u:secret@h/d", "a b"])
def test_another_ledger_url_is_answered_with_the_forms(url: str) -> None:
    with pytest.raises(ConfigError, match="postgresql\\+psycopg://") as caught:
        open_ledger(url)
    assert "secret" not in str(caught.value)


def test_a_ledger_in_a_wrong_place(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="create it first"):
        open_ledger(f"sqlite:///{tmp_path}/missing/ledger.db")
    other = tmp_path / "other.db"
    other.write_bytes(b"not a database, but long enough to look at" * 100)
    with pytest.raises(ConfigError, match="name another database"):
        open_ledger(f"sqlite:///{other}")


def test_a_database_that_does_not_answer_asks_to_wait() -> None:
    with pytest.raises(StoreUnavailableError, match="does not answer") as caught:
        open_ledger("postgresql://u:secret@127.0.0.1:9/d")
    assert "secret" not in str(caught.value)
