"""Gaps: filled by a named method, marked, and never changing a total."""

import re
from importlib.resources import files

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.calendar import DAY_MS, HOUR_MS
from domain.errors import ConfigError
from domain.quality import QUALITIES
from processing.curves.curve import CODE_OF_SEGMENT, UseCurve, on_grid
from processing.curves.filling import FillRules, Method, fill_gaps
from processing.curves.register_spec import default_rules
from processing.curves.registers import use_curve
from processing.curves.rules import read_rules, shipped_rules
from tests.paths import ROOT

MONDAY = 4 * DAY_MS  # 1970-01-05
GAP = 6 * HOUR_MS


def office(days: int = 56) -> np.ndarray:
    """Hourly use: busy from 8 to 18 on working days, quiet otherwise."""
    hours = np.arange(days * 24)
    busy = (hours % 24 >= 8) & (hours % 24 < 18) & (hours // 24 % 7 < 5)
    return np.where(busy, 50.0, 10.0)


def with_gap(use: np.ndarray, start: int, end: int) -> UseCurve:
    at = MONDAY + np.arange(use.size + 1) * HOUR_MS
    register = np.concatenate(([0.0], np.cumsum(use)))
    keep = (np.arange(at.size) <= start) | (np.arange(at.size) >= end)
    return use_curve(at[keep], register[keep])


def days(curve: UseCurve, first: int, count: int) -> np.ndarray:
    edges = MONDAY + np.arange(first, first + count + 1) * DAY_MS
    return on_grid(curve, edges, GAP).use


@pytest.mark.parametrize("method", ["profile", "similar_day"])
def test_the_shape_of_the_building_is_recovered_and_marked(method: Method) -> None:
    use = office()
    start = 35 * 24 + 3  # a Monday night; the gap ends the next Tuesday
    curve = fill_gaps(with_gap(use, start, start + 8 * 24), FillRules(method=method))
    truth = use.reshape(-1, 24).sum(axis=1)
    assert days(curve, 30, 20) == pytest.approx(truth[30:50])
    edges = MONDAY + np.arange(36, 38) * DAY_MS
    grid = on_grid(curve, edges, GAP)
    assert grid.code.tolist() == [f"filled_{method}"]
    assert grid.estimated.tolist() == [1.0]


def test_linear_spreads_evenly() -> None:
    use = office()
    curve = fill_gaps(with_gap(use, 840, 840 + 48), FillRules(method="linear"))
    grid = on_grid(curve, MONDAY + np.array([35, 36, 37]) * DAY_MS, GAP)
    assert grid.use == pytest.approx([use[840:888].sum() / 2] * 2)
    assert grid.code.tolist() == ["filled_linear"] * 2


def test_without_history_the_fallback_is_linear_and_says_so() -> None:
    curve = fill_gaps(with_gap(office(10), 30, 60), FillRules(method="profile"))
    grid = on_grid(curve, MONDAY + np.array([1, 2]) * DAY_MS, GAP)
    assert grid.code.tolist() == ["filled_linear"]


def test_none_leaves_missing_what_is_missing() -> None:
    curve = fill_gaps(with_gap(office(), 840, 900), FillRules(method="none"))
    assert np.isnan(days(curve, 36, 1)).all()


def test_gaps_too_long_are_left_alone_and_short_ones_too() -> None:
    plain = with_gap(office(), 300, 300 + 15 * 24)
    assert fill_gaps(plain) is plain
    short = with_gap(office(), 300, 305)
    assert fill_gaps(short) is short


def test_what_comes_after_a_gap_does_not_change_its_filling() -> None:
    early = fill_gaps(with_gap(office(40), 840, 900))
    late = fill_gaps(with_gap(office(56), 840, 900))
    assert days(early, 0, 40).tolist() == days(late, 0, 40).tolist()


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 1200),
    st.integers(1, 400),
    st.sampled_from(["none", "linear", "profile", "similar_day"]),
    st.integers(0, 10_000),
)
def test_filling_never_changes_a_total(start: int, length: int, method: Method, seed: int) -> None:
    use = office() * np.random.default_rng(seed).uniform(0.0, 2.0, 56 * 24)
    end = min(start + length, use.size)
    curve = fill_gaps(with_gap(use, start, end), FillRules(method=method))
    edges = MONDAY + np.arange(57) * DAY_MS
    whole = on_grid(curve, edges[[0, -1]], GAP)
    assert whole.use[0] == pytest.approx(use.sum())
    grid = on_grid(curve, edges, GAP)
    assert (grid.measured + grid.estimated + grid.missing) == pytest.approx(np.ones(56))
    if method != "none" and length <= 14 * 24:
        assert grid.use.sum() == pytest.approx(use.sum())
        assert (grid.missing == 0).all()


def test_every_code_a_curve_can_have_is_in_the_table() -> None:
    assert set(CODE_OF_SEGMENT.values()) | {"partial", "corrected"} == set(QUALITIES)


def test_every_code_is_explained_as_it_counts() -> None:
    page = (ROOT / "docs" / "processing.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (measured|estimated|missing) \|", page, re.MULTILINE)
    assert dict(rows) == {q.code: q.counts_as for q in QUALITIES.values()}


def test_the_shipped_rules_are_read_and_wrong_ones_refused() -> None:
    rules, fill = shipped_rules()
    assert rules == default_rules()
    assert (rules.max_gap_ms, rules.longest_overlap_ms) == (6 * HOUR_MS, 7 * DAY_MS)
    assert fill == FillRules()
    source = (files("config") / "tables" / "processing.toml").read_text(encoding="utf-8")
    with pytest.raises(ConfigError, match="no filling method 'magic'"):
        read_rules(source.replace('"profile"\n', '"magic"\n'))
    with pytest.raises(ConfigError, match="max_gap_h"):
        read_rules(source.replace("max_gap_h", "gap"))
