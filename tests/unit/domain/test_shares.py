"""Shares: means that sum to 1, and the last digits that signed months hold."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.figures import Shares

fractions = st.floats(0.0, 1.0)


@st.composite
def shares(draw: st.DrawFn) -> Shares:
    missing = draw(fractions)
    estimated = draw(fractions) * (1.0 - missing)
    return Shares.rest(missing=missing, estimated=estimated)


some = st.lists(shares(), min_size=1, max_size=40)


def total(s: Shares) -> float:
    return s.measured + s.estimated + s.missing


@given(some, st.sampled_from(["estimated", "missing"]))
def test_every_mean_sums_to_one_and_lies_among_its_parts(parts: list[Shares], first: str) -> None:
    for mean in (
        Shares.mean(parts),
        Shares.mean_unmeasured(parts, first=first),
        Shares.weighted([(float(k), s) for k, s in enumerate(parts)]),
        Shares.together(parts),
    ):
        assert total(mean) == pytest.approx(1.0)
        assert min(mean.measured, mean.estimated, mean.missing) >= 0.0
        slack = 1e-12
        assert mean.missing <= max(s.missing for s in parts) + slack
        assert mean.estimated >= min(s.estimated for s in parts) - slack


@given(some)
def test_means_keep_the_digits_that_are_signed(parts: list[Shares]) -> None:
    """The sums as they stand in the figures that were signed before."""
    n = len(parts)
    measured, estimated, missing = (
        sum(getattr(s, name) for s in parts) / n for name in ("measured", "estimated", "missing")
    )
    assert Shares.mean(parts) == Shares(measured, estimated, missing)
    assert Shares.mean_unmeasured(parts, first="missing") == Shares(
        max(1.0 - missing - estimated, 0.0), estimated, missing
    )
    assert Shares.mean_unmeasured(parts, first="estimated") == Shares(
        max(1.0 - estimated - missing, 0.0), estimated, missing
    )


def test_the_order_of_taking_off_shows_in_the_last_digit() -> None:
    one = Shares.rest(missing=0.1, estimated=0.7)
    other = Shares.rest(estimated=0.7, missing=0.1)
    assert one != other
    assert one.measured == pytest.approx(other.measured)


@given(st.lists(st.tuples(st.floats(0.0, 1e6), shares()), min_size=1, max_size=10))
def test_weights_count_by_their_size(parts: list[tuple[float, Shares]]) -> None:
    mean = Shares.weighted(parts)
    twice = Shares.weighted([(2 * w, s) for w, s in parts])
    assert twice.missing == pytest.approx(mean.missing, abs=1e-9)
    if sum(w for w, _ in parts) == 0:
        plain = Shares.mean([s for _, s in parts])
        assert mean.missing == pytest.approx(plain.missing, abs=1e-9)


def test_nothing_known_is_missing() -> None:
    assert Shares.mean([]) == Shares.none()
    assert Shares.of_span([], 12) == Shares(0.0, 0.0, 1.0)


def test_what_a_span_lacks_is_missing() -> None:
    half = Shares(0.5, 0.5, 0.0)
    assert Shares.of_span([half] * 4, 8) == Shares(0.25, 0.25, 0.5)
    assert Shares.of_span([half] * 12, 12).missing == pytest.approx(0.0)


def test_what_is_known_leaves_the_rest_missing() -> None:
    assert Shares.known(0.75) == Shares(0.75, 0.0, 0.25)
    assert Shares.rest(estimated=0.8, missing=0.7).measured == 0.0
    assert Shares.full().missing == 0.0
