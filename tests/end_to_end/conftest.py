"""An embedded store and ledger of a test's own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from store.ledger.sql.ledger import SqlLedger
from store.readings.sqlite import SqliteReadingStore


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteReadingStore]:
    opened = SqliteReadingStore(tmp_path / "readings.db")
    yield opened
    opened.close()


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[SqlLedger]:
    opened = SqlLedger(f"sqlite:///{tmp_path / 'ledger.db'}")
    yield opened
    opened.close_connections()
