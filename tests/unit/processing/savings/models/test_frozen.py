"""Models frozen by earlier versions predict the same for ever: add fixtures, never change them."""

import json
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from config.working_days import day_types
from domain.operating import OperatingSpell
from processing.savings.engine import assess
from processing.savings.models.frozen import FORMATS, FrozenModel

FIXTURES = sorted((Path(__file__).parent / "fixtures").glob("*.json"))


def test_every_format_that_is_read_has_a_fixture() -> None:
    stored = {json.loads(path.read_text())["model"]["format"] for path in FIXTURES}
    assert stored == set(FORMATS)


@pytest.mark.parametrize("path", FIXTURES, ids=lambda p: p.stem)
def test_a_stored_model_predicts_what_it_did(path: Path) -> None:
    stored = json.loads(path.read_text())
    model = FrozenModel.from_json(json.dumps(stored["model"]))
    assert model.digest == stored["digest"]
    temperature = stored["temperature_c"]
    index = pd.date_range(stored["first"], periods=len(temperature), freq="D")
    daily = pd.DataFrame({"use": np.nan, "temperature_c": temperature}, index=index)
    if "irradiance_w_per_m2" in stored:  # null where it was unknown
        daily["irradiance_w_per_m2"] = pd.array(stored["irradiance_w_per_m2"], dtype="Float64")
    spells = [
        OperatingSpell(date.fromisoformat(a), date.fromisoformat(b), kind)
        for a, b, kind in stored.get("operation", [])
    ]
    types = day_types([t.date() for t in index], "cn", spells)
    days = assess(model, daily, day_types=types).days
    for row in stored["days"]:
        assert types[date.fromisoformat(row["day"])] == row["type"]
        assert days.counterfactual[row["day"]] == pytest.approx(row["predicted"], rel=1e-12)
