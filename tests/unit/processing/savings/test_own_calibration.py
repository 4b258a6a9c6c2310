"""An installation's own calibration: dated rows in a file, preferred once they carry."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from civicmeter.cli import civicmeter
from domain.calendar import Month
from domain.errors import ConfigError
from processing.savings.explain import model_card
from processing.savings.intervals import calibration_of, shipped_calibration
from processing.savings.own_calibration import (
    FACTOR,
    LEAST_BUILDINGS,
    LEAST_YEARS,
    OWN_FILE,
    OwnCalibration,
    calibration_on,
    own_calibrations,
)
from tests.unit.processing.savings.test_figures import SUBJECT, daily, figures, track
from tests.unit.processing.savings.test_placebo import archive_table, weather

SHIPPED = shipped_calibration("electricity")
SINCE = date(2024, 3, 31)


def row(factor: float = 2.0, since: date = SINCE, years: int = LEAST_YEARS) -> OwnCalibration:
    """One whose intervals are `factor` times as wide as the shipped ones."""
    day, month, year = (
        tuple(factor * q for q in of) for of in (SHIPPED.day, SHIPPED.month, SHIPPED.year)
    )
    made = replace(
        SHIPPED, day=day, month=month, year=year, valid_from=since, source='our "city"\\n'
    )
    return OwnCalibration(since, "daily", "electricity", LEAST_BUILDINGS, years, made)


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    path = tmp_path / "own.toml"
    monkeypatch.setenv(OWN_FILE, str(path))
    own_calibrations.cache_clear()
    yield path
    own_calibrations.cache_clear()


def test_a_row_is_read_back_as_it_was_written(file: Path) -> None:
    rows = [row(), row(3.0, date(2025, 1, 1))]
    file.write_text("\n".join(r.to_toml() for r in rows), encoding="utf-8")
    read = own_calibrations(str(file))
    assert [r.calibration.source for r in read] == ['our "city"\\n'] * 2
    for was, is_ in zip(rows, read, strict=True):
        assert replace(is_, calibration=was.calibration) == was
        assert is_.calibration.year == pytest.approx(was.calibration.year, abs=6e-4)


def test_a_month_is_judged_by_the_row_in_force_on_its_last_day(file: Path) -> None:
    rows = [row(2.0), row(3.0, date(2024, 5, 1))]
    file.write_text("\n".join(r.to_toml() for r in rows), encoding="utf-8")
    made = track(daily(0.2))
    february, march, may = (figures(made, Month(2024, m))["avoided_energy_kwh"] for m in (2, 3, 5))
    assert february.factors == ()
    assert [f.valid_from for f in march.factors] == [SINCE]
    assert [f.valid_from for f in may.factors] == [date(2024, 5, 1)]
    assert march.factors[0].name == FACTOR and march.factors[0].source == 'our "city"\\n'
    file.unlink()
    own_calibrations.cache_clear()
    file.write_text("", encoding="utf-8")
    shipped = {m: figures(made, Month(2024, m))["avoided_energy_kwh"] for m in (2, 3)}
    assert shipped[2] == february, "months before it do not change by a digit"
    assert shipped[3].value == march.value and shipped[3].low is not None
    width = (march.high or 0) - (march.low or 0)
    assert width == pytest.approx(2 * ((shipped[3].high or 0) - shipped[3].low), rel=1e-3)


def test_the_nominal_interval_is_nobodys_calibration(file: Path) -> None:
    file.write_text(row().to_toml(), encoding="utf-8")
    found = figures(track(daily(0.2)), Month(2024, 3))
    assert found["avoided_energy_nominal_kwh"].factors == ()
    assert FACTOR in {f.name for f in found["normalised_saving_kwh"].factors}
    assert found["avoided_energy_kwh"].subject == SUBJECT


@pytest.mark.parametrize(
    "few",
    [
        replace(row(), building_years=LEAST_YEARS - 1),
        replace(row(), buildings=LEAST_BUILDINGS - 1),
    ],
)
def test_too_few_years_do_not_carry(file: Path, few: OwnCalibration) -> None:
    file.write_text(few.to_toml(), encoding="utf-8")
    model = track(daily(0.2)).model
    assert calibration_on(model, date(2025, 1, 1)) == calibration_of(model)


def test_the_card_says_which_it_is(file: Path) -> None:
    file.write_text(row().to_toml(), encoding="utf-8")
    model = track(daily(0.2)).model
    for lang, ours, theirs in (
        ("zh", "校准数据：本地", "随软件提供"),
        ("en", "your own city, in", "shipped"),
    ):
        before = "\n".join(model_card(model, lang, on=date(2024, 3, 30)))
        after = "\n".join(model_card(model, lang, on=SINCE))
        assert theirs in before and ours not in before
        assert ours in after and SINCE.isoformat() in after and theirs not in after


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("valid_from = 2024-03-31", 'valid_from = "soon"'), "valid_from is a date"),
        (('model = "daily"', 'model = "weekly"'), "model is daily or billing"),
        (("building_years = 19\n", ""), "lacking: ['building_years']"),
        (("0.95]", "1.5]"), "confidences ascend"),
        (("floor_ratio = 0.05", "floor_ratio = -1"), "between 0 and 1"),
        (("year = [", "year = [9e9, "), "a quantile above 0 for each confidence"),
        (("[[calibration]]", "[calibration"), "cannot be read"),
        (("[[calibration]]", "[calibration]"), "[[calibration]] tables"),
    ],
)
def test_what_cannot_be_used_is_told_with_its_row(
    file: Path, change: tuple[str, str], told: str
) -> None:
    file.write_text(row().to_toml().replace(*change), encoding="utf-8")
    with pytest.raises(ConfigError) as error:
        calibration_on(track(daily(0.2)).model, SINCE)
    assert told in str(error.value)


def test_a_file_that_is_not_there_is_told(file: Path) -> None:
    with pytest.raises(ConfigError, match="take the setting away"):
        own_calibrations(str(file))


def test_the_command_makes_it_from_placebo_years(file: Path) -> None:
    """Planted: levels drift by 20 % from year to year, so that intervals become wider."""
    table, sky = file.with_name("use.csv"), file.with_name("weather.csv")
    archive_table(0.20).to_csv(table, index=False)
    weather().to_csv(sky, index=False)
    options = ["savings", "calibrate", str(table), "--weather", str(sky), "--out", str(file)]
    for years, carries in ((["2018:2019"], False), (["2018:2019", "2019:2018"], True)):
        pairs = [o for pair in years for o in ("--years", pair)]
        done = CliRunner().invoke(
            civicmeter, [*options, *pairs, "--valid-from", "2024-03-31"], catch_exceptions=False
        )
        assert done.exit_code == 0, done.output
        assert ("the shipped calibration stands" in done.output) != carries
        own_calibrations.cache_clear()
        assert own_calibrations(str(file))[-1].carries == carries
    assert len(own_calibrations(str(file))) == 2
    made = track(daily(0.2))
    wide = calibration_on(made.model, SINCE)
    assert wide.valid_from == SINCE and "22 placebo years" in wide.source
    assert wide.year[2] > 1.5 * SHIPPED.year[2]
    assert figures(made, Month(2024, 3))["avoided_energy_kwh"].factors[0].source == wide.source
