"""`civicmeter registry import`: what would change is told first, and taken in as it was told."""

from dataclasses import replace
from pathlib import Path

import pytest

from civicmeter.wiring.pipeline import open_pipeline
from config.settings import Settings
from domain.audit import LOCAL
from domain.registry import Registry
from registry.writing import write_xlsx
from tests import api_sample
from tests.command_line import run

REGISTRY = api_sample.registry()
HALL = REGISTRY.institution_by_id[api_sample.HALL]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """An installation in which the hall's February is closed."""
    with open_pipeline(Settings(data=tmp_path / "data")) as pipeline:
        pipeline.save_registry(REGISTRY)
        for month in (api_sample.FEBRUARY, api_sample.MARCH):
            pipeline.ledger.save_result(api_sample.hall_month(month))
        pipeline.ledger.close(HALL.id, api_sample.FEBRUARY, signed_by="Li")
    return tmp_path / "data"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A workbook in which the hall is another type of building."""
    path = tmp_path / "r.xlsx"
    write_xlsx(Registry(institutions=(replace(HALL, building_type="H"),)), path)
    return path


def registered(data: Path) -> Registry:
    with open_pipeline(Settings(data=data)) as pipeline:
        return pipeline.registry


def test_a_dry_run_tells_every_change_and_makes_none(
    data: Path, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("registry", "import", file, "--dry-run", "--data", data) == 0
    said = capsys.readouterr().out
    expected = f"institutions {HALL.id}: building_type from {HALL.building_type} to H"
    assert f"{expected} (closed months that rest on it: 1, 2024-02 to 2024-02)" in said
    assert "1 of them touch 1 closed months of 1 institutions" in said
    assert registered(data).institution_by_id[HALL.id] == HALL
    assert run("registry", "import", file, "--dry-run", "--lang", "zh", "--data", data) == 0
    assert "涉及已关账月份 1 个" in capsys.readouterr().out


def test_what_was_told_is_taken_in_with_its_version(
    data: Path, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run("registry", "import", file, "--dry-run", "--data", data)
    command = capsys.readouterr().out.splitlines()[-1].split()[1:]
    assert run(*command, "--data", data) == 0
    assert registered(data).institution_by_id[HALL.id].building_type == "H"
    capsys.readouterr()
    assert run("registry", "import", file, "--data", data) == 0
    assert "nothing would change" in capsys.readouterr().out


def test_somebody_elses_change_in_between_refuses_it(
    data: Path, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run("registry", "import", file, "--dry-run", "--data", data)
    command = capsys.readouterr().out.splitlines()[-1].split()[1:]
    with open_pipeline(Settings(data=data)) as pipeline:
        other = replace(HALL, name_en="Renamed")
        pipeline.ledger.save_registry(Registry(institutions=(other,)), actor=LOCAL)
    assert run(*command, "--data", data) == 1
    assert "the registry has changed since" in capsys.readouterr().err
    assert registered(data).institution_by_id[HALL.id] == other


def test_one_problem_keeps_all_of_it_out(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "bad.xlsx"
    changed = replace(HALL, name_en="Renamed")
    write_xlsx(Registry((changed, replace(HALL, id="new-one", district_code="9"))), file)
    assert run("registry", "import", file, "--data", data) == 2
    assert "sheet institutions, row 3, column district_code" in capsys.readouterr().err
    assert run("registry", "check", file, "--lang", "zh", "--data", data) == 2
    said = capsys.readouterr().err
    assert (
        "有 1 处问题" in said
        and "工作表 institutions（机构） 第 3 行 district_code（行政区划代码） 列：" in said
    )
    assert "请填 GB/T 2260 的 6 位代码" in said
    assert registered(data).institution_by_id[HALL.id] == HALL
