from pathlib import Path

import pytest

from civicmeter.wiring.pipeline import open_pipeline
from config.settings import Settings
from domain.places import Carrier, Institution, Meter
from domain.readings import Reading
from domain.registry import Registry
from ingest.live.spool import Spool, spool_path, spools
from ingest.messages.batch import decode_messages
from ingest.messages.message import Message
from ingest.messages.router import Router
from tests.command_line import run

REGISTRY = Registry(
    institutions=(Institution("hall", "大厅", "Hall"),),
    devices=(Meter(id="m1", institution="hall", carrier=Carrier.WATER, register="water_m3"),),
)
READINGS = [Reading("m1", "water_m3", 1_700_000_000_000 + i, float(i)) for i in range(100)]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    with open_pipeline(Settings(data=tmp_path / "data")) as pipeline:
        pipeline.save_registry(REGISTRY)
        pipeline.store.write(READINGS)
    return tmp_path / "data"


def test_what_was_backed_up_comes_back_whole(data: Path, tmp_path: Path) -> None:
    with open_pipeline(Settings(data=data)) as pipeline:  # in use meanwhile
        assert run("backup", str(tmp_path / "copy"), "--data", str(data)) == 0
        pipeline.store.write([Reading("m1", "water_m3", 1, 0.0)])
    assert run("restore", str(tmp_path / "copy"), "--data", str(tmp_path / "again")) == 0
    with open_pipeline(Settings(data=tmp_path / "again")) as pipeline:
        assert pipeline.registry == REGISTRY
        assert pipeline.store.series()["readings"].tolist() == [100]


def test_messages_that_wait_in_a_spool_come_along(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    heard = decode_messages([Message(1, 1, 1, "t", b"not json", 5)], Router(), 1 << 20)
    waiting = Spool(spool_path(data / "spool", "hall/0"), 1 << 20)
    assert waiting.append(heard)
    assert run("backup", str(tmp_path / "early"), "--data", str(data)) == 0
    assert "hall/0 is collecting" in capsys.readouterr().err
    waiting.close()
    assert run("backup", str(tmp_path / "copy"), "--data", str(data)) == 0
    assert run("restore", str(tmp_path / "copy"), "--data", str(tmp_path / "again")) == 0
    assert list(spools(tmp_path / "again" / "spool")) == [("hall/0", 1)]
    assert not (tmp_path / "early" / "spool").exists()


def test_neither_overwrites_anything(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("backup", str(tmp_path / "copy"), "--data", str(data)) == 0
    assert run("backup", str(tmp_path / "copy"), "--data", str(data)) == 2
    assert run("restore", str(tmp_path / "copy"), "--data", str(data)) == 2
    assert capsys.readouterr().err.count("is there already") == 2


def test_servers_are_backed_up_with_their_own_tools(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = "influxdb+http://localhost:8086/org/bucket"
    assert run("backup", str(tmp_path / "copy"), "--store", store) == 2
    assert "its own tools" in capsys.readouterr().err


def test_stores_and_backups_are_their_owners_only(data: Path, tmp_path: Path) -> None:
    (data / "ledger.db").chmod(0o644)  # as an earlier version left it
    with open_pipeline(Settings(data=data)) as pipeline:
        pipeline.store.write([Reading("m1", "water_m3", 1, 0.0)])
        assert run("backup", str(tmp_path / "copy"), "--data", str(data)) == 0
        kept = [*data.rglob("*.db*"), *(tmp_path / "copy").rglob("*.db*")]
        assert len(kept) >= 4
        assert {oct(p.stat().st_mode & 0o777) for p in kept} == {"0o600"}


def test_a_failed_backup_leaves_nothing(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger = data / "ledger.db"
    ledger.write_bytes(b"not a database" * 1000)
    assert run("backup", str(tmp_path / "copy"), "--data", str(data)) == 2
    assert "cannot be copied" in capsys.readouterr().err
    assert list((tmp_path / "copy").iterdir()) == []
