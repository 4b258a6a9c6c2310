"""Local months as equal steps, with and without a change of the clock."""

import numpy as np

from domain.calendar import Month
from simulators.devices.grid import Grid, summed


def test_a_london_march_is_an_hour_short_and_its_days_are_local() -> None:
    grid = Grid(Month(2019, 3), "Europe/London", 3600)
    assert grid.steps == 31 * 24 - 1
    hours = grid.by_day(np.ones(grid.steps))
    assert hours[30] == 23  # the 31st lost an hour
    assert set(hours[:30]) == {24}


def test_months_follow_each_other_without_gap() -> None:
    for month in (Month(2019, m) for m in range(1, 12)):
        here, after = (Grid(m, "Europe/London", 3600) for m in (month, month.plus(1)))
        assert here.edges_ms[-1] == after.edges_ms[0]


def test_local_hours_in_dongying_are_eight_ahead() -> None:
    grid = Grid(Month(2025, 1), "Asia/Shanghai", 3600)
    assert grid.start_ms % 86_400_000 == 16 * 3_600_000
    assert grid.hour_of_day[0] == 0.5


def test_sums_of_a_few_steps_are_those_of_numpy_to_the_last_bit() -> None:
    values = np.random.default_rng(1).random(96 * 31) * 1e3
    for every in (1, 2, 4):
        assert np.array_equal(summed(values, every), values.reshape(-1, every).sum(axis=1))


def test_a_days_value_holds_on_each_of_its_steps() -> None:
    grid = Grid(Month(2019, 3), "Europe/London", 3600)
    per_day = np.arange(31.0)
    assert np.array_equal(grid.each_step(per_day), per_day[grid.day_index])
