"""`civicmeter savings proof`: which meter a contract needs, from its frozen baseline."""

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from civicmeter.wiring.pipeline import open_pipeline
from config.settings import Settings
from config.working_days import day_types
from domain.models import ModelRecord
from domain.places import Contract, Institution
from domain.registry import Registry
from processing.savings.engine import fit_baseline
from tests.command_line import run

CONTRACT = Contract(
    "c1", "hall", "改造", "Retrofit", "shared", date(2022, 1, 1), date(2023, 1, 1), date(2023, 1, 1)
)
EARLY = replace(CONTRACT, id="c2")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    days = pd.date_range("2022-01-01", "2022-12-31", freq="D")
    rng = np.random.default_rng(1)
    daily = pd.DataFrame(
        {"use": 1000 * rng.normal(1, 0.04, 365), "temperature_c": rng.normal(12, 5, 365)},
        index=days,
    )
    model = fit_baseline(daily, day_types=day_types(list(days.date), "cn"))
    record = ModelRecord(
        digest=model.digest,
        institution="hall",
        contract="c1",
        kind="baseline",
        carrier="electricity",
        json=model.to_json(),
        fitted_at=datetime(2023, 1, 2, tzinfo=UTC),
    )
    with open_pipeline(Settings(data=tmp_path / "data")) as pipeline:
        place = Institution("hall", "楼", "Hall")
        pipeline.save_registry(Registry(institutions=(place,), contracts=(CONTRACT, EARLY)))
        pipeline.ledger.save_model(record)
    return tmp_path / "data"


def test_it_says_what_is_needed(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for expect, answer in (("0.04", "submeter"), ("0.4", "enough")):
        assert (
            run("savings", "proof", "c1", "--expect", expect, "--lang", "en", "--data", data) == 0
        )
        assert f"c1/electricity: {answer}" in capsys.readouterr().out
    assert run("savings", "proof", "c1", "--data", data) == 0
    assert "expected_saving_ratio" in capsys.readouterr().out


def test_a_mistake_is_told(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("savings", "proof", "c9", "--data", data) == 2
    assert "there are c1, c2" in capsys.readouterr().err
    assert run("savings", "proof", "c2", "--data", data) == 2
    assert "no frozen baseline yet" in capsys.readouterr().err
    assert run("savings", "proof", "c1", "--expect", "4", "--data", data) == 2
