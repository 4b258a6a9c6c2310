"""The placebo test with the other buildings as control group, on made-up years."""

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from civicmeter.cli import civicmeter
from processing.savings.inputs.rollup import daily_use, daily_weather
from processing.savings.placebo import Archive, cells, placebo, with_peers
from tests.unit.processing.savings.test_placebo import archive_table, weather


def archive_of(table: pd.DataFrame) -> Archive:
    return Archive(
        daily_use(table, "Europe/London"), daily_weather(weather(), "Europe/London"), "gb"
    )


def shocked(drift: float = 0.02) -> pd.DataFrame:
    """Everybody uses a fifth less from April of the second year on."""
    table = archive_table(drift)
    return table.assign(kwh=table.kwh.where(table.ts < "2019-04-01", table.kwh * 0.8))


@pytest.fixture(scope="module")
def shock() -> Archive:
    return archive_of(shocked())


def test_a_common_shock_is_no_error_and_no_saving(shock: Archive) -> None:
    (alone,) = placebo(shock, 2018, 2019)
    (beside,) = placebo(shock, 2018, 2019, peers=True)
    assert alone.annual_abs_error_median_pct > 12
    assert beside.annual_abs_error_median_pct < 3
    assert beside.annual_half_width_median_pct < 0.6 * alone.annual_half_width_median_pct
    assert beside.shipped_annual_interval_coverage_pct >= 85
    assert beside.falsely_proven_pct == beside.shipped_falsely_proven_pct == 0


@pytest.mark.slow
def test_an_ordinary_year_is_left_as_it_is() -> None:
    """Null: buildings that each drift on their own have nothing in common."""
    ordinary = archive_of(archive_table(0.04))
    (alone,), (beside,) = (placebo(ordinary, 2018, 2019, peers=p) for p in (False, True))
    for name in ("annual_abs_error_median_pct", "monthly_abs_error_median_pct"):
        assert asdict(beside)[name] == pytest.approx(asdict(alone)[name], abs=0.3)


@pytest.mark.slow
def test_what_one_building_saves_is_its_own(shock: Archive) -> None:
    """Planted: x0 saves an eighth on top of the shock. It is seen at x0, and nobody else's
    counterfactual moves by two hundredths."""
    table = shocked()
    saves = (table.building == "x0") & (table.ts >= "2019-01-01")
    saved = archive_of(table.assign(kwh=table.kwh.where(~saves, table.kwh * 0.875)))
    ratio = {}
    for name, archive in (("with", saved), ("without", shock)):
        found = with_peers(cells(archive, "electricity", 2018, 2019))
        ratio[name] = {c.building: c.annual_error_ratio() for c in found}
    # (predicted − observed) / observed
    assert ratio["with"]["x0"] == pytest.approx((1 + ratio["without"]["x0"]) / 0.875 - 1, abs=0.01)
    moved = [abs(ratio["with"][b] - r) for b, r in ratio["without"].items() if b != "x0"]
    assert max(moved) < 0.02
    assert np.mean(moved) < 0.01


@pytest.mark.slow
def test_the_command(tmp_path: Path) -> None:
    shocked().to_parquet(tmp_path / "use.parquet")
    weather().to_parquet(tmp_path / "weather.parquet")
    command = ["savings", "placebo", str(tmp_path / "use.parquet"), "--weather"]
    command += [str(tmp_path / "weather.parquet"), "--fit", "2018", "--predict", "2019", "--json"]
    found = {}
    for flags in ([], ["--peers"]):
        result = CliRunner().invoke(civicmeter, [*command, *flags])
        assert result.exit_code == 0, result.output
        found[bool(flags)] = json.loads(result.stdout)["electricity"]["annual_abs_error_median_pct"]
    assert found[True] < 3 < 12 < found[False]
