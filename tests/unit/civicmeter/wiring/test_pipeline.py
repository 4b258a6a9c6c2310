"""The open stores, and the registry that all parts of a process know."""

from pathlib import Path

import pytest

from civicmeter.wiring.pipeline import open_pipeline
from civicmeter.wiring.serving import app_of
from config.settings import Settings
from domain.places import Carrier, Institution, Meter
from domain.registry import Registry
from store.ledger.sql.ledger import SqlLedger
from store.opening import open_ledger
from tests.local_client import local_client

HALL = Institution("hall", "大厅", "Hall")
AT = 1_700_000_000_000


def meter(name: str) -> Registry:
    device = Meter(id=name, institution="hall", carrier=Carrier.WATER, register="water_m3")
    return Registry(institutions=(HALL,), devices=(device,))


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How often a registry was read as a whole."""
    counted: list[int] = []
    whole = SqlLedger.registry

    def registry(self: SqlLedger) -> Registry:
        counted.append(1)
        return whole(self)

    monkeypatch.setattr(SqlLedger, "registry", registry)
    return counted


def test_refreshing_reads_nothing_while_nothing_has_changed(
    tmp_path: Path, read: list[int]
) -> None:
    settings = Settings(data=tmp_path)
    with open_pipeline(settings) as pipeline:
        pipeline.save_registry(meter("m1"))
        read.clear()
        for _ in range(10):
            pipeline.refresh()  # as the collector does when an unknown device speaks
        assert read == []
        other = open_ledger(settings.ledger_url)  # another process
        other.save_registry(meter("m2"))
        other.close_connections()
        pipeline.refresh()
        assert len(read) == 1
        assert set(pipeline.directory) == {"m1", "m2"}
        assert set(pipeline.registry.device_by_id) == {"m1", "m2"}


def test_what_posting_sees_of_the_registry_the_collector_sees_too(
    tmp_path: Path, read: list[int]
) -> None:
    settings = Settings(data=tmp_path)
    with open_pipeline(settings) as pipeline:
        pipeline.save_registry(meter("m1"))
        client = local_client(app_of(pipeline))
        read.clear()
        posted = [{"device": "m2", "ts": AT, "values": {"water_m3": 1}}]
        for _ in range(5):
            assert client.post("/v1/readings", json=posted).status_code == 422
        assert read == [], "unknown devices cost no reading of the registry"
        other = open_ledger(settings.ledger_url)
        other.save_registry(meter("m2"))
        other.close_connections()
        assert client.post("/v1/readings", json=posted).status_code == 200
        assert len(read) == 1
        assert "m2" in pipeline.directory
