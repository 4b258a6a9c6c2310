"""The load model: calendar, planted changes, seasons."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from domain.calendar import Month
from simulators.devices.building.archetypes import ARCHETYPES, CANTEEN, OFFICE, Archetype
from simulators.devices.building.house import Change, House
from simulators.devices.building.load import use
from simulators.devices.building.workdays import is_workday
from simulators.devices.climate import Climate
from simulators.devices.grid import Grid

CLIMATE = Climate(1)
HOUSE = House("h", OFFICE, 10_000.0, 350.0)


def grid(year: int, month: int, step_s: int = 3600) -> Grid:
    return Grid(Month(year, month), "Asia/Shanghai", step_s)


def test_make_up_days_are_worked_and_holidays_are_not() -> None:
    assert is_workday(date(2026, 2, 14), "cn")  # a Saturday made up for the Spring Festival
    assert not is_workday(date(2026, 2, 23), "cn")  # a Monday off
    february = grid(2026, 2)
    used = use(HOUSE, february, CLIMATE, 1)
    per_day = february.by_day(used.people)
    assert per_day[13] > 4 * per_day[7]  # the 14th against the Sunday before
    assert per_day[22] < 0.3 * per_day[13]


def test_a_year_the_calendar_does_not_know_falls_back_to_weekdays_and_says_so(
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert is_workday(date(2091, 3, 1), "cn") == (date(2091, 3, 1).weekday() < 5)
    assert "2091" in caplog.text


def test_without_change_nothing_is_saved() -> None:
    same = replace(HOUSE, changes=(Change("retrofit", date(2025, 5, 10)),))
    may = grid(2025, 5)
    assert np.array_equal(
        use(HOUSE, may, CLIMATE, 1).total_kwh, use(same, may, CLIMATE, 1).total_kwh
    )


@pytest.mark.parametrize("kind", ARCHETYPES.values(), ids=ARCHETYPES.keys())
def test_a_change_of_nothing_changes_no_bit_of_any_use(kind: Archetype) -> None:
    plain = replace(HOUSE, archetype=kind)
    same = replace(plain, changes=(Change("retrofit", date(2025, 1, 10)),))
    for month in (3, 7):  # the heating season ends on 15 March
        here = grid(2025, month)
        one, other = use(plain, here, CLIMATE, 1), use(same, here, CLIMATE, 1)
        for name in ("total_kwh", "water_m3", "heat_gj", "gas_m3", "people"):
            assert getattr(one, name).shape == (here.steps,)
            assert np.array_equal(getattr(one, name), getattr(other, name)), name
        heated = here.by_day(one.heat_gj) > 0
        assert heated.tolist() == [month == 3 and day < 14 for day in range(31)]


def test_another_floor_area_takes_its_loads_along_from_its_day_on() -> None:
    changed = replace(HOUSE, changes=(Change("area", date(2025, 1, 10), area=1.3),))
    january = grid(2025, 1)
    before, after = use(HOUSE, january, CLIMATE, 1), use(changed, january, CLIMATE, 1)
    done = january.day_index >= 9
    assert np.array_equal(before.total_kwh[~done], after.total_kwh[~done])
    assert np.allclose(before.total_kwh[done] * 1.3, after.total_kwh[done])
    assert np.allclose(before.heat_gj[done] * 1.3, after.heat_gj[done])
    assert before.heat_gj[done].sum() > 0
    assert np.array_equal(before.people, after.people)


def test_a_planted_retrofit_is_exactly_its_factor_from_its_day_on() -> None:
    changed = replace(
        HOUSE, changes=(Change("retrofit", date(2025, 7, 10), lighting=0.75, cooling=0.8),)
    )
    july = grid(2025, 7, 900)
    before, after = use(HOUSE, july, CLIMATE, 1), use(changed, july, CLIMATE, 1)
    done = july.day_index >= 9
    for item, factor in (("A", 0.75), ("B", 0.8), ("C", 1.0), ("D", 1.0)):
        was, now = before.electricity_kwh[item], after.electricity_kwh[item]
        assert np.array_equal(was[~done], now[~done])
        assert np.allclose(was[done] * factor, now[done])


def test_a_closure_ends() -> None:
    closed = replace(
        HOUSE, changes=(Change("closure", date(2025, 4, 7), people=0.0, until=date(2025, 4, 12)),)
    )
    april = grid(2025, 4)
    people = april.by_day(use(closed, april, CLIMATE, 1).people)
    assert people[6:11].sum() == 0
    assert people[13] > 0


def test_heat_flows_only_in_the_heating_season() -> None:
    november, june = grid(2025, 11), grid(2025, 6)
    heat = november.by_day(use(HOUSE, november, CLIMATE, 1).heat_gj)
    assert heat[:14].sum() == 0
    assert heat[14:].min() > 0
    assert use(HOUSE, june, CLIMATE, 1).heat_gj.sum() == 0


def test_only_a_kitchen_burns_gas_and_at_meal_times() -> None:
    day = grid(2025, 6)
    assert use(HOUSE, day, CLIMATE, 1).gas_m3.sum() == 0
    gas = use(replace(HOUSE, archetype=CANTEEN), day, CLIMATE, 1).gas_m3
    by_hour = np.bincount(np.floor(day.hour_of_day).astype(int), gas)
    assert int(np.argmax(by_hour)) in (10, 11)


@pytest.mark.parametrize("name", sorted(ARCHETYPES))
def test_every_archetype_uses_something_sensible(name: str) -> None:
    kind = ARCHETYPES[name]
    kwh = sum(
        use(replace(HOUSE, archetype=kind), grid(2025, m), CLIMATE, 1).total_kwh.sum()
        for m in range(1, 13)
    )
    per_m2 = kwh / HOUSE.area_m2
    assert 15 < per_m2 < (1500 if name == "data_room" else 260)


def test_a_finer_grid_uses_the_same_in_total() -> None:
    coarse, fine = grid(2025, 10), grid(2025, 10, 900)
    assert use(HOUSE, fine, CLIMATE, 1).total_kwh.sum() == pytest.approx(
        use(HOUSE, coarse, CLIMATE, 1).total_kwh.sum(), rel=0.02
    )
