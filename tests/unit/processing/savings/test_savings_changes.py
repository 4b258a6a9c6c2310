"""Changes are proposed when planted and not when nothing happened; adjustments stay visible."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import ConfigError
from processing.savings.adjustments import Adjustment, adjust, finding, with_and_without
from processing.savings.changes import propose_changes
from processing.savings.engine import Estimate, assess, beside, fit_baseline
from processing.savings.rules import baseline_year, gross_load, portfolio

DAYS = pd.date_range("2024-01-01", "2024-12-31", freq="D")


def noisy(seed: int, memory: float = 0.5, spread: float = 40.0) -> pd.DataFrame:
    """A steady building whose daily errors remember the day before."""
    rng = np.random.default_rng(seed)
    error = np.zeros(len(DAYS))
    for i in range(1, len(DAYS)):
        error[i] = memory * error[i - 1] + rng.normal(0, spread)
    return pd.DataFrame({"observed": 1000 + error, "counterfactual": 1000.0}, index=DAYS)


def test_nothing_is_proposed_where_nothing_happened() -> None:
    alarms = sum(bool(propose_changes(noisy(seed))) for seed in range(60))
    assert alarms <= 3


@pytest.mark.parametrize("size", [-150.0, 200.0])
def test_a_planted_step_is_found_with_date_and_size(size: float) -> None:
    days = noisy(7)
    days.loc["2024-08-12":, "observed"] += size
    (change,) = propose_changes(days)
    assert abs((change.on - date(2024, 8, 12)).days) <= 14
    assert change.per_day == pytest.approx(size, abs=40)
    assert 100 * change.ratio == pytest.approx(size / 10, abs=4)


def test_a_constant_saving_is_no_change() -> None:
    days = noisy(8)
    days["observed"] *= 0.8
    assert propose_changes(days) == []


def test_too_few_weeks_propose_nothing() -> None:
    assert propose_changes(noisy(1).iloc[:60]) == []


def _seen() -> object:
    kinds = ["weekend" if d.weekday() >= 5 else "working" for d in DAYS.date]
    rng = np.random.default_rng(0)
    base = pd.DataFrame({"use": rng.normal(1000, 30, len(DAYS)), "temperature_c": 15.0}, index=DAYS)
    return assess(fit_baseline(base, day_types=kinds), base, day_types=kinds)


SEEN = _seen()
ENTRY = {
    "start": date(2024, 7, 1),
    "end": date(2024, 8, 1),
    "reason": "a new server room",
    "evidence": "minutes-2024-07.pdf",
    "approver": "Li Wei",
    "entered_on": date(2024, 8, 3),
}


@pytest.mark.parametrize(
    ("formula", "per_day"), [("50", 50.0), ("2 * max(40 - temperature_c, 0)", 50.0)]
)
def test_an_adjustment_adds_its_amount_and_both_figures_are_there(
    formula: str, per_day: float
) -> None:
    entry = Adjustment(formula=formula, **ENTRY)
    both = with_and_without(SEEN, [entry], date(2024, 7, 1), date(2024, 9, 1))
    assert both.amount == pytest.approx(31 * per_day)
    assert both.adjusted.avoided - both.routine.avoided == pytest.approx(31 * per_day)
    assert finding(both, [entry]).numbers["count"] == 1
    untouched = adjust(SEEN, [entry]).period(date(2024, 1, 1), date(2024, 7, 1))
    assert untouched.avoided == SEEN.period(date(2024, 1, 1), date(2024, 7, 1)).avoided


@pytest.mark.parametrize(
    "change",
    [
        {"formula": "__import__('os')"},
        {"formula": "counterfactual ** 9"},
        {"formula": "1 +"},
        {"formula": "observed"},
        {"formula": "1", "reason": " "},
        {"formula": "1", "approver": ""},
        {"formula": "1", "end": date(2024, 7, 1)},
    ],
)
def test_an_adjustment_without_its_evidence_or_with_a_bad_formula_is_refused(
    change: dict[str, object],
) -> None:
    with pytest.raises(ConfigError):
        Adjustment(**ENTRY | change)


def _estimate(avoided: float, half: float) -> Estimate:
    return Estimate(
        0, 0, avoided, avoided - half, avoided + half, 0, 0, 0.9, "not_proven", (), 1, 1
    )


@settings(max_examples=50)
@given(st.lists(st.floats(0.1, 100), min_size=1, max_size=20), st.floats(0, 1))
def test_a_portfolio_is_between_independent_and_together(halves: list[float], rho: float) -> None:
    total = portfolio([_estimate(10, h) for h in halves], rho)
    half = (total.high - total.low) / 2
    assert total.avoided == pytest.approx(10 * len(halves))
    assert np.sqrt(sum(h * h for h in halves)) * 0.999999 <= half <= sum(halves) * 1.000001


def test_many_small_savings_are_proven_together() -> None:
    one = _estimate(10, 15)
    assert portfolio([one], 0.1).verdict == "not_proven"
    assert portfolio([one] * 30, 0.1).verdict == "proven"
    assert portfolio([_estimate(float("nan"), 1)], 0.1).buildings == 0


def test_the_baseline_year_rule() -> None:
    assert baseline_year({2021: 120, 2022: 110, 2023: 90}).years == (2023,)
    steady = baseline_year({2020: 500, 2021: 100, 2022: 104, 2023: 98})
    assert steady.rule == "steady" and steady.use == pytest.approx(302 / 3)
    assert baseline_year({2021: 100, 2022: 150, 2023: 120}).rule == "neither"
    with pytest.raises(ConfigError, match="three years"):
        baseline_year({2023: 1.0})


def test_gross_load_is_unknown_where_any_part_is() -> None:
    load = gross_load(pd.Series([5.0, 5.0]), pd.Series([3.0, np.nan]), pd.Series([1.0, 0.0]))
    assert load.iloc[0] == 7.0 and np.isnan(load.iloc[1])


def test_a_large_unexplained_step_withholds_the_verdict_until_it_is_explained() -> None:
    days = SEEN.days.assign(observed=SEEN.days.observed * 0.7)
    days.loc["2024-07-01":, "observed"] -= 250  # something else stopped in July
    seen = beside(SEEN.model, days, 0.9, SEEN.calibration)
    year = (date(2024, 1, 1), date(2025, 1, 1))
    unexplained = seen.period(*year)
    assert unexplained.verdict == "not_proven"
    assert "savings_change_unexplained" in [f.code for f in unexplained.findings]
    entry = Adjustment(formula="-250", **ENTRY | {"end": None})
    explained = adjust(seen, [entry]).period(*year)
    assert explained.verdict == "proven"
    assert explained.avoided_ratio == pytest.approx(300 / 875, abs=0.02)
