"""A ledger on each engine."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from store.ledger.sql.ledger import SqlLedger
from store.opening import open_ledger


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'ledger.db'}"
    return request.getfixturevalue("postgres_url")


@pytest.fixture
def opener(url: str) -> Iterator[Callable[[], SqlLedger]]:
    opened: list[SqlLedger] = []

    def open_it() -> SqlLedger:
        opened.append(open_ledger(url))
        return opened[-1]

    yield open_it
    for ledger in opened:
        ledger.close_connections()


@pytest.fixture
def ledger(opener: Callable[[], SqlLedger]) -> SqlLedger:
    return opener()
