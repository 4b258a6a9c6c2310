"""The unit of a register after it changed, by how fast it counts; courses that the generator of
tests/field found broken, in numbers of our own."""

import numpy as np
import pytest

from domain.calendar import HOUR_MS
from processing.curves.curve import MEASURED, UseCurve, on_grid
from processing.curves.register_spec import RegisterSpec
from processing.curves.registers import use_curve
from processing.curves.units import Changed, units

DAY = 24
HOURS = 60 * DAY
AT = np.arange(HOURS + 1, dtype=np.int64) * HOUR_MS
CLOCK = np.arange(HOURS) % DAY
USE = np.where((CLOCK > 7) & (CLOCK < 19), 9.0, 2.5) * np.random.default_rng(1).uniform(
    0.8, 1.2, HOURS
)
TRUE = np.concatenate(([0.0], np.cumsum(USE)))
REGISTER = np.round(31_870.0 + TRUE, 1)
ALL = np.arange(AT.size)


def later(curve: UseCurve, day: int) -> tuple[float, float]:
    """What is known of the use from a day on, as a share of the truth, and the missing share."""
    grid = on_grid(curve, AT[[day * DAY, HOURS]], 6 * HOUR_MS)
    use = 0.0 if np.isnan(grid.use[0]) else float(grid.use[0])
    return use / float(USE[day * DAY :].sum()), float(grid.missing[0])


def told(curve: UseCurve, code: str) -> list[float]:
    return [e.amount for e in curve.events if e.code == code]


@pytest.mark.parametrize("times", [10.0, 100.0, 1000.0, 0.1, 0.01])
def test_another_meter_in_another_unit_is_doubtful_from_its_first_day(times: float) -> None:
    other = np.concatenate((REGISTER[:800], np.round(412.0 + times * (TRUE[800:] - TRUE[800]), 3)))
    curve = use_curve(AT, other)
    assert later(curve, 35) == (0.0, 1.0)
    assert told(curve, "register_scaled") == [times]


@pytest.mark.parametrize("times", [0.3, 1.0, 3.0])
def test_another_meter_of_a_building_that_uses_more_or_less_is_believed(times: float) -> None:
    other = np.concatenate((REGISTER[:800], np.round(412.0 + times * (TRUE[800:] - TRUE[800]), 3)))
    curve = use_curve(AT, other)
    assert later(curve, 35) == (pytest.approx(times, rel=1e-3), 0.0)
    assert told(curve, "register_scaled") == []


def test_a_unit_that_slips_twice_and_stays_is_doubtful_from_the_second_time_on() -> None:
    slipped = REGISTER.copy()
    slipped[300:312] *= 100
    slipped[420:] *= 100
    curve = use_curve(AT, slipped)
    assert later(curve, 18) == (0.0, 1.0)
    known = on_grid(curve, AT[[0, 400]], 6 * HOUR_MS)
    assert (known.use[0], known.missing[0]) == (pytest.approx(TRUE[400], abs=0.1), 0.0)


def test_a_unit_of_a_branch_that_cannot_carry_it_stays_doubtful() -> None:
    slipped = REGISTER.copy()
    slipped[500:] *= 10  # every busy hour is beyond twice the rate, every quiet one is not
    curve = use_curve(AT, slipped, RegisterSpec(max_rate_per_h=12.0))
    assert later(curve, 25)[0] == 0.0


def test_what_a_leap_after_the_change_brings_is_no_speed() -> None:
    course = np.round(0.1 * TRUE + 40.0, 2)
    course[:600] = REGISTER[:600]
    course[600:620] = 1.0
    assert later(use_curve(AT, course), 30) == (0.0, 1.0)


def test_a_unit_that_comes_back_is_believed_again_after_a_week() -> None:
    tenfold = 500.0 + 10 * (TRUE - TRUE[300])
    course = np.concatenate((REGISTER[:300], tenfold[300:400], 90.0 + TRUE[400:] - TRUE[400]))
    curve = use_curve(AT, np.round(course, 1))
    known = on_grid(curve, AT[[401, HOURS]], 6 * HOUR_MS)
    assert (known.use[0], known.missing[0]) == (pytest.approx(TRUE[-1] - TRUE[401], abs=0.2), 0.0)
    assert sum(amount > 1 for amount in told(curve, "register_scaled")) == 1


def test_some_hours_say_nothing_of_a_unit() -> None:
    rests = np.concatenate((TRUE[:400], np.full(10, 7.0), 7.0 + TRUE[410:] - TRUE[410]))
    assert units(AT[:410], rests[:410], ALL[:410], {400: None}) == [Changed(400, 410, 1.0)]
    four = np.concatenate((TRUE[:400], 1000 * TRUE[400:404]))
    assert units(AT[:404], four, ALL[:404], {400: None}) == [Changed(400, 404, 1.0)]


def test_a_summer_ago_says_nothing_of_a_unit() -> None:
    at = np.concatenate((AT[:300], AT[300:] + 70 * DAY * HOUR_MS))
    winter = np.concatenate((TRUE[:300], 5.0 + 20 * (TRUE[300:] - TRUE[300])))
    assert units(at, winter, ALL, {300: None}) == [Changed(300, AT.size, 1.0)]


def test_the_speed_overrules_a_height_that_fits_by_chance() -> None:
    course = np.concatenate((TRUE[:300], TRUE[299] * 100 + 1000 * (TRUE[300:] - TRUE[300])))
    assert units(AT, course, ALL, {300: 100.0}) == [Changed(300, AT.size, 1000.0)]


def test_a_few_steps_a_day_do_not_endorse_a_leap_among_them() -> None:
    days = np.arange(31, dtype=np.int64) * DAY * HOUR_MS
    use = np.full(30, 16.0)
    register = np.concatenate(([0.0], np.cumsum(use)))
    register[10:] *= 1000  # 160 becomes 160,000, and 16,000 a day
    curve = use_curve(days, register, RegisterSpec(unproven_rate_per_h=500.0))
    known = curve.segment == MEASURED
    assert float(curve.step[known].sum()) == pytest.approx(9 * 16.0)


def test_a_value_repeated_after_a_gap_may_be_of_any_time_since_it_began() -> None:
    said = REGISTER.copy()
    said[900:1000] = REGISTER[899]  # a gateway that repeats …
    came = np.ones(said.size, dtype=bool)
    came[860:950] = False  # … and is heard again only in the middle of it
    curve = use_curve(AT[came], said[came])
    assert told(curve, "register_caught_up") != []
    cut = on_grid(curve, AT[[0, 960]], 6 * HOUR_MS)
    assert cut.missing[0] == pytest.approx(101 / 960)
    assert cut.use[0] == pytest.approx(TRUE[859], abs=0.1)
    whole = on_grid(curve, AT[[0, HOURS]], 6 * HOUR_MS)
    assert (whole.use[0], whole.missing[0]) == (pytest.approx(TRUE[-1], abs=0.1), 0.0)


def test_a_unit_that_changes_in_a_gap_is_told_by_its_height_and_speed() -> None:
    said = np.round(0.5 + 0.001 * TRUE, 3)
    said[500:] *= 100
    came = np.ones(said.size, dtype=bool)
    came[480:500] = False
    curve = use_curve(AT[came], np.round(said[came], 3))
    assert later(curve, 25)[1] == 1.0
    assert told(curve, "register_scaled") == [100.0]


def test_a_register_set_back_that_goes_on_is_no_wrong_reading() -> None:
    said = REGISTER.copy()
    said[700:] -= 12.0  # the night's use; three readings later it is as high as before
    curve = use_curve(AT, said)
    assert told(curve, "register_reset") != []
    assert float(curve.step.sum()) <= TRUE[-1]


def test_a_slip_within_a_slip_hides_neither() -> None:
    """The larger numbers between are no habit of the register that makes the first slip usual."""
    register = np.round(1.4 + 0.003 * np.arange(4 * 24 * 60 + 1), 3)
    at = np.arange(register.size, dtype=np.int64) * (HOUR_MS // 2)
    register[480:] *= 1000
    register[500:541] *= 1000
    curve = use_curve(at, register, RegisterSpec(unproven_rate_per_h=150.0))
    month = on_grid(curve, at[[1500, 2900]], 6 * HOUR_MS)
    assert (np.isnan(month.use[0]), month.missing[0]) == (True, 1.0)
    assert told(curve, "register_scaled") == [pytest.approx(1000.0)]


def test_a_repeated_value_says_nothing_of_the_unit() -> None:
    slipped = np.round(REGISTER * 10, 0)
    slipped[:800] = REGISTER[:800]
    slipped[803:1100] = slipped[803]
    kept = np.flatnonzero((ALL <= 803) | (ALL >= 805))
    found = units(AT, slipped, kept, {800: 10.0})
    assert found == [Changed(since=800, until=AT.size, scale=10.0)]


def test_a_morning_says_nothing_of_the_unit() -> None:
    """A PV register that was new at dawn, then silent for some days."""
    sun = np.clip(np.sin((CLOCK - 6) / 12 * np.pi), 0.0, None) ** 3 * 16.0
    register = np.round(np.concatenate(([0.0], np.cumsum(sun))), 2)
    said = np.concatenate((ALL[:10], ALL[4 * DAY + 10 :]))
    assert units(AT[said], register[said], np.arange(said.size), {}, [10]) == []
    whole = np.concatenate((ALL[: DAY + 10], ALL[4 * DAY + 10 :]))
    tenfold = np.where(whole > 2 * DAY, 10.0, 1.0) * register[whole]
    (found,) = units(AT[whole], tenfold, np.arange(whole.size), {}, [DAY + 10])
    assert (found.since, found.scale) == (DAY + 10, 10.0)


def test_what_was_before_a_long_slip_still_says_how_fast_the_register_counts() -> None:
    """A meter read daily: right for three weeks, in another unit for two, right for three days."""
    days = np.arange(110)
    register = np.round(100.0 + np.cumsum(np.random.default_rng(2).uniform(9.0, 13.0, 110)), 2)
    kept = days[(days < 22) | (days >= 35)]
    times = np.where(days >= 38, 100.0, 1.0)
    (found,) = units(days * 24 * HOUR_MS, register * times, kept, {38: None})
    assert (found.since, found.scale) == (38, 100.0)


def test_a_week_of_days_tells_the_unit_where_no_day_of_either_side_is_like_the_others() -> None:
    """Another meter, in tenths, from the eighth day of a meter read once a day."""
    use = np.random.default_rng(3).uniform(0.17, 0.24, 100)
    use[7:] /= 10
    register = np.round(np.concatenate(([0.0], np.cumsum(use))), 3)
    register[8:] += 40_000.0
    curve = use_curve(np.arange(101, dtype=np.int64) * DAY * HOUR_MS, register)
    assert told(curve, "register_scaled") == [0.1]


def test_a_week_of_days_says_nothing_of_the_unit_where_days_are_uneven() -> None:
    use = np.random.default_rng(3).gamma(0.7, 0.3, 100)
    use[7:] /= 10
    register = np.round(np.concatenate(([0.0], np.cumsum(use))), 3)
    register[8:] += 40_000.0
    curve = use_curve(np.arange(101, dtype=np.int64) * DAY * HOUR_MS, register)
    assert told(curve, "register_scaled") == [] and told(curve, "register_jump")


def test_of_the_units_that_fit_a_height_the_speed_chooses() -> None:
    """A young register comes back from a hundredth; a tenth of what it says then fits as well."""
    use = np.full(100, 33.0)
    register = np.concatenate(([0.0], np.cumsum(use)))
    register[9:20] /= 100
    curve = use_curve(np.arange(101, dtype=np.int64) * DAY * HOUR_MS, register)
    kept = curve.segment == MEASURED
    assert kept[30:].all() and curve.step[30:].sum() == pytest.approx(33.0 * curve.step[30:].size)


def test_a_register_in_its_first_week_that_is_ten_times_as_high_is_in_another_unit() -> None:
    """Too few steps for its speed to tell."""
    said = [1.26, np.nan, 1.29, 1.31, 1.29, 1.29, 1.31, 13.4, 13.4, 13.7, 14.0, 14.1, 14.2, 14.2]
    register = np.array([*said, *(14.3 + 0.1 * np.arange(80))])
    curve = use_curve(np.arange(register.size, dtype=np.int64) * DAY * HOUR_MS, register)
    assert told(curve, "register_scaled") == [10.0]


def test_a_young_meter_that_is_ten_times_as_high_and_as_fast_is_in_another_unit() -> None:
    use = np.random.default_rng(5).uniform(5.0, 9.0, 100)
    register = np.round(np.concatenate(([0.0], np.cumsum(use))), 1)
    register[7:] *= 10
    curve = use_curve(np.arange(101, dtype=np.int64) * DAY * HOUR_MS, register)
    assert told(curve, "register_scaled") == [10.0]
    # One that simply grows is believed, however young it is.
    growing = np.round(np.concatenate(([0.0, 0.1, 0.3, 2.0], 2.0 + np.cumsum(use))), 1)
    curve = use_curve(np.arange(growing.size, dtype=np.int64) * DAY * HOUR_MS, growing)
    assert not curve.events
