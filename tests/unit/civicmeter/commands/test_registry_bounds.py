"""Missing bounds are told where a workbook comes in, and proposed in one to look at and import."""

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest

from civicmeter.commands.doctor import bounds_missing
from civicmeter.wiring.pipeline import open_pipeline
from civicmeter.wiring.ports import free_port
from config.settings import Settings
from domain.calendar import Month, to_ms
from domain.places import Carrier, Dated, Institution, Meter, PvSystem
from domain.readings import Reading
from domain.registry import Registry
from registry.reading import read_xlsx
from registry.writing import write_xlsx
from tests.command_line import run

HALL = Institution("hall", "大厅", "Hall")
OLD = Meter(
    id="old",
    institution="hall",
    carrier=Carrier.WATER,
    register="water_m3",
    name_zh="总水表",
    multiplier=(Dated(date(2020, 1, 1), 10.0),),
)
NEW = replace(OLD, id="new", name_zh="新水表", multiplier=())
BOUNDED = replace(NEW, id="bounded", max_rate_per_h=4.0)
ROOF = PvSystem(id="roof", institution="hall", capacity_kwp=30.0)
REGISTRY = Registry((HALL,), (), (OLD, NEW, BOUNDED, ROOF))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The old meter has a year of history that ends with last month, the new one has none."""
    this = Month.of(datetime.now(UTC).date())
    start, end = this.plus(-12).interval(HALL.timezone)[0], this.interval(HALL.timezone)[0]
    at = np.arange(to_ms(start), to_ms(end) + 1, 3_600_000)
    use = np.where((at // 3_600_000 + 8) % 24 >= 7, 0.25, 0.0)  # 2.5 m³/h after the multiplier
    value = 500.0 + np.cumsum(use)
    with open_pipeline(Settings(data=tmp_path / "data")) as pipeline:
        pipeline.save_registry(REGISTRY)
        pipeline.store.write(
            [Reading("old", "water_m3", *r) for r in zip(at.tolist(), value.tolist(), strict=True)]
        )
    return tmp_path / "data"


def test_import_and_check_say_what_is_missing_and_what_history_proposes(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    book = tmp_path / "book.xlsx"
    write_xlsx(REGISTRY, book)
    for command in ("check", "import"):
        assert run("registry", command, book, "--data", data) == 0, "a warning, no refusal"
        said = capsys.readouterr().err
        assert "2 without the most the branch can carry (max_rate_per_h)" in said
        assert "old max_rate_per_h: 3.8 is proposed, by 36" in said
        assert "new max_rate_per_h: no whole month of readings yet" in said
        assert "civicmeter registry propose-bounds" in said
    write_xlsx(Registry((HALL,), (), (BOUNDED, ROOF)), book)
    assert run("registry", "check", book, "--data", data) == 0
    assert capsys.readouterr().err == ""


def test_proposals_come_as_a_workbook_that_can_be_changed_and_imported(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "bounds.xlsx"
    assert run("registry", "propose-bounds", "--out", out, "--data", data) == 0
    assert "1 bounds proposed, 1 not" in capsys.readouterr().out
    assert run("registry", "propose-bounds", "--out", out, "--data", data) == 2, (
        "nothing is written over"
    )
    proposed, problems = read_xlsx(out)
    assert not problems
    assert proposed.devices == (replace(OLD, max_rate_per_h=3.8),), "all else is as it was"
    assert run("registry", "import", out, "--data", data) == 0
    settings = Settings(data=data)
    with open_pipeline(settings) as pipeline:
        known = pipeline.registry
    assert known.device_by_id["old"] == replace(OLD, max_rate_per_h=3.8)
    assert known.device_by_id["new"] == NEW
    (check,) = bounds_missing(settings)
    assert check.found.startswith("1 without") and "propose-bounds" in check.advice


def test_a_store_that_is_away_keeps_nobody_from_importing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    book = tmp_path / "book.xlsx"
    write_xlsx(REGISTRY, book)
    store = f"influxdb+http://127.0.0.1:{free_port()}/org/bucket"
    assert run("registry", "import", book, "--data", tmp_path / "data", "--store", store) == 0
    said = capsys.readouterr()
    assert "imported 1 institutions" in said.out
    assert "their history cannot be looked at now" in said.err
