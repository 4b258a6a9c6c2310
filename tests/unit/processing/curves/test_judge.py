"""Readings judged by a meter's habits and by what stands on both sides: no rate is registered."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.calendar import HOUR_MS
from domain.places import Carrier, Meter
from processing.curves.curve import UseCurve, on_grid
from processing.curves.meter_use import meter_uses
from processing.curves.register_spec import RegisterSpec
from processing.curves.registers import use_curve

GAP = 6 * HOUR_MS
HOURS = 60 * 24
AT = np.arange(HOURS + 1, dtype=np.int64) * HOUR_MS
CLOCK = np.arange(HOURS) % 24
TRUE = np.concatenate(([0.0], np.cumsum(np.where((CLOCK > 8) & (CLOCK < 18), 12.0, 4.0))))
REGISTER = np.round(52_290.0 + TRUE, 1)
UINT32_TENTHS = float(0xFFFFFFFF) / 10


def curve_of(register: np.ndarray, **spec: float) -> UseCurve:
    return use_curve(AT, register, RegisterSpec(**spec))


def known(curve: UseCurve, start: int = 0, end: int = HOURS) -> tuple[float, float]:
    """Use known of [start, end) hours, and the share of them that is missing."""
    grid = on_grid(curve, AT[[start, end]], GAP)
    return float(grid.use[0]), float(grid.missing[0])


def codes(curve: UseCurve) -> Counter[str]:
    return Counter(e.code for e in curve.events)


def test_a_register_of_habit_raises_nothing() -> None:
    assert known(curve_of(REGISTER)) == (pytest.approx(TRUE[-1]), 0.0)
    assert codes(curve_of(REGISTER)) == {}


@pytest.mark.parametrize("wrong", [0.0, UINT32_TENTHS, 17.3])
def test_a_wrong_first_value_is_no_use(wrong: float) -> None:
    register = REGISTER.copy()
    register[0] = wrong
    use, missing = known(curve_of(register))
    assert use == pytest.approx(TRUE[-1] - TRUE[1])
    assert missing == pytest.approx(1 / HOURS)


@pytest.mark.parametrize("length", [1, 3, 6, 24, 12 * 24, 25 * 24])
@pytest.mark.parametrize("wrong", [0.0, UINT32_TENTHS, float(2**23 - 1), -5.0])
def test_one_wrong_value_of_any_length_costs_only_itself(wrong: float, length: int) -> None:
    register = REGISTER.copy()
    register[500 : 500 + length] = wrong
    curve = curve_of(register)
    assert known(curve) == (pytest.approx(TRUE[-1]), 0.0)
    assert codes(curve)["reading_dropped"] == length
    assert codes(curve)["register_returned"] == (length > 5)


@pytest.mark.parametrize("length", [1, 5, 24, 9 * 24])
@pytest.mark.parametrize("scale", [10.0, 0.1, 1000.0, 0.001])
def test_a_unit_that_slips_for_a_while_costs_only_itself(scale: float, length: int) -> None:
    register = REGISTER.copy()
    register[700 : 700 + length] *= scale
    assert known(curve_of(register)) == (pytest.approx(TRUE[-1]), 0.0)


@pytest.mark.parametrize("scale", [10.0, 0.1, 1000.0, 0.001])
def test_a_unit_that_stays_slipped_is_doubtful_from_then_on(scale: float) -> None:
    register = REGISTER.copy()
    register[900:] *= scale
    curve = curve_of(register)
    use, missing = known(curve)
    assert use == pytest.approx(TRUE[899])
    assert missing == pytest.approx((HOURS - 899) / HOURS)
    assert codes(curve)["register_scaled"] + codes(curve)["reading_dropped"] > 0


@pytest.mark.parametrize("start", [0.0, 12.5, 61_000.0, 912_345.0])
def test_a_replacement_nobody_registered_is_one_unknown_step(start: float) -> None:
    register = REGISTER.copy()
    register[800:] = start + TRUE[800:] - TRUE[800]
    curve = curve_of(register)
    use, missing = known(curve)
    assert use == pytest.approx(TRUE[-1] - (TRUE[800] - TRUE[799]))
    assert missing == pytest.approx(1 / HOURS)
    assert set(codes(curve)) <= {"register_reset", "register_jump"}


def test_zeros_at_each_wake_up_are_no_use() -> None:
    register = REGISTER.copy()
    register[::24] = 0.0
    use, missing = known(curve_of(register), 1, HOURS - 1)
    assert (use, missing) == (pytest.approx(TRUE[-2] - TRUE[1]), 0.0)


def test_spikes_close_to_one_another_and_below_zero() -> None:
    register = REGISTER.copy()
    register[[400, 402, 403, 406]] = [90_000.0, -1200.0, 53_000.0, 7.0]
    assert known(curve_of(register)) == (pytest.approx(TRUE[-1]), 0.0)


def test_random_saturations_are_left_out() -> None:
    register = REGISTER.copy()
    register[np.random.default_rng(3).random(register.size) < 0.1] = float(2**31 - 1)
    register[[0, -1]] = REGISTER[[0, -1]]
    assert known(curve_of(register)) == (pytest.approx(TRUE[-1]), 0.0)


def test_what_is_done_again_and_again_is_a_habit() -> None:
    boiler = np.where(CLOCK == 17, 400.0, 1.0)
    register = np.concatenate(([0.0], np.cumsum(boiler)))
    assert codes(curve_of(register)) == {}
    assert known(curve_of(register))[0] == pytest.approx(boiler.sum())


def test_without_habits_only_a_usual_rate_is_believed() -> None:
    few = use_curve(AT[:3], [0.0, 52_290.0, 52_291.0], RegisterSpec(unproven_rate_per_h=500.0))
    assert codes(few)["register_jump"] + codes(few)["reading_dropped"] == 1
    assert known(few, 0, 2)[0] == pytest.approx(1.0)
    begun = use_curve(AT[:3], [0.0, 90.0, 300.0], RegisterSpec(unproven_rate_per_h=500.0))
    assert codes(begun) == {}


def test_far_away_readings_never_change_a_verdict() -> None:
    """What is read around a month is enough: as with all of the past."""
    long = np.concatenate(
        (REGISTER, REGISTER[-1] + TRUE[1:] * 3, REGISTER[-1] + TRUE[-1] * 3 + TRUE[1:])
    )
    at = np.arange(long.size, dtype=np.int64) * HOUR_MS
    wrong = long.copy()
    wrong[3000:3050] = 0.0
    wrong[3500] = 9e6
    whole = use_curve(at, wrong)
    part = use_curve(at[900:], wrong[900:])
    edges = at[[2500, 3600]]
    assert on_grid(whole, edges, GAP).use[0] == on_grid(part, edges, GAP).use[0]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(1, HOURS - 200),
            st.integers(1, 150),
            st.sampled_from([0.0, UINT32_TENTHS, 1e7, -3.0]),
        ),
        max_size=4,
    ),
    st.integers(0, 2**32 - 1),
)
def test_no_mixture_of_wrong_values_makes_use(
    wrong: list[tuple[int, int, float]], seed: int
) -> None:
    register = REGISTER.copy()
    for start, length, value in wrong:
        register[start : start + length] = value
    register[[0, -1]] = REGISTER[[0, -1]]
    order = np.random.default_rng(seed).permutation(AT.size)
    # As of any registered meter: before habits are known not everything is believed.
    spec = RegisterSpec(unproven_rate_per_h=500.0)
    curve = use_curve(AT[order], register[order], spec)
    assert np.array_equal(curve.use, use_curve(AT, register, spec).use)
    use, missing = known(curve)
    assert use == pytest.approx(TRUE[-1]) or missing > 0
    assert use <= TRUE[-1] * 1.001


@pytest.mark.parametrize("said", [90_000.0, 7.0])
def test_what_a_person_stands_for_is_never_passed_over(said: float) -> None:
    register = REGISTER.copy()
    register[500] = said
    alone = use_curve(AT, register)
    assert AT[500] not in alone.at_ms
    stands = use_curve(AT, register, RegisterSpec(pinned_ms=(int(AT[500]),)))
    assert AT[500] in stands.at_ms
    assert {e.code for e in stands.events} & {"register_jump", "register_reset"}
    assert known(stands)[0] <= TRUE[-1]


def test_a_corrected_reading_of_a_meter_stands() -> None:
    meter = Meter(
        id="m", institution="i", carrier=Carrier.ELECTRICITY, register="energy_import_kwh"
    )
    register = REGISTER.copy()
    register[500] = 7.0
    series = ("m", "energy_import_kwh")
    by_hand = {series: AT[500:501]}
    (use,) = meter_uses(meter, {series: (AT, register)}, "Asia/Shanghai", corrected=by_hand)
    assert AT[500] in use.curve.at_ms


def test_noise_over_another_series_is_no_copy_of_it() -> None:
    register = REGISTER.copy()
    register[1::3] = np.random.default_rng(8).uniform(0.0, 90.0, register[1::3].size)
    curve = curve_of(register)
    assert (curve.step >= 0).all()
    assert known(curve, 24, HOURS - 24)[0] == pytest.approx(TRUE[-25] - TRUE[24], rel=0.01)


def test_a_register_set_back_by_hours_is_told() -> None:
    register = REGISTER.copy()
    register[500:] -= register[500] - register[495]
    curve = curve_of(register)
    assert codes(curve)["register_reset"] == 1
    assert known(curve)[1] > 0


def test_mj_for_kwh_is_another_unit() -> None:
    register = REGISTER.copy()
    register[900:] *= 3.6
    assert codes(curve_of(register))["register_scaled"] == 1


@pytest.mark.parametrize("number", [0.0, 53_200.0, 700_000.0])
def test_a_number_among_readings_that_cannot_be_is_no_register(number: float) -> None:
    """The unit is ten times smaller from hour 400 on, more than the branch carries at every
    reading, and now and then comes one number: what remains is no use of nothing."""
    register = REGISTER.copy()
    register[400:] *= 10
    register[np.random.default_rng(1).random(AT.size) < 0.06] = number
    curve = curve_of(register, max_rate_per_h=10.0)
    use, missing = known(curve, 450)
    assert np.isnan(use) and missing == 1.0
    assert known(curve, 10, 390) == (pytest.approx(TRUE[390] - TRUE[10], rel=0.01), 0.0)


@pytest.mark.parametrize("said", [(0.0, 0.232), (7.0, 0.0, 9.0), (900_000.0, 900_004.0)])
def test_a_register_that_comes_back_from_other_numbers_was_on_an_excursion(
    said: tuple[float, ...],
) -> None:
    register = REGISTER.copy()
    for k, number in enumerate(said):
        register[500 + 100 * k : 500 + 100 * (k + 1)] = number
    curve = curve_of(register)
    assert known(curve) == (pytest.approx(TRUE[-1]), 0.0)
    assert codes(curve)["register_strayed"] + codes(curve)["register_returned"] == 1
    assert known(curve, 520, 560)[1] == 1.0


def test_a_meter_that_counts_in_anothers_place_is_no_excursion() -> None:
    """While the meter is away to be verified, a borrowed one counts."""
    register = REGISTER.copy()
    register[500:900] = np.round(3.0 + TRUE[500:900] - TRUE[500], 1)
    register[900:] -= register[900] - register[499] - 2.0
    curve = curve_of(register)
    use, missing = known(curve)
    assert use == pytest.approx(TRUE[-1], abs=30.0)
    assert 0.0 < missing < 0.003
    assert codes(curve) == {"register_reset": 1, "register_jump": 1}


def test_a_register_that_comes_back_in_another_unit_is_not_believed() -> None:
    register = REGISTER - REGISTER[0] + 10.0
    register[700:800] = np.round(register[700:800] / 1000, 3)
    register[800:] = np.round(6_000.0 + (TRUE[800:] - TRUE[800]) / 1000, 3)
    curve = curve_of(register)
    assert codes(curve)["register_scaled"] > 0
    assert known(curve)[1] > 0.3


def test_no_value_for_days_is_no_new_registers_rest() -> None:
    register = REGISTER.copy()
    register[500:] = np.round(TRUE[500:] - TRUE[595] + 0.3, 1)
    register[500:596] = 0.0
    use, missing = known(curve_of(register))
    assert missing == pytest.approx(97 / HOURS)
    assert use == pytest.approx(TRUE[-1] - (TRUE[596] - TRUE[499]))


def test_a_value_repeated_around_a_wrong_one_is_one_rest() -> None:
    """The leap after it is what was used since its beginning, not since the wrong value."""
    register = REGISTER.copy()
    register[500:700] = register[499]
    register[690] = 1e7
    curve = curve_of(register, max_rate_per_h=20.0)
    assert known(curve) == (pytest.approx(TRUE[-1]), 0.0)
    assert codes(curve) == {"reading_dropped": 1, "register_caught_up": 1}
    assert known(curve, 510, 600)[1] == 1.0


def test_a_boiler_that_starts_hard_after_the_summer_caught_nothing_up() -> None:
    """Gas that rests for days, but for some hours once a week; then the heating season begins."""
    hour = np.arange(HOURS)
    use = np.where((hour % 168 >= 160) & (hour % 2 == 0), 11.6, 0.0)
    use[996:] = np.where(hour[996:] % 3 == 0, 11.6, 0.0)
    use[996:999] = 179.8, 98.6, 75.4
    curve = curve_of(np.round(np.concatenate(([0.0], np.cumsum(use))), 1))
    assert codes(curve) == {}
    assert known(curve) == (pytest.approx(use.sum()), 0.0)


def test_a_gateway_that_was_silent_until_the_season_began_caught_up() -> None:
    use = np.where(np.arange(HOURS) % 2 == 0, 11.6, 5.8)
    use[1003] += use[900:1003].sum()
    use[900:1003] = 0.0
    curve = curve_of(np.round(np.concatenate(([0.0], np.cumsum(use))), 1))
    assert codes(curve) == {"register_caught_up": 1}


def _with_a_rest(leap_kwh: float) -> "np.ndarray":
    """A steady meter read daily, whose gateway repeats a value for thirteen days, lets one newer
    one through, and then leaps."""
    use = 0.65 + 0.05 * np.sin(np.arange(120))
    register = np.concatenate(([0.0], np.cumsum(use)))
    register[56:69] = register[56]
    register[69] = register[56] + 0.6
    register[70:] += register[69] + leap_kwh - register[70]
    return np.round(register, 3)


def test_one_newer_value_hides_no_rest_that_is_then_made_up_for() -> None:
    for leap_kwh, told in ((9.0, {"register_caught_up": 1}), (90.0, {"register_jump": 1})):
        register = _with_a_rest(leap_kwh)
        at_ms = AT[0] + 24 * HOUR_MS * np.arange(register.size)
        curve = use_curve(at_ms, register, RegisterSpec())
        assert codes(curve) == told
        grid = on_grid(curve, np.array([at_ms[0], at_ms[-1]]), 24 * HOUR_MS)
        assert (grid.missing[0] > 0) == (leap_kwh > 9)


def test_a_wrong_number_at_the_beginning_makes_no_excursion_of_what_follows() -> None:
    """Two wrong readings, some weeks of the true register, then another unit."""
    register = np.round(REGISTER - REGISTER[0], 1)
    register[1000:] *= 100
    register[:2] = 1_115.7
    curve = curve_of(register)
    assert known(curve, 3, 990) == (pytest.approx(TRUE[990] - TRUE[3], abs=0.2), 0.0)
    assert codes(curve)["register_strayed"] == 0
    use, _ = known(curve)
    assert use <= TRUE[-1] or codes(curve)["register_scaled"] > 0


def test_a_few_last_words_undo_no_months() -> None:
    """A gateway held a value for days; the register that went on is set back by an hour's use on
    its last day: no reason to think that all between was another's."""
    register = REGISTER.copy()
    register[800:900] = register[800]
    register[-2:] -= 40.0
    curve = curve_of(register)
    use, missing = known(curve, end=HOURS - 2)
    assert (use, missing) == (pytest.approx(TRUE[-3], rel=0.001), 0.0)
    assert codes(curve) == {"register_caught_up": 1, "register_reset": 1}


def test_a_number_repeated_until_the_register_has_come_so_far_is_no_register() -> None:
    register = REGISTER.copy()
    high = register[700]
    register[600:700] = high
    curve = curve_of(register)
    assert known(curve) == (pytest.approx(TRUE[-1]), 0.0)
    assert known(curve, 620, 680)[1] == 1.0
    assert codes(curve)["register_jump"] == 0


def test_a_young_register_in_another_unit_after_a_gap_is_doubtful() -> None:
    """Its height tells nothing: it has grown over the gap by more than it was before."""
    register = REGISTER - REGISTER[0]
    register[350:] *= 1000
    kept = np.r_[0:100, 350 : AT.size]
    curve = use_curve(AT[kept], register[kept])
    assert codes(curve) == {"register_scaled": 1}
    assert np.isnan(known(curve, 400)[0])
