"""Registers: nothing lost, nothing invented, whatever the order of arrival."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.calendar import HOUR_MS
from processing.curves.curve import UseCurve, on_grid
from processing.curves.register_spec import RegisterSpec, Swap
from processing.curves.registers import use_curve

GAP = 6 * HOUR_MS


def hours(*values: float) -> np.ndarray:
    return (np.array(values) * HOUR_MS).astype(np.int64)


def total(curve: UseCurve, start_h: float, end_h: float) -> float:
    return float(on_grid(curve, hours(start_h, end_h), GAP).use[0])


def codes(curve: UseCurve) -> list[str]:
    return [e.code for e in curve.events]


def test_a_plain_register_is_its_difference() -> None:
    curve = use_curve(hours(0, 1, 2), [10.0, 12.0, 15.0])
    grid = on_grid(curve, hours(0, 1, 2), GAP)
    assert grid.use.tolist() == [2.0, 3.0]
    assert grid.measured.tolist() == [1.0, 1.0]
    assert grid.code.tolist() == ["measured", "measured"]


def test_before_the_first_and_after_the_last_reading_nothing_is_known() -> None:
    grid = on_grid(use_curve(hours(10, 11), [1.0, 2.0]), hours(0, 5, 10, 11, 12), GAP)
    assert np.isnan(grid.use[[0, 1, 3]]).all()
    assert grid.use[2] == 1.0
    assert grid.code.tolist() == ["missing", "missing", "measured", "missing"]


def test_an_edge_in_a_short_gap_is_interpolated_and_marked() -> None:
    curve = use_curve(hours(0, 4), [0.0, 8.0])
    grid = on_grid(curve, hours(0, 1, 4), GAP)
    assert grid.use.tolist() == [2.0, 6.0]
    assert grid.estimated.tolist() == [1.0, 1.0]
    assert set(grid.code) == {"interpolated"}


def test_a_long_gap_is_missing_for_who_cuts_it_and_measured_for_who_contains_it() -> None:
    curve = use_curve(hours(0, 24, 72, 96), [0.0, 10.0, 70.0, 80.0])
    days = on_grid(curve, hours(0, 24, 48, 72, 96), GAP)
    assert days.use[[0, 3]].tolist() == [10.0, 10.0]
    assert np.isnan(days.use[[1, 2]]).all()
    whole = on_grid(curve, hours(0, 96), GAP)
    assert whole.use[0] == 80.0
    assert whole.measured[0] == 1.0


def test_a_day_cut_by_a_long_gap_is_partial_with_its_known_part() -> None:
    curve = use_curve(hours(0, 12, 36, 48), [0.0, 6.0, 30.0, 36.0])
    grid = on_grid(curve, hours(0, 24, 48), GAP)
    assert grid.use.tolist() == [6.0, 6.0]
    assert grid.missing.tolist() == [0.5, 0.5]
    assert grid.code.tolist() == ["partial", "partial"]


def test_rollover_counts_on() -> None:
    spec = RegisterSpec(size=1000.0, max_rate_per_h=20.0)
    curve = use_curve(hours(0, 1, 2), [990.0, 998.0, 6.0], spec)
    assert total(curve, 0, 2) == pytest.approx(16.0)
    assert codes(curve) == ["register_rollover"]


def test_rollover_without_a_known_rate_needs_both_ends() -> None:
    spec = RegisterSpec(size=1000.0)
    assert total(use_curve(hours(0, 1), [990.0, 6.0], spec), 0, 1) == pytest.approx(16.0)
    assert codes(use_curve(hours(0, 1), [600.0, 300.0], spec)) == ["register_reset"]


def test_a_reset_leaves_one_unknown_step_and_no_spike() -> None:
    curve = use_curve(hours(0, 1, 2, 3, 4, 5, 6), [500.0, 501.0, 0.0, 1.0, 2.0, 3.0, 4.0])
    grid = on_grid(curve, hours(0, 1, 2, 3, 4, 5, 6), GAP)
    assert grid.code.tolist() == ["measured", "missing", *["measured"] * 4]
    whole = on_grid(curve, hours(0, 6), GAP)
    assert whole.use[0] == pytest.approx(5.0)
    assert whole.missing[0] == pytest.approx(1 / 6)
    assert codes(curve) == ["register_reset"]


@pytest.mark.parametrize(
    "wrong",
    [[100.0, 101.0, 9e6, 103.0, 104.0], [100.0, 101.0, 0.0, 103.0, 104.0]],
    ids=["spike", "dip"],
)
@pytest.mark.parametrize("rate", [5.0, None])
def test_one_wrong_reading_is_dropped(wrong: list[float], rate: float | None) -> None:
    curve = use_curve(hours(0, 1, 2, 3, 4), wrong, RegisterSpec(max_rate_per_h=rate))
    assert total(curve, 0, 4) == pytest.approx(4.0)
    assert codes(curve) == ["reading_dropped"]


def test_a_jump_that_stays_is_unknown() -> None:
    values = [0.0, 1.0, 5000.0, 5001.0, 5002.0, 5003.0, 5004.0]
    curve = use_curve(hours(*range(7)), values, RegisterSpec(max_rate_per_h=5.0))
    assert total(curve, 0, 6) == pytest.approx(5.0)
    assert codes(curve) == ["register_jump"]


def test_a_repeated_value_that_catches_up_is_a_gap_of_known_use() -> None:
    values = [0.0, 2.0, *[2.0] * 10, 24.0, 26.0]
    curve = use_curve(hours(*range(14)), values, RegisterSpec(max_rate_per_h=3.0))
    assert total(curve, 0, 13) == pytest.approx(26.0)
    assert codes(curve) == ["register_caught_up"]
    assert on_grid(curve, hours(5, 6), GAP).code.tolist() == ["missing"]


def test_a_clock_set_back_loses_nothing() -> None:
    stamps = [0, 1, 2, 3, 2.5, 3.5, 4.5, 5.5]
    curve = use_curve(hours(*stamps), [float(i) for i in range(8)])
    assert total(curve, 0, 5.5) == pytest.approx(7.0)


def test_a_replaced_meter_with_overlap_counts_each_register_once() -> None:
    swap = Swap(at_ms=int(hours(10)[0]), final=1010.0, initial=3.0)
    old = {h: 1000.0 + h for h in range(13)}
    new = {h: 3.0 + (h - 10) for h in range(9, 21)}
    new.pop(9)
    stamps = [*old, *new]
    values = [*old.values(), *new.values()]
    unique = {t: v for t, v in zip(stamps, values, strict=True) if t not in new or v < 500}
    curve = use_curve(hours(*unique, 11.5), [*unique.values(), 1011.5], RegisterSpec(swaps=(swap,)))
    assert total(curve, 0, 20) == pytest.approx(20.0)
    assert codes(curve) == ["meter_replaced"]


def test_a_final_register_nobody_wrote_down_leaves_an_unknown_step() -> None:
    swap = Swap(at_ms=int(hours(2)[0]), final=float("nan"), initial=0.0)
    curve = use_curve(hours(0, 1, 3), [10.0, 11.0, 1.0], RegisterSpec(swaps=(swap,)))
    grid = on_grid(curve, hours(0, 1, 2, 3), GAP)
    assert grid.code.tolist() == ["measured", "missing", "measured"]


def test_a_multiplier_holds_from_its_instant_on() -> None:
    changed = int(hours(1.5)[0])
    spec = RegisterSpec(multiplier=((0, 10.0), (changed, 20.0)))
    curve = use_curve(hours(0, 1, 2, 3), [0.0, 1.0, 2.0, 3.0], spec)
    grid = on_grid(curve, hours(0, 1, 2, 3), GAP)
    assert grid.use.tolist() == pytest.approx([10.0, 15.0, 20.0])
    assert grid.code.tolist() == ["measured", "interpolated", "measured"]


def test_no_readings_no_use() -> None:
    grid = on_grid(use_curve([], []), hours(0, 1), GAP)
    assert np.isnan(grid.use[0])
    assert grid.missing[0] == 1.0


@st.composite
def histories(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray, RegisterSpec]:
    """(times, truth, readings, spec): a register with rollovers, swaps and gaps."""
    n = draw(st.integers(3, 60))
    gaps = draw(st.lists(st.integers(1, 30), min_size=n, max_size=n))
    uses = draw(st.lists(st.floats(0, 5, allow_nan=False), min_size=n, max_size=n))
    at = np.cumsum([0, *gaps]).astype(np.int64) * HOUR_MS
    truth = np.concatenate(([0.0], np.cumsum(np.array(uses) * np.array(gaps))))
    size, start = 1000.0, draw(st.floats(0, 999))
    swaps, offset, registers = [], start, []
    cuts = set(draw(st.lists(st.integers(1, n), max_size=2)))
    for k in range(n + 1):
        if k in cuts:
            final, initial = (truth[k] + offset) % size, draw(st.floats(0, 999))
            swaps.append(Swap(int(at[k]) - 1, float(final), initial))
            offset = initial - truth[k]
        registers.append((truth[k] + offset) % size)
    spec = RegisterSpec(size=size, max_rate_per_h=5.0, swaps=tuple(swaps))
    return at, truth, np.array(registers), spec


@settings(max_examples=150, deadline=None)
@given(histories(), st.randoms(use_true_random=False), st.lists(st.integers(0, 1800), max_size=12))
def test_partitions_sum_to_the_whole_in_any_order_of_arrival(
    history: tuple[np.ndarray, np.ndarray, np.ndarray, RegisterSpec],
    random: object,
    cuts: list[int],
) -> None:
    at, truth, register, spec = history
    order = list(range(at.size)) * 2  # everything arrives twice
    random.shuffle(order)  # type: ignore[attr-defined]
    curve = use_curve(at[order], register[order], spec)
    straight = use_curve(at, register, spec)
    assert np.array_equal(curve.use, straight.use)
    assert np.array_equal(curve.at_ms, straight.at_ms)

    first, last = int(at[0]), int(at[-1])
    whole = on_grid(curve, np.array([first, last]), GAP)
    assert whole.use[0] == pytest.approx(truth[-1], abs=1e-6)
    inner = sorted({first, last, *(min(first + c * HOUR_MS, last) for c in cuts)})
    parts = on_grid(curve, np.array(inner), 40 * HOUR_MS)
    assert np.nansum(parts.use) == pytest.approx(truth[-1], abs=1e-6)
    for grid in (whole, parts, on_grid(curve, np.array(inner), GAP)):
        shares = grid.measured + grid.estimated + grid.missing
        assert shares == pytest.approx(np.ones(len(grid)))


@settings(max_examples=100, deadline=None)
@given(histories())
def test_at_the_readings_the_truth_comes_out(
    history: tuple[np.ndarray, np.ndarray, np.ndarray, RegisterSpec],
) -> None:
    """… but for a rest before a gap, of which nobody knows whether it was one."""
    at, truth, register, spec = history
    grid = on_grid(use_curve(at, register, spec), at, GAP)
    known = grid.missing == 0
    assert grid.use[known] == pytest.approx(np.diff(truth)[known], abs=1e-6)
    assert known.all() or (np.diff(register) == 0).any()


@pytest.mark.parametrize("factor", [1000.0, 0.001])
def test_a_slip_of_unit_for_a_day_loses_nothing(factor: float) -> None:
    hourly = np.arange(200.0) * 2.0 + 5000.0
    slipped = hourly.copy()
    slipped[60:90] *= factor
    curve = use_curve(hours(*range(200)), slipped, RegisterSpec(max_rate_per_h=10.0))
    assert total(curve, 0, 199) == pytest.approx(398.0)
    assert codes(curve) == [*["reading_dropped"] * 30, "register_returned"]
    assert on_grid(curve, hours(70, 80), GAP).missing[0] == 1.0


def test_a_reset_register_that_grows_past_its_old_height_stays_reset() -> None:
    values = np.concatenate((np.arange(10.0) + 50.0, np.arange(120.0)))
    curve = use_curve(hours(*range(130)), values, RegisterSpec(max_rate_per_h=5.0))
    assert codes(curve) == ["register_reset"]
    assert total(curve, 0, 129) == pytest.approx(9.0 + 119.0)
