"""Archetypes look like measured buildings: see `load_shapes`."""

from functools import cache

import numpy as np
import pandas as pd
import pytest

from domain.calendar import Month
from simulators.devices.building.archetypes import ARCHETYPES
from simulators.devices.building.house import House
from simulators.devices.building.load import Use, use
from simulators.devices.grid import Grid
from tests.paths import SHARED
from tests.unit.simulators.devices.building.load_shapes import (
    Bedford,
    Shape,
    local_hours,
    measured_shape,
    response_of,
    shape_of,
)

CAMBRIDGE = SHARED / "data" / "cambridge"
MONTHS = [Grid(Month(2018, 1).plus(i), "Europe/London", 3600) for i in range(24)]

# What the archive's 17 buildings with electricity span in 2018–2019 (5th and 95th percentile of
# the buildings, rounded outwards); the long test below computes these ranges again.
NIGHT_TO_DAY = (0.30, 1.04)
REST_TO_WORKING = (0.55, 0.99)
BASE_TO_PEAK = (0.09, 0.66)
# 15 buildings with gas: balance point, °C, and slope, percent of the mean use for each °C.
BALANCE_C = (12.0, 16.5)
SLOPE_PCT_PER_C = (9.0, 17.5)


@cache
def simulated(name: str) -> tuple[Shape, list[Use]]:
    """An archetype in Cambridge: Bedford's weather, Monday to Friday."""
    house = House(
        name, ARCHETYPES[name], 5000.0, 150.0, calendar="weekdays", heating_season=((7, 1), (6, 30))
    )
    uses = [use(house, g, Bedford(), 1) for g in MONTHS]
    return shape_of(local_hours(MONTHS), np.concatenate([u.total_kwh for u in uses])), uses


# A data room has no counterpart among the measured buildings that is not mixed with others.
@pytest.mark.parametrize("name", sorted(set(ARCHETYPES) - {"data_room"}))
def test_every_archetype_lies_within_the_measured_buildings(name: str) -> None:
    shape, _ = simulated(name)
    assert NIGHT_TO_DAY[0] <= shape.night_to_day <= NIGHT_TO_DAY[1]
    assert REST_TO_WORKING[0] <= shape.rest_to_working <= REST_TO_WORKING[1]
    assert BASE_TO_PEAK[0] <= shape.base_to_peak <= BASE_TO_PEAK[1]


@pytest.mark.parametrize(
    ("name", "building", "least"),
    [("office", "b31", 0.94), ("office", "b20", 0.80), ("hospital", "b105", 0.90)],
)
def test_weekly_profiles_go_with_their_measured_counterparts(
    name: str, building: str, least: float
) -> None:
    assert simulated(name)[0].correlation(measured_shape(building)) >= least


def test_heating_follows_the_weather_as_measured_gas_does() -> None:
    _, uses = simulated("office")
    thermometer = Bedford()
    celsius = np.concatenate(
        [g.by_day(thermometer.temperature_c(g.middles_ms)) / 24 for g in MONTHS]
    )
    heat = np.concatenate([g.by_day(u.heat_gj) for g, u in zip(MONTHS, uses, strict=True)])
    response = response_of(celsius, heat)
    assert BALANCE_C[0] <= response.balance_c <= BALANCE_C[1]
    assert SLOPE_PCT_PER_C[0] <= response.slope_pct_per_c <= SLOPE_PCT_PER_C[1]
    assert 0.6 < response.r2 < 0.96


def test_a_shape_is_itself_and_not_its_shuffle() -> None:
    measured = measured_shape("b31")
    assert measured.correlation(measured) == pytest.approx(1)
    assert measured.difference(measured) == 0
    shifted = Shape(np.roll(measured.weekly_profile, 12), 1, 1, 1)
    assert measured.correlation(shifted) < 0.3


@pytest.mark.long
def test_the_ranges_are_those_of_all_buildings_of_the_archive() -> None:
    if not CAMBRIDGE.is_dir():
        pytest.skip("the full archive (../shared/data/cambridge) is not on this machine")
    whole = pd.read_parquet(CAMBRIDGE / "hourly_tenths_kwh_2017_2022.parquet")
    whole = whole[(whole["ts"] >= "2018") & (whole["ts"] < "2020")]
    weather = pd.read_parquet(CAMBRIDGE / "bedford_weather_hourly_2017_2022.parquet")
    daily_c = weather.set_index("ts")["air_temperature_c"].resample("D").mean()
    shapes, responses = [], []
    for (_, fuel), rows in whole.groupby(["building", "fuel"], observed=True):
        series = rows.set_index("ts")["tenths"].astype(float)
        if fuel == "electricity":
            local = series.index.tz_localize("UTC").tz_convert("Europe/London").tz_localize(None)
            hours = ((local - pd.Timestamp(0)) // pd.Timedelta(hours=1)).to_numpy()
            shapes.append(shape_of(hours, series.where(series > 0).to_numpy()))
        else:
            daily = series.resample("D").sum()
            positive = daily.where(daily > 0).to_numpy()
            responses.append(response_of(daily_c.reindex(daily.index).to_numpy(), positive))
    assert len(shapes) == 17 and len(responses) == 15

    def spans(values: list[float], claimed: tuple[float, float], tolerance: float) -> None:
        low, high = np.percentile(values, [5, 95])
        assert low == pytest.approx(claimed[0], abs=tolerance)
        assert high == pytest.approx(claimed[1], abs=tolerance)

    spans([s.night_to_day for s in shapes], NIGHT_TO_DAY, 0.04)
    spans([s.rest_to_working for s in shapes], REST_TO_WORKING, 0.04)
    spans([s.base_to_peak for s in shapes], BASE_TO_PEAK, 0.04)
    spans([r.balance_c for r in responses], BALANCE_C, 1.0)
    spans([r.slope_pct_per_c for r in responses], SLOPE_PCT_PER_C, 1.5)
