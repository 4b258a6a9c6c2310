"""The synthetic climate keeps its promise of degree days, and any part of it can be had alone."""

import numpy as np

from domain.calendar import Month
from simulators.devices.climate import Climate
from simulators.devices.grid import Grid
from simulators.devices.solar import Array, ac_of, plane_of
from tests.unit.simulators.devices.building.load_shapes import daily_mean_c


def test_degree_days_average_to_those_of_dongying() -> None:
    heating, cooling = [], []
    for seed in range(8):
        for year in range(40, 52):  # years since 1970, roughly
            means = daily_mean_c(Climate(seed), round(year * 365.25), 365)
            heating.append(np.clip(18 - means, 0, None).sum())
            cooling.append(np.clip(means - 26, 0, None).sum())
    assert abs(np.mean(heating) - 2507) < 50
    assert abs(np.mean(cooling) - 109) < 11
    assert 40 < np.std(heating) < 250  # years differ, as they do


def test_a_month_alone_equals_the_same_month_within_a_longer_time() -> None:
    climate = Climate(3)
    march = Grid(Month(2025, 3), "Asia/Shanghai", 3600)
    alone = climate.on(march)
    longer = np.arange(march.middles_ms[0] - 86_400_000 * 100, march.middles_ms[-1] + 1, 3_600_000)
    whole = climate.at(longer)
    assert np.array_equal(whole.temperature_c[-march.steps :], alone.temperature_c)
    assert np.array_equal(whole.ghi_w_per_m2[-march.steps :], alone.ghi_w_per_m2)


def test_seeds_differ_and_repeat() -> None:
    grid = Grid(Month(2024, 7), "Asia/Shanghai", 3600)
    first = Climate(1).on(grid).temperature_c
    assert np.array_equal(first, Climate(1).on(grid).temperature_c)
    assert not np.array_equal(first, Climate(2).on(grid).temperature_c)


def test_weather_is_physical_and_the_sun_follows_the_day() -> None:
    grid = Grid(Month(2025, 6), "Asia/Shanghai", 3600)
    weather = Climate(5).on(grid)
    assert weather.humidity_pct.min() >= 8 and weather.humidity_pct.max() <= 100
    assert weather.ghi_w_per_m2[grid.hour_of_day < 4].max() == 0
    by_hour = [weather.ghi_w_per_m2[np.floor(grid.hour_of_day) == h].mean() for h in range(24)]
    assert 11 <= int(np.argmax(by_hour)) <= 12  # solar noon in Dongying is near 12:05


def test_a_year_of_sun_and_rooftop_pv_is_plausible_for_the_place() -> None:
    climate, array = Climate(2), Array(100.0)
    sun = plane = energy = 0.0
    for month in range(1, 13):
        grid = Grid(Month(2025, month), "Asia/Shanghai", 3600)
        weather = climate.on(grid)
        met = plane_of(
            array, climate.place, grid.middles_ms, weather.ghi_w_per_m2, weather.temperature_c
        )
        out = ac_of(array, met)
        sun += weather.ghi_w_per_m2.sum() / 1000
        plane += out.poa_w_per_m2.sum() / 1000
        energy += out.ac_w.sum() / 1000
        assert out.ac_w.max() <= array.capacity_kwp * 1000 / 1.1 + 1  # the inverter's limit
    assert 1300 < sun < 1650  # kWh/m² a year
    assert 0.75 < energy / 100 / plane < 0.88  # the performance ratio
