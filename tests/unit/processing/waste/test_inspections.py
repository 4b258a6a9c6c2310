"""Sorting accuracy from inspectors' registers, and the recycling rate from masses."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.processing import processing_settings
from domain.calendar import HOUR_MS, Month, to_ms
from domain.figures import Figure
from domain.places import Bin, Institution, WasteStream
from domain.registry import Registry
from processing.curves.curve import GridUse
from processing.months.month import month_result
from processing.months.site import build_site
from processing.use.month_use import Period
from processing.waste.inspections import CORRECT, TOTAL, accuracy_figures, inspections_of, wilson
from processing.waste.streams import StreamMonth, recycling_figure

DAY = 24
Samples = dict[tuple[str, str], tuple[np.ndarray, np.ndarray]]
FOOD = Bin(id="food-1", institution="i", stream=WasteStream.FOOD)
REST = Bin(id="rest-1", institution="i", stream=WasteStream.RESIDUAL)


def history(days: int, correct: np.ndarray, total: np.ndarray, bin_: Bin = FOOD) -> Samples:
    """Registers read every hour; the items of inspection k are reported in hour k."""
    at = np.arange(days * DAY + 1, dtype=np.int64) * HOUR_MS
    registers = (np.concatenate(([100.0], 100 + np.cumsum(x))) for x in (correct, total))
    return {(bin_.id, q): (at, v) for q, v in zip((CORRECT, TOTAL), registers, strict=True)}


def weekly(days: int, correct: int, total: int) -> tuple[np.ndarray, np.ndarray]:
    found, inspected = np.zeros(days * DAY), np.zeros(days * DAY)
    found[10 :: 7 * DAY], inspected[10 :: 7 * DAY] = correct, total
    return found, inspected


def figures(
    samples: Samples, start_h: int, end_h: int, bins: tuple[Bin, ...] = (FOOD,)
) -> dict[tuple[str, str], Figure]:
    edges = np.array([start_h, end_h], np.int64) * HOUR_MS
    found = accuracy_figures(inspections_of(bins, samples, edges))
    return {(f.name.split("_")[1], f.subject): f for f in found}


def test_planted_inspections_are_counted_with_wilsons_interval() -> None:
    found = figures(history(28, *weekly(28, 45, 50)), 0, 28 * DAY)
    for subject in ("", "food", "food-1"):
        accuracy = found["sorting", subject]
        assert accuracy.value == pytest.approx(180 / 200)
        # By hand: Wilson, 180 of 200 at 95 %.
        assert (accuracy.low, accuracy.high) == (
            pytest.approx(0.8506, abs=1e-4),
            pytest.approx(0.9343, abs=1e-4),
        )
        assert accuracy.confidence == 0.95
        assert accuracy.shares.measured == 1
        assert found["inspected", subject].value == 200


def test_nothing_inspected_is_unknown_and_neither_nought_nor_perfect() -> None:
    still = history(28, np.zeros(28 * DAY), np.zeros(28 * DAY))
    found = figures(still, 0, 28 * DAY)
    assert found["sorting", ""].value is None
    assert found["sorting", ""].low is None
    assert [f.code for f in found["sorting", ""].findings] == ["nothing_inspected"]
    assert found["inspected", ""].value == 0
    assert figures({}, 0, 28 * DAY) == {}, "without registers there is no figure at all"


def test_a_gap_shows_in_the_shares_and_loses_no_inspection() -> None:
    samples = history(28, *weekly(28, 45, 50))
    kept = np.ones(28 * DAY + 1, bool)
    kept[5 * DAY : 15 * DAY] = False
    cut = {k: (at[kept], v[kept]) for k, (at, v) in samples.items()}
    assert figures(cut, 0, 28 * DAY)["inspected", ""].value == 200
    # The period ends inside the gap: what was inspected in it is told by the next reading.
    part = figures(cut, 0, 10 * DAY)
    assert part["inspected", ""].value == 50
    assert part["sorting", ""].shares.missing == pytest.approx(0.5, abs=0.01)


@given(
    items=st.lists(st.integers(0, 9), min_size=96, max_size=96),
    cuts=st.sets(st.integers(1, 95), max_size=4),
    seed=st.integers(0, 9),
)
def test_counts_of_a_partition_add_up_whatever_the_order_of_arrival(
    items: list[int], cuts: set[int], seed: int
) -> None:
    total = np.array(items, float)
    samples = history(4, np.floor(total / 2), total)
    order = np.random.default_rng(seed).permutation(97)
    mixed = {k: (at[order], v[order]) for k, (at, v) in samples.items()}
    bounds = [0, *sorted(cuts), 96]
    parts = [figures(mixed, a, b) for a, b in pairwise(bounds)]
    assert sum(p["inspected", ""].value or 0 for p in parts) == sum(items)
    for part in parts:
        value = part["sorting", ""].value
        assert (value is None) == (part["inspected", ""].value == 0)


def test_streams_are_told_apart_and_the_institution_counts_items_not_bins() -> None:
    samples = history(7, *weekly(7, 10, 10)) | history(7, *weekly(7, 45, 90), REST)
    found = figures(samples, 0, 7 * DAY, (FOOD, REST))
    assert found["sorting", "food"].value == 1
    assert found["sorting", "residual"].value == 0.5
    assert found["sorting", ""].value == pytest.approx(55 / 100)


def test_a_reset_register_counts_no_inspection_twice() -> None:
    samples = history(7, *weekly(7, 40, 50))
    reset = {
        k: (at, np.where(at > 3 * DAY * HOUR_MS, v - v[72], v)) for k, (at, v) in samples.items()
    }
    assert figures(reset, 0, 7 * DAY)["inspected", ""].value == 50


def test_more_correct_than_inspected_is_a_finding_and_no_accuracy() -> None:
    found = figures(history(7, *weekly(7, 60, 50)), 0, 7 * DAY)
    assert found["sorting", ""].value is None
    assert [f.code for f in found["sorting", ""].findings] == ["inspection_counts_wrong"]


@given(total=st.integers(1, 500), share=st.floats(0, 1), confidence=st.floats(0.5, 0.999))
def test_wilsons_interval_holds_the_share_within_nought_and_one(
    total: int, share: float, confidence: float
) -> None:
    correct = round(share * total)
    low, high = wilson(correct, total, confidence)
    assert 0 <= low <= correct / total + 1e-12
    assert correct / total - 1e-12 <= high <= 1


def test_wilsons_interval_covers_what_is_true() -> None:
    """Of repeated inspections the stated share of intervals holds the true accuracy."""
    rng = np.random.default_rng(5)
    bounds = [wilson(int(k), 80, 0.9) for k in rng.binomial(80, 0.85, 2000)]
    assert np.mean([low <= 0.85 <= high for low, high in bounds]) == pytest.approx(0.9, abs=0.03)


def stream(kind: WasteStream, mass_kg: float) -> StreamMonth:
    one = np.ones(1)
    whole = GridUse(np.array([mass_kg]), one, 0 * one, 0 * one, 0 * one, np.array(["measured"]))
    return StreamMonth(kind, Period("waste_mass_kg", kind.value, whole, whole), 0)


S = WasteStream
MASSES = {S.RECYCLABLE: 20.0, S.FOOD: 30.0, S.HAZARDOUS: 1.0, S.RESIDUAL: 49.0}
RULES = processing_settings().waste


def test_the_recycling_rate_by_hand_and_what_it_assumes() -> None:
    streams = [stream(s, m) for s, m in MASSES.items()]
    rate = recycling_figure(streams, set(MASSES), RULES)
    assert rate.value == pytest.approx(0.5)
    assert [f.code for f in rate.findings] == ["recycling_assumes_recovery"]
    burnt = replace(RULES, recovered_streams=("recyclable",))
    rate = recycling_figure(streams, set(MASSES), burnt)
    assert rate.value == pytest.approx(0.2)
    assert rate.findings == ()


def test_the_recycling_rate_is_unknown_where_something_is_not_weighed() -> None:
    streams = [stream(s, m) for s, m in MASSES.items()]
    assert recycling_figure(streams[:3], set(MASSES), RULES).value is None, "silent bins"
    gap = [*streams[:3], stream(S.RESIDUAL, float("nan"))]
    assert recycling_figure(gap, set(MASSES), RULES).value is None
    only = recycling_figure(streams[:2], {S.RECYCLABLE, S.FOOD}, RULES)
    assert only.value is None
    assert "residual_not_weighed" in {f.code for f in only.findings}
    nothing = [stream(s, 0.0) for s in MASSES]
    assert recycling_figure(nothing, set(MASSES), RULES).value is None


def test_a_month_of_a_site_has_them_by_local_time() -> None:
    """An inspection reported at 00:30 on 1 March in Dongying is none of February's."""
    place = Institution(id="i", name_zh="", name_en="")
    start, end = (to_ms(at) for at in Month(2025, 3).interval("Asia/Shanghai"))
    half_past = start + HOUR_MS // 2
    at = np.array([start - HOUR_MS, start - HOUR_MS // 2, half_past, half_past + HOUR_MS], np.int64)
    samples = {
        ("food-1", CORRECT): (at, np.array([0.0, 0.0, 9.0, 9.0])),
        ("food-1", TOTAL): (at, np.array([0.0, 0.0, 10.0, 10.0])),
    }
    site = build_site(Registry(institutions=(place,), devices=(FOOD,)), place, samples)

    def accuracy(month: Month) -> float | None:
        result = month_result(site, month, end)
        return next(f.value for f in result.figures if f.name.startswith("waste_sorting"))

    assert accuracy(Month(2025, 3)) == 0.9
    assert accuracy(Month(2025, 2)) is None
