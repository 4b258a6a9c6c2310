"""What many contracts saved together: correlated, counted once, proven only by what is sound."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.calendar import Month
from domain.figures.names import FIGURE_NAMES
from processing.savings.portfolio import Claim, Per, Portfolio, half_width_of_sum, portfolios

ONE = Claim(
    month=Month(2024, 3),
    institution="a",
    contract="a-1",
    vendor="esco",
    bundle="a-1",
    carrier="electricity",
    option="C",
    confidence=0.9,
    counterfactual=100.0,
    observed=90.0,
    avoided=10.0,
    low=-5.0,
    high=25.0,
    flagged=False,
)


def many(count: int, **change: object) -> list[Claim]:
    return [replace(ONE, institution=f"i{n}", contract=f"c{n}", **change) for n in range(count)]


def only(claims: list[Claim], **more: Per) -> Portfolio:
    (found,) = portfolios(claims, **more)
    return found


@pytest.mark.parametrize(
    "name",
    [
        "avoided_energy_kwh",
        "avoided_energy_year_to_date_kwh",
        "counterfactual_kwh",
        "observed_kwh",
    ],
)
def test_what_portfolios_sum_adds_up_over_institutions(name: str) -> None:
    assert FIGURE_NAMES[name].adds_over_places


def test_small_savings_that_prove_nothing_alone_are_proven_together() -> None:
    assert only([ONE]).verdict == "not_proven"
    together = only(many(30))
    assert together.verdict == "proven" and together.avoided == pytest.approx(300)
    assert (together.contracts, together.counterfactual, together.observed) == (30, 3000, 2700)
    # Correlation 0.2 keeps the width from melting away as 1/√n.
    half = (together.high - together.low) / 2
    assert half == pytest.approx(np.sqrt(30 * 225 + 0.2 * (450**2 - 30 * 225)))


def test_nothing_saved_proves_nothing_however_many() -> None:
    assert only(many(1000, avoided=0.0, low=-15.0, high=15.0)).verdict == "not_proven"
    assert only(many(40, avoided=-10.0, low=-25.0, high=5.0)).verdict == "proven_increase"


def test_a_serious_finding_is_in_the_sum_and_proves_nothing() -> None:
    flagged = replace(
        ONE, contract="z", institution="z", avoided=900.0, low=800.0, high=1000.0, flagged=True
    )
    found = only([ONE, flagged])
    assert found.low > 0 and (found.verdict, found.flagged) == ("not_proven", 1)
    assert only([*many(30), flagged]).verdict == "proven"
    assert only([flagged]).verdict == "not_proven"


def test_what_two_contracts_measure_both_is_counted_once() -> None:
    chiller = replace(ONE, contract="a-0", option="B")
    pump = replace(ONE, contract="a-2", option="B")
    found = only([chiller, ONE, pump, replace(ONE, contract="a-9")])
    assert (found.contracts, found.overlapping, found.avoided) == (1, 3, 10.0)
    equipment = only([chiller, pump])
    assert (equipment.contracts, equipment.overlapping) == (2, 0)


def test_what_is_not_known_is_told_and_never_nought() -> None:
    nan = float("nan")
    unknown = replace(ONE, contract="b", institution="b", avoided=nan, low=nan, high=nan)
    found = only([ONE, unknown])
    assert (found.contracts, found.unknown, found.avoided) == (1, 1, 10.0)
    none = only([unknown])
    assert none.verdict is None and np.isnan([none.avoided, none.low, none.observed]).all()


def test_carriers_vendors_and_confidences_have_sums_of_their_own() -> None:
    gas = replace(ONE, carrier="natural_gas")
    other = replace(ONE, contract="b", institution="b", vendor="other", confidence=0.8)
    found = portfolios([ONE, gas, other])
    assert [(p.carrier, p.confidence) for p in found] == [
        ("electricity", 0.8),
        ("electricity", 0.9),
        ("natural_gas", 0.9),
        ("", 0.9),
    ]
    assert found[-1].high - found[-1].low == pytest.approx(60)  # as if their errors were one
    assert [p.vendor for p in portfolios([ONE, other], per="vendor")] == ["esco", "other"]


@given(st.lists(st.tuples(st.floats(-1e4, 1e4), st.floats(0, 1e4)), min_size=1, max_size=8))
def test_the_sum_lies_between_the_extremes(parts: list[tuple[float, float]]) -> None:
    claims = [
        replace(ONE, institution=f"i{n}", contract=f"c{n}", avoided=a, low=a - h, high=a + h)
        for n, (a, h) in enumerate(parts)
    ]
    found = only(claims)
    assert found.avoided == pytest.approx(sum(a for a, _ in parts), abs=1e-6)
    assert found.low >= sum(c.low for c in claims) - 1e-6
    assert found.high <= sum(c.high for c in claims) + 1e-6


def test_what_the_peers_say_is_taken_for_the_fixed_correlation() -> None:
    """An ordinary year lets ten small savings be proven together, a common shock does not."""
    halves = [c.half for c in many(10)]
    for correlation in (0.03, 0.7):
        found = only(many(10, correlation=correlation))
        assert found.correlation == correlation
        assert (found.high - found.low) / 2 == pytest.approx(half_width_of_sum(halves, correlation))
    assert only(many(10, correlation=0.03)).verdict == "proven"
    assert only(many(10, correlation=0.7)).verdict == "not_proven"
    mixed = [*many(2, correlation=0.03), replace(ONE, institution="z", contract="z")]
    assert only(mixed).correlation == 0.2  # the calibration's, of the one without peers


def test_a_bundle_is_proven_together_whoever_has_its_contracts() -> None:
    schools = many(8, bundle="schools", correlation=0.05, vendor="x")
    alone = replace(ONE, institution="z", contract="z", bundle="z", correlation=0.05)
    found = {p.bundle: p for p in portfolios([*schools, alone], per="bundle")}
    assert (found["schools"].contracts, found["schools"].verdict) == (8, "proven")
    assert (found["z"].contracts, found["z"].verdict) == (1, "not_proven")
    assert {p.vendor for p in found.values()} == {""}
