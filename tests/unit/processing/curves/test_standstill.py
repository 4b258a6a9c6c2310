"""Stuck messages are told from meters that rest, by each meter's own habits."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.processing import processing_settings
from domain.calendar import HOUR_MS
from processing.curves.curve import UseCurve, on_grid
from processing.curves.register_spec import RegisterSpec
from processing.curves.registers import use_curve
from processing.curves.standstill import join_standstills

DAY = 24
HOURS = 90 * DAY
WORKED = (np.arange(HOURS) // DAY) % 7 < 5
CLOCK = np.arange(HOURS) % DAY


def cooling(seed: int = 1) -> np.ndarray:
    """An air-conditioning sub-meter: little standby, much by day, more in the first month."""
    rng = np.random.default_rng(seed)
    day = (CLOCK >= 8) & (CLOCK < 18) & WORKED
    warmth = np.where(np.arange(HOURS) < 30 * DAY, 1.0, 0.2)
    return np.where(day, 60.0 * warmth, 0.5) * rng.uniform(0.7, 1.3, HOURS)


def switched_off(seed: int = 2) -> np.ndarray:
    """The same without standby: it rests every night, 62 hours from Friday to Monday."""
    return np.where(cooling(seed) > 2, cooling(seed), 0.0)


def sunny(seed: int = 3) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.clip(np.sin((CLOCK - 6) / 12 * np.pi), 0, None) * rng.uniform(5, 50, HOURS)


def stuck(use: np.ndarray, start: int, hours: int) -> np.ndarray:
    caught = use.copy()
    caught[start + hours] += use[start : start + hours].sum()
    caught[start : start + hours] = 0.0
    return caught


def curve_of(use: np.ndarray, decimals: int = 3, order: np.ndarray | None = None) -> UseCurve:
    register = np.round(np.concatenate(([0.0], np.cumsum(use))), decimals)
    at = np.arange(register.size, dtype=np.int64) * HOUR_MS
    order = np.arange(at.size) if order is None else order
    return use_curve(at[order], register[order], RegisterSpec(max_rate_per_h=10_000.0))


def told(curve: UseCurve) -> list[int]:
    return [e.at_ms // HOUR_MS for e in curve.events if e.code == "register_caught_up"]


def test_a_leap_within_the_branch_is_found_and_becomes_a_gap_of_known_use() -> None:
    use = stuck(cooling(), 42 * DAY + 8, 60)
    curve = curve_of(use)
    assert told(curve) == [42 * DAY + 8 + 61]
    whole = on_grid(curve, np.array([0, HOURS]) * HOUR_MS, 6 * HOUR_MS)
    assert whole.use[0] == pytest.approx(use.sum(), abs=1e-3)
    assert whole.missing[0] == 0.0
    inside = on_grid(curve, np.array([42 * DAY + 10, 43 * DAY]) * HOUR_MS, 6 * HOUR_MS)
    assert inside.missing[0] == 1.0


def test_what_counts_as_one_is_a_setting() -> None:
    use = stuck(cooling(), 42 * DAY + 8, 60)
    register = np.round(np.concatenate(([0.0], np.cumsum(use))), 3)
    knots = np.arange(register.size, dtype=np.int64) * HOUR_MS
    curve = UseCurve(knots, np.diff(register), np.zeros(use.size, np.uint8))
    shipped = processing_settings().standstill
    assert len(told(join_standstills(curve))) == 1
    for other in ({"least_h": 62.0}, {"longest_days": 2.0}, {"least_steps": 5000}):
        assert told(join_standstills(curve, replace(shipped, **other))) == []


def test_one_in_a_cooler_season_than_the_weeks_before_is_found() -> None:
    assert told(curve_of(stuck(cooling(), 35 * DAY + 8, 60))) == [35 * DAY + 69]


def test_two_in_a_row_are_both_found() -> None:
    use = stuck(stuck(cooling(), 8 * DAY, 60), 15 * DAY, 60)
    assert told(curve_of(use)) == [8 * DAY + 61, 15 * DAY + 61]


def summer_heat() -> np.ndarray:
    """Heat that rests for sixty days and then begins, hard on the first morning."""
    use = np.random.default_rng(4).uniform(1, 3, HOURS)
    use[20 * DAY : 80 * DAY] = 0.0
    use[80 * DAY] = 9.0
    return use


def holiday() -> np.ndarray:
    """Off each night, and for five days; the first hours after it are the hardest ever."""
    use = switched_off()
    use[40 * DAY : 45 * DAY] = 0.0
    use[45 * DAY + 8 : 45 * DAY + 12] = 150.0
    return use


@pytest.mark.parametrize(
    "use", [cooling(), switched_off(), sunny(), summer_heat(), holiday(), np.zeros(HOURS)]
)
@pytest.mark.parametrize("decimals", [0, 3])
def test_meters_that_rest_by_themselves_are_left_alone(use: np.ndarray, decimals: int) -> None:
    assert told(curve_of(use, decimals)) == []


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([cooling, switched_off, sunny]))
def test_whatever_the_weather_of_chance_a_resting_meter_is_left_alone(seed: int, kind) -> None:
    assert told(curve_of(kind(seed))) == []


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.integers(5, 80))
def test_the_order_of_arrival_and_later_months_change_nothing(seed: int, day: int) -> None:
    use = stuck(cooling(), day * DAY, 60)
    order = np.random.default_rng(seed).permutation(HOURS + 1)
    straight, mixed = curve_of(use), curve_of(use, order=order)
    assert np.array_equal(straight.at_ms, mixed.at_ms)
    assert np.array_equal(straight.use, mixed.use)
    shorter = curve_of(use[: (day + 4) * DAY])
    assert told(shorter) == told(straight)


def test_a_day_without_use_of_a_flat_meter_read_daily_is_no_day_without_use() -> None:
    use = np.random.default_rng(4).uniform(2.5, 3.4, 80)
    register = np.round(np.concatenate(([0.0], np.cumsum(use))), 3)
    register[61] = register[60]
    at = np.arange(81, dtype=np.int64) * DAY * HOUR_MS
    curve = use_curve(at, register)
    assert [e.code for e in curve.events] == ["register_caught_up"]
    month = on_grid(curve, at[[31, 61]], 36 * HOUR_MS)
    assert month.missing[0] > 0.0 or month.estimated[0] > 0.0


@pytest.mark.parametrize("wrong", [None, 511.0, 65_535.0])
def test_a_long_rest_before_a_gap_is_part_of_the_gap(wrong: float | None) -> None:
    """How much of what the gap brought was used in the rest, nobody knows."""
    register = np.round(8_000.0 + np.concatenate(([0.0], np.cumsum(cooling()))), 3)
    start, silent, back = 40 * DAY, 44 * DAY, 47 * DAY
    register[start + 1 : silent] = register[start]
    at = np.arange(register.size, dtype=np.int64) * HOUR_MS
    came = np.ones(at.size, dtype=bool)
    came[silent:back] = wrong is not None
    register[silent:back] = np.nan if wrong is None else wrong
    curve = use_curve(at[came], register[came], RegisterSpec(unproven_rate_per_h=500.0))
    grid = on_grid(curve, at[[start, silent, back]], 6 * HOUR_MS)
    assert grid.missing.tolist() == [1.0, 1.0]
    whole = on_grid(curve, at[[start, back]], 6 * HOUR_MS)
    assert whole.use[0] == pytest.approx(register[back] - register[start])


def test_a_usual_rest_before_a_gap_stays_what_it_was() -> None:
    use = switched_off()
    register = np.round(8_000.0 + np.concatenate(([0.0], np.cumsum(use))), 3)
    came = np.ones(register.size, dtype=bool)
    monday = 42 * DAY
    came[monday + 9 : monday + 30] = False
    at = np.arange(register.size, dtype=np.int64) * HOUR_MS
    curve = use_curve(at[came], register[came], RegisterSpec(unproven_rate_per_h=500.0))
    weekend = on_grid(curve, at[[monday - 40, monday + 8]], 6 * HOUR_MS)
    assert (weekend.use[0], weekend.missing[0]) == (0.0, 0.0)


@pytest.mark.parametrize("held", [[61], [2, 61], [20, 40, 61]])
def test_a_few_days_repeated_before_are_no_habit_of_resting(held: list[int]) -> None:
    use = np.random.default_rng(4).uniform(2.5, 3.4, 90)
    register = np.round(np.concatenate(([0.0], np.cumsum(use))), 3)
    for day in held:
        register[day] = register[day - 1]
    at = np.arange(91, dtype=np.int64) * DAY * HOUR_MS
    curve = use_curve(at, register)
    assert int(at[62]) in [e.at_ms for e in curve.events if e.code == "register_caught_up"]
    month = on_grid(curve, at[[61, 89]], 36 * HOUR_MS)
    assert month.missing[0] > 0.0 or month.estimated[0] > 0.0


def test_a_day_repeated_before_whose_leap_is_hardly_the_largest_is_no_habit_either() -> None:
    use = np.random.default_rng(4).uniform(2.5, 3.4, 90)
    use[19:21], use[60:62] = 2.5, 3.2
    register = np.round(np.concatenate(([0.0], np.cumsum(use))), 3)
    register[20], register[61] = register[19], register[60]
    at = np.arange(91, dtype=np.int64) * DAY * HOUR_MS
    curve = use_curve(at, register)
    assert [e.at_ms for e in curve.events if e.code == "register_caught_up"] == [at[62]]


def test_a_meter_that_rests_on_some_days_is_left_alone() -> None:
    use = np.random.default_rng(4).uniform(2.5, 3.4, 90)
    use[[20, 40, 61]] = 0.0
    use[62] = 5.5
    register = np.round(np.concatenate(([0.0], np.cumsum(use))), 3)
    curve = use_curve(np.arange(91, dtype=np.int64) * DAY * HOUR_MS, register)
    assert curve.events == ()


def even(hours: int, seed: int = 4) -> np.ndarray:
    """A heat meter in winter: hardly more by day than by night."""
    return np.random.default_rng(seed).uniform(0.09, 0.16, hours)


def test_a_night_repeated_is_found_where_the_step_after_it_is_beyond_all_doubt() -> None:
    assert told(curve_of(stuck(even(HOURS), 70 * DAY, 8))) == [70 * DAY + 9]
    # A boiler that rests for a night and then works harder than ever is none.
    boosted = even(HOURS)
    boosted[70 * DAY : 70 * DAY + 8], boosted[70 * DAY + 8] = 0.0, 0.3
    assert told(curve_of(boosted)) == []


def test_a_day_repeated_by_a_meter_that_never_rests_is_found_by_a_step_beyond_all_others() -> None:
    use = even(90)
    register = np.round(np.concatenate(([0.0], np.cumsum(stuck(use, 80, 1)))), 3)
    at = np.arange(register.size, dtype=np.int64) * DAY * HOUR_MS
    assert told(use_curve(at, register)) == [82 * DAY]
    # … and is a day without use where days without use are usual.
    resting = np.where(np.arange(90) % 7 == 3, 0.0, use)
    register = np.round(np.concatenate(([0.0], np.cumsum(stuck(resting, 75, 1)))), 3)
    assert told(use_curve(at, register)) == []
