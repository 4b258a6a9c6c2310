"""The application over a real, filled store and ledger."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from store.ledger.sql.ledger import SqlLedger
from store.readings.sqlite import SqliteReadingStore
from tests import api_sample
from tests.local_client import local_client

Sample = tuple[SqliteReadingStore, SqlLedger]


@pytest.fixture(scope="session")
def shared_sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sample]:
    """For tests that only read."""
    store, ledger = api_sample.open_sample(tmp_path_factory.mktemp("sample"))
    yield store, ledger
    store.close()
    ledger.close_connections()


@pytest.fixture(scope="session")
def client(shared_sample: Sample) -> Iterator[TestClient]:
    """Reads only. Errors of the server come back as answers, as over the wire."""
    store, ledger = shared_sample
    app = create_app(store=store, ledger=ledger, now=lambda: api_sample.NOW)
    with local_client(app, raise_server_exceptions=False) as made:
        yield made


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The filled files, closed: copying them is quicker than filling them again."""
    folder = tmp_path_factory.mktemp("template")
    store, ledger = api_sample.open_sample(folder)
    store.close()
    ledger.close_connections()
    return folder


@pytest.fixture
def own_sample(template: Path, tmp_path: Path) -> Iterator[Sample]:
    """For tests that write."""
    shutil.copytree(template, tmp_path, dirs_exist_ok=True)
    store = SqliteReadingStore(tmp_path / "readings.db")
    ledger = SqlLedger(f"sqlite:///{tmp_path / 'ledger.db'}")
    yield store, ledger
    store.close()
    ledger.close_connections()


@pytest.fixture
def serve_own(own_sample: Sample) -> Iterator[Callable[..., TestClient]]:
    """Builds the application over `own_sample` with further settings."""
    store, ledger = own_sample
    clients: list[TestClient] = []

    def build(**settings: object) -> TestClient:
        app = create_app(store=store, ledger=ledger, now=lambda: api_sample.NOW, **settings)
        clients.append(local_client(app, raise_server_exceptions=False))
        return clients[-1]

    yield build
    for made in clients:
        made.close()


@pytest.fixture
def own_client(serve_own: Callable[..., TestClient]) -> TestClient:
    """The application over `own_sample`, built once for all examples of a property test."""
    return serve_own()
