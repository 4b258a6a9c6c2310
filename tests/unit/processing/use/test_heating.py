"""Heating apart from all other use: only what meters tell apart, and nothing made up."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.processing import processing_settings
from domain.calendar import Month
from domain.carriers import FIGURE_OF_REGISTER
from domain.figures import Figure, Shares
from domain.places import Carrier, Dated, Institution, Meter
from processing.curves.curve import GridUse
from processing.use.heating import heating_figures, heating_split, touches_season
from processing.use.month_use import Period

PLACE = Institution(
    id="i",
    name_zh="局",
    name_en="Bureau",
    district_code="370502",
    floor_area_m2=(Dated(date(2020, 1, 1), 1000.0),),
    heating_season=((11, 15), (3, 15)),
)
JANUARY, JULY = Month(2025, 1), Month(2025, 7)
CARRIERS = {
    "energy_import_kwh": Carrier.ELECTRICITY,
    "gas_m3": Carrier.NATURAL_GAS,
    "heat_gj": Carrier.HEAT,
    "cooling_gj": Carrier.COOLING,
}


def total(name: str, value: float | None, missing: float = 0.0) -> dict[str, Figure]:
    shares = Shares(1.0 - missing, 0.0, missing)
    return {name: Figure(name=name, value=value, shares=shares, method="sum/1")}


def meter(name: str, register: str, code: str = "", parent: str = "main") -> Meter:
    return Meter(
        id=name,
        institution="i",
        carrier=CARRIERS[register],
        register=register,
        parent=parent,
        item_code=code,
    )


def period(m: Meter, value: float) -> Period:
    one = np.ones(1)
    whole = GridUse(np.array([value]), one, 0 * one, 0 * one, 0 * one, np.array(["measured"]))
    return Period(FIGURE_OF_REGISTER[m.register], m.id, whole, whole)


def split(
    totals: dict[str, Figure],
    month: Month = JANUARY,
    place: Institution = PLACE,
    **parts: tuple[Meter, float],
) -> dict[str, tuple[float | None, float | None]]:
    meters = [m for m, _ in parts.values()]
    periods = [period(m, v) for m, v in parts.values()]
    found = heating_split(place, meters, periods, totals, month)
    return {n: (s.heating.value, s.other.value) for n, s in found.items()}


POWER, GAS = total("electricity_use_kwh", 1000.0), total("natural_gas_use_m3", 300.0)
HEAT, COLD = total("heat_use_gj", 50.0), total("cooling_use_gj", 5.0)
BOILER = meter("boiler", "gas_m3", "03A1A")
PUMPS = meter("pumps", "energy_import_kwh", "01B1E")


def test_district_heat_is_heating_and_all_else_is_not() -> None:
    assert split(POWER | GAS | HEAT | COLD) == {
        "electricity_use_kwh": (0, 1000),
        "natural_gas_use_m3": (0, 300),
        "heat_use_gj": (50, 0),
        "cooling_use_gj": (0, 5),
    }


def test_meters_of_heating_items_are_taken_out_of_their_carrier() -> None:
    found = split(POWER | GAS, boiler=(BOILER, 250.0), pumps=(PUMPS, 40.0))
    assert found == {"electricity_use_kwh": (40, 960), "natural_gas_use_m3": (250, 50)}
    # The boiler says what heats: nothing of the electricity does.
    assert split(POWER | GAS, boiler=(BOILER, 250.0))["electricity_use_kwh"] == (0, 1000)


def test_no_split_is_made_up_where_nothing_tells_heating_apart() -> None:
    found = heating_split(PLACE, [], [], POWER | GAS, JANUARY)
    for name, apart in found.items():
        assert (apart.heating.value, apart.other.value) == (None, None)
        assert [f.code for f in apart.other.findings] == ["heating_not_separated"]
        assert apart.other.findings[0].numbers == {"carrier": name}
    figures = {f.name: f for f in heating_figures(PLACE, found, JANUARY)}
    for figure in figures.values():
        assert figure.value is None
        assert {f.code for f in figure.findings} == {"heating_not_separated"}


@pytest.mark.parametrize(
    ("month", "told"),
    [
        (Month(2025, 10), True),
        (Month(2025, 11), False),
        (Month(2025, 12), False),
        (Month(2024, 2), False),
        (Month(2025, 3), False),
        (Month(2025, 4), True),
    ],
)
def test_outside_the_season_nothing_is_heating(month: Month, told: bool) -> None:
    """15 November to 15 March: a month that the season only touches is not told apart."""
    expected = (0, 1000) if told else (None, None)
    assert split(POWER, month)["electricity_use_kwh"] == expected


def test_a_season_within_one_year_and_its_excluded_end() -> None:
    assert touches_season(Month(2025, 3), ((3, 31), (5, 1)))
    assert not touches_season(Month(2025, 5), ((3, 31), (5, 1)))
    assert not touches_season(Month(2025, 3), ((11, 15), (3, 1)))
    assert touches_season(Month(2024, 2), ((2, 29), (3, 1)))
    assert not touches_season(Month(2025, 2), ((2, 29), (3, 1)))


def test_without_a_season_in_the_registry_nothing_is_said() -> None:
    place = replace(PLACE, heating_season=None)
    assert heating_split(place, [], [], POWER | HEAT, JANUARY) == {}
    assert heating_figures(place, {}, JANUARY) == []


def test_unknown_is_never_nought() -> None:
    gap = split(POWER | GAS, boiler=(BOILER, float("nan")))
    assert gap["natural_gas_use_m3"] == (None, None)
    found = split(total("electricity_use_kwh", None) | HEAT)
    assert found["electricity_use_kwh"] == (0, None)
    assert split(total("heat_use_gj", None))["heat_use_gj"] == (None, 0)


def test_a_meter_below_a_heating_meter_is_not_counted_twice() -> None:
    pump = meter("pump", "energy_import_kwh", "01B1E", parent="pumps")
    found = split(POWER, pumps=(PUMPS, 40.0), pump=(pump, 15.0))
    assert found["electricity_use_kwh"] == (40, 960)


def test_heating_meters_that_exceed_the_total_are_not_believed() -> None:
    assert split(POWER, pumps=(PUMPS, 1010.0))["electricity_use_kwh"] == (1010, 0)
    assert split(POWER, pumps=(PUMPS, 1030.0))["electricity_use_kwh"] == (None, None)


@given(
    power=st.floats(0, 1e6),
    gas=st.floats(0, 1e6),
    heat=st.floats(0, 1e5),
    pumps=st.floats(0, 1),
    boiler=st.floats(0, 1),
)
def test_both_parts_are_the_whole(
    power: float, gas: float, heat: float, pumps: float, boiler: float
) -> None:
    totals = total("electricity_use_kwh", power) | total("natural_gas_use_m3", gas)
    totals |= total("heat_use_gj", heat)
    found = split(totals, pumps=(PUMPS, pumps * power), boiler=(BOILER, boiler * gas))
    for name, (heating, other) in found.items():
        assert heating is not None and other is not None
        assert heating + other == pytest.approx(totals[name].value)


def test_the_figures_by_hand_with_their_factors_and_shares() -> None:
    totals = POWER | total("natural_gas_use_m3", 300.0, missing=0.1) | HEAT
    found = heating_split(PLACE, [BOILER], [period(BOILER, 100.0)], totals, JANUARY)
    figures = {f.name: f for f in heating_figures(PLACE, found, JANUARY)}

    def value(name: str) -> float:
        number = figures[name].value
        assert number is not None
        return number

    assert value("standard_coal_heating_kgce") == pytest.approx(100 * 1.33 + 50 * 34.12)
    assert value("standard_coal_non_heating_kgce") == pytest.approx(1000 * 0.1229 + 200 * 1.33)
    assert value("standard_coal_heating_shandong_kgce") == pytest.approx(100 * 1.2143 + 50 * 34.12)
    assert value("standard_coal_non_heating_shandong_kgce") == pytest.approx(310 + 200 * 1.2143)
    assert value("co2_heating_kg") == pytest.approx(100 * 2.1622 + 50 * 110)
    assert value("co2_non_heating_kg") == pytest.approx(619.1 + 200 * 2.1622)
    assert value("electricity_non_heating_kwh") == 1000
    per_area = value("energy_per_area_heating_kgce_per_m2")
    assert per_area == pytest.approx(value("standard_coal_heating_kgce") / 1000)
    shares = figures["standard_coal_non_heating_kgce"].shares
    assert 0 < shares.missing < 0.1
    assert shares.measured + shares.estimated + shares.missing == pytest.approx(1)
    assert {f.name for f in figures["co2_heating_kg"].factors} == {"co2.natural_gas", "co2.heat"}
    abroad = replace(PLACE, district_code="110101")
    names = {f.name for f in heating_figures(abroad, found, JANUARY)}
    assert "standard_coal_non_heating_shandong_kgce" not in names


def test_the_items_are_those_of_the_file() -> None:
    other = meter("hp", "energy_import_kwh", "01B9Z")
    rules = replace(processing_settings().heating, item_codes=("01B9Z",))
    found = heating_split(PLACE, [other], [period(other, 70.0)], POWER, JANUARY, rules)
    assert found["electricity_use_kwh"].heating.value == 70
    assert split(POWER, JULY, other=(other, 70.0))["electricity_use_kwh"] == (0, 1000)
