"""Standard coal in two sets, CO₂ and figures per area and head."""

from dataclasses import replace
from datetime import date

import pytest

from domain.figures import Figure, Shares
from domain.places import Dated, Institution
from processing.use.indicators import indicator_figures

DAY = date(2025, 3, 1)
PLACE = Institution(
    id="i",
    name_zh="局",
    name_en="Bureau",
    district_code="370502",
    floor_area_m2=(Dated(date(2020, 1, 1), 1000.0), Dated(date(2025, 1, 1), 2000.0)),
    headcount=(Dated(date(2020, 1, 1), 50.0),),
)


def use(name: str, value: float | None, missing: float = 0.0) -> dict[str, Figure]:
    shares = Shares(1.0 - missing, 0.0, missing)
    return {name: Figure(name=name, value=value, shares=shares, method="m/1")}


def values(totals: dict[str, Figure], place: Institution = PLACE) -> dict[str, Figure]:
    return {f.name: f for f in indicator_figures(place, totals, DAY)}


def test_two_coal_sets_side_by_side_by_hand() -> None:
    totals = use("electricity_use_kwh", 1000.0) | use("natural_gas_use_m3", 100.0)
    found = values(totals)
    assert found["standard_coal_kgce"].value == pytest.approx(1000 * 0.1229 + 100 * 1.33)
    assert found["standard_coal_shandong_kgce"].value == pytest.approx(1000 * 0.31 + 121.43)
    assert found["co2_kg"].value == pytest.approx(1000 * 0.6191 + 100 * 2.1622)
    assert {f.name for f in found["co2_kg"].factors} == {
        "co2.electricity.cn-37",
        "co2.natural_gas",
    }


def test_gas_metered_in_energy_is_worth_the_same_coal_as_its_volume() -> None:
    kwh = 100 * 38.931 / 3.6
    by_energy = values(use("natural_gas_use_kwh", kwh))
    by_volume = values(use("natural_gas_use_m3", 100.0))
    for name in ("standard_coal_shandong_kgce", "co2_kg"):
        assert by_energy[name].value == pytest.approx(by_volume[name].value)
    assert by_energy["standard_coal_kgce"].value == pytest.approx(
        by_volume["standard_coal_kgce"].value, rel=0.002
    )


def test_per_area_and_head_use_what_held_on_the_day() -> None:
    found = values(use("electricity_use_kwh", 1000.0) | use("water_use_m3", 200.0))
    assert found["energy_per_area_kgce_per_m2"].value == pytest.approx(122.9 / 2000)
    assert found["energy_per_head_kgce"].value == pytest.approx(122.9 / 50)
    assert found["water_per_head_m3"].value == pytest.approx(4.0)


def test_an_unknown_total_makes_no_zero() -> None:
    found = values(use("electricity_use_kwh", None) | use("heat_use_gj", 10.0))
    assert found["standard_coal_kgce"].value is None
    assert "total_unknown" in {f.code for f in found["standard_coal_kgce"].findings}


def test_a_place_without_a_grid_factor_has_no_carbon_but_a_finding() -> None:
    abroad = Institution(id="x", name_zh="", name_en="", timezone="Europe/London")
    found = values(use("electricity_use_kwh", 1000.0), abroad)
    assert found["co2_kg"].value is None
    assert found["co2_kg"].findings[0].code == "factor_missing"
    assert "standard_coal_shandong_kgce" not in found


def test_the_shandong_set_counts_district_heat_and_leaves_cooling_out() -> None:
    found = values(use("electricity_use_kwh", 10.0) | use("heat_use_gj", 5.0))
    assert found["standard_coal_shandong_kgce"].value == pytest.approx(3.1 + 5 * 34.12)
    assert found["standard_coal_shandong_kgce"].findings == ()
    cooled = values(use("electricity_use_kwh", 10.0) | use("cooling_use_gj", 5.0))
    assert cooled["standard_coal_shandong_kgce"].value == pytest.approx(3.1)
    assert cooled["standard_coal_shandong_kgce"].findings[0].code == "coal_carrier_left_out"


@pytest.mark.parametrize(
    ("district", "day", "factor", "codes"),
    [
        ("370502", date(2024, 12, 1), 0.6191, []),
        ("370502", date(2025, 1, 1), 0.6191, ["factor_old"]),
        ("370502", date(2022, 6, 1), 0.6410, []),
        ("370502", date(2021, 6, 1), 0.6838, []),
        ("440103", date(2026, 10, 1), 0.4419, ["factor_old"]),
        ("440103", date(2022, 6, 1), 0.5366, ["grid_factor_national"]),
        ("540102", date(2024, 6, 1), 0.5306, ["grid_factor_national"]),
        ("540102", date(2026, 6, 1), 0.5306, ["grid_factor_national", "factor_old"]),
        ("", date(2024, 6, 1), 0.5306, ["grid_factor_without_district"]),
    ],
)
def test_carbon_is_the_provinces_and_says_where_it_is_not_or_is_old(
    district: str, day: date, factor: float, codes: list[str]
) -> None:
    place = replace(PLACE, district_code=district)
    totals = use("electricity_use_kwh", 1000.0)
    found = {f.name: f for f in indicator_figures(place, totals, day)}["co2_kg"]
    assert found.value == pytest.approx(1000 * factor)
    assert [f.code for f in found.findings] == codes
    assert {f.severity for f in found.findings} <= {"info"}


def test_what_is_no_electricity_has_no_grid_to_tell_of() -> None:
    found = values(use("heat_use_gj", 1.0), replace(PLACE, district_code="540102"))
    assert found["co2_kg"].findings == ()


def test_shares_follow_what_each_carrier_adds_and_sum_to_one() -> None:
    totals = use("electricity_use_kwh", 1000.0) | use("heat_use_gj", 122.9 / 34.12, missing=0.5)
    shares = values(totals)["standard_coal_kgce"].shares
    assert shares.missing == pytest.approx(0.25)
    assert shares.measured + shares.estimated + shares.missing == pytest.approx(1.0)


def test_nothing_metered_no_indicator() -> None:
    assert indicator_figures(PLACE, {}, DAY) == []
