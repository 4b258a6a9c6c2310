"""The limits of what a value can be."""

import tomllib

import pytest

from config.limits import TIME_LIMITS, VALUE_LIMITS, value_limits, value_markers
from domain.errors import ConfigError
from domain.judge import Judge
from domain.quantities import QUANTITIES
from store.readings.port import DeviceTags
from tests.paths import ROOT


def rows() -> list[dict[str, object]]:
    text = (ROOT / "config" / "tables" / "limits.toml").read_text(encoding="utf-8")
    found: list[dict[str, object]] = tomllib.loads(text)["limit"]
    return found


def test_every_quantity_has_limits_and_registers_never_start_below_zero() -> None:
    assert VALUE_LIMITS.keys() == QUANTITIES.keys()
    for quantity in QUANTITIES.values():
        if quantity.kind == "total_increasing":
            assert VALUE_LIMITS[quantity.name][0] == 0.0


def test_markers_of_invalid_values_are_none() -> None:
    low, high = VALUE_LIMITS["power_w"]
    assert -(2.0**23) in TIME_LIMITS.markers["power_w"]
    assert not low <= 2**31 - 1 <= high
    inner = TIME_LIMITS.unmarked["power_w"]
    assert low < inner[0] < 0 < inner[1] < high
    assert not any(inner[0] <= m <= inner[1] for m in TIME_LIMITS.markers["power_w"])


YEARS = 60
YEAR_H = 365.25 * 24
LARGEST_CAMPUS = {
    # What its meters say after so many years of all it can, all the time.
    "energy_import_kwh": 60_000 * YEAR_H * YEARS,
    "energy_export_kwh": 50_000 * YEAR_H * YEARS,
    "pv_energy_kwh": 50_000 * YEAR_H * YEARS,
    "water_m3": 3_050 * YEAR_H * YEARS,
    "gas_m3": 37_500 * YEAR_H * YEARS,
    "gas_kwh": 375_000 * YEAR_H * YEARS,
    "heat_gj": 500 * 3.4 * YEAR_H * YEARS,
    "cooling_gj": 360 * YEAR_H * YEARS,
    # And at one instant.
    "power_w": 3 * 63e6,
    "voltage_a_v": 126_000,
    "current_a_a": 6_300,
    "pv_power_w": 50e6,
    "irradiance_w_per_m2": 2_177,
    "relative_humidity_pct": 103,
    "power_factor_ratio": 1.0004,
    "mass_kg": 100_000,
}


@pytest.mark.parametrize("quantity", LARGEST_CAMPUS)
def test_nothing_that_the_largest_campus_says_is_refused(quantity: str) -> None:
    judge = Judge({"m": DeviceTags("meter", "campus")}, TIME_LIMITS, 10**12)
    assert judge.refusal("m", quantity, 10**12, LARGEST_CAMPUS[quantity]) is None
    assert VALUE_LIMITS[quantity][1] >= LARGEST_CAMPUS[quantity]


def test_what_it_feeds_back_is_no_fault() -> None:
    judge = Judge({"m": DeviceTags("meter", "campus")}, TIME_LIMITS, 10**12)
    for power_w in (-50e6, -8_388_607.0, -8_400_000.0, -400_000.0):
        assert judge.refusal("m", "power_w", 10**12, power_w) is None
    assert judge.refusal("m", "pv_power_w", 10**12, -400_000.0) is None


def test_every_limit_says_how_it_was_found() -> None:
    for row in rows():
        source = str(row["source"])
        reasons = (
            "reckoned",
            "by definition",
            "engineering bound",
            "WMO",
            "IEC",
            "measured",
            "as ",
        )
        assert any(reason in source for reason in reasons), source


def test_wrong_markers_are_named() -> None:
    first, *others = rows()
    with pytest.raises(ConfigError, match="markers"):
        value_markers([{**first, "markers": "-8388608"}, *others])


@pytest.mark.parametrize(
    "change",
    [
        {"minimum": 5.0, "maximum": 5.0},
        {"quantity": "watts"},
        {"source": ""},
        {"minimum": "low"},
    ],
)
def test_a_wrong_row_is_named(change: dict[str, object]) -> None:
    first, *others = rows()
    with pytest.raises(ConfigError, match=r"limits\.toml"):
        value_limits([{**first, **change}, *others])


def test_a_missing_quantity_is_named() -> None:
    with pytest.raises(ConfigError, match="energy_import_kwh"):
        value_limits(rows()[1:])


def test_the_row_that_began_last_holds() -> None:
    first, *others = rows()
    later = {**first, "maximum": 7.0, "valid_from": first["valid_from"].replace(year=2099)}  # type: ignore[attr-defined]
    assert value_limits([later, first, *others])[str(first["quantity"])] == (0.0, 7.0)
