"""Bills on the command line: fitted, explained, and the placebo test of a model of bills."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner, Result

from civicmeter.cli import civicmeter
from domain.errors import ConfigError
from processing.savings.inputs.bills import bills_of_days
from processing.savings.inputs.rollup import daily_use, daily_weather
from processing.savings.models.frozen import BILLING_FORMAT
from processing.savings.placebo import Archive, placebo
from tests.unit.processing.savings.test_placebo import CAMBRIDGE, archive, archive_table, weather


@pytest.fixture(scope="module")
def steady() -> Archive:
    return archive(0.01)


def run(*args: str) -> Result:
    return CliRunner().invoke(civicmeter, ["savings", *args])


def bills_table(drift: float, buildings: int = 12) -> pd.DataFrame:
    """The calendar months of `archive_table`, as a table of bills."""
    days = daily_use(archive_table(drift, buildings), "Europe/London")
    days = days[(days.day >= "2018-01-01") & (days.day < "2020-01-01")]
    tables = [
        bills_of_days(group.set_index("day")).assign(building=name)
        for name, group in days.groupby("building")
    ]
    return pd.concat(tables, ignore_index=True)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    folder = tmp_path_factory.mktemp("bills")
    bills, sky = folder / "bills.csv", folder / "sky.csv"
    bills_table(0.02).to_csv(bills, index=False)
    weather().to_csv(sky, index=False)
    return str(bills), str(sky)


def test_steady_buildings_have_narrow_intervals_that_hold(steady: Archive) -> None:
    (result,) = placebo(steady, 2018, 2019, kind="billing")
    assert result.buildings == 12
    assert result.annual_abs_error_median_pct < 2
    assert 85 <= result.annual_interval_coverage_pct <= 95
    assert 80 <= result.monthly_interval_coverage_pct <= 97
    assert result.falsely_proven_pct <= 10
    assert result.planted_10pct_proven_pct == 100


def test_drifting_buildings_get_wider_intervals(steady: Archive) -> None:
    (calm,) = placebo(steady, 2018, 2019, kind="billing")
    (restless,) = placebo(archive(0.08), 2018, 2019, kind="billing")
    assert restless.annual_half_width_median_pct > 2.5 * calm.annual_half_width_median_pct
    assert restless.nominal_interval_coverage_pct < 60


def test_the_months_of_hours_and_a_table_of_them_are_judged_alike(files: tuple[str, str]) -> None:
    (of_days,) = placebo(archive(0.02), 2018, 2019, kind="billing")
    bills, sky = files
    done = run("placebo", bills, "--weather", sky, "--fit", "2018", "--predict", "2019", "--json")
    assert done.exit_code == 0, done.output
    of_bills = json.loads(done.stdout)["electricity"]
    for name, value in of_bills.items():
        if name != "fit_ms_median":
            assert value == pytest.approx(getattr(of_days, name), abs=0.02), name


def test_bills_are_fitted_and_explained(files: tuple[str, str], tmp_path: Path) -> None:
    bills, sky = files
    model = tmp_path / "model.json"
    which = ["--weather", sky, "--building", "x0", "--timezone", "Europe/London"]
    period = ["--from", "2018-01-01", "--to", "2019-01-01", "--out", str(model)]
    done = run("fit", bills, *which, *period)
    assert done.exit_code == 0, done.output
    assert json.loads(model.read_text())["format"] == BILLING_FORMAT
    saved = tmp_path / "saved.csv"
    table = pd.read_csv(bills)
    table["use"] *= np.where(table["start"] >= "2019-01-01", 0.7, 1.0)
    table.to_csv(saved, index=False)
    period = ["--from", "2019-01-01", "--to", "2020-01-01", "--table", str(saved)]
    told = run("explain", str(model), "--lang", "en", *which, *period)
    assert told.exit_code == 0, told.output
    assert "12 bills" in told.stdout and "saving proven" in told.stdout
    assert "2019-12" in told.stdout


def test_what_bills_cannot_give_is_refused(files: tuple[str, str]) -> None:
    bills, sky = files
    period = ["--from", "2018-01-01", "--to", "2019-01-01"]
    unnamed = run("fit", bills, "--weather", sky, *period)
    assert isinstance(unnamed.exception, ConfigError) and "--building" in str(unnamed.exception)
    daily = run("fit", bills, "--weather", sky, "--building", "x0", "--model", "daily", *period)
    assert isinstance(daily.exception, ConfigError) and "bills" in str(daily.exception)


@pytest.mark.long
@pytest.mark.skipif(not CAMBRIDGE.exists(), reason="the measured archive is not on this machine")
def test_errors_and_coverage_of_measured_bills_2018_to_2019() -> None:
    """What docs/savings.md reports of models of bills must stay true."""
    use = pd.read_parquet(CAMBRIDGE / "hourly_tenths_kwh_2017_2022.parquet")
    sky = pd.read_parquet(CAMBRIDGE / "bedford_weather_hourly_2017_2022.parquet")
    zone = "Europe/London"
    measured = Archive(daily_use(use, zone), daily_weather(sky, zone), "gb")
    found = {r.fuel: r for r in placebo(measured, 2018, 2019, kind="billing")}
    assert found["electricity"].annual_abs_error_median_pct <= 5.3
    assert found["gas"].annual_abs_error_median_pct <= 7.8
    for result in found.values():
        assert 85 <= result.annual_interval_coverage_pct <= 95
        assert 85 <= result.monthly_interval_coverage_pct <= 95
        assert result.nominal_interval_coverage_pct <= 60
