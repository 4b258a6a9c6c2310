"""Changes are proposed when planted and not when nothing happened; adjustments stay visible."""

from dataclasses import replace
from datetime import UTC, date, datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.texts import finding_text
from domain.adjustments import Adjustment, Decision
from domain.errors import ConfigError
from processing.savings.adjustments import both_ways, finding, formula_tree, per_day
from processing.savings.assessment import beside, change_finding
from processing.savings.changes import propose_changes
from processing.savings.engine import assess, fit_baseline
from processing.savings.portfolio import half_width_of_sum

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


@pytest.mark.parametrize(("size", "severity"), [(-150.0, "info"), (300.0, "serious")])
def test_a_proposal_says_when_and_how_much_in_both_languages(size: float, severity: str) -> None:
    days = noisy(7)
    days.loc["2024-08-12":, "observed"] += size
    (change,) = propose_changes(days)
    proposed = change_finding(change, "electricity")
    assert proposed.severity == severity
    for lang in ("zh", "en"):
        said = finding_text(proposed, lang)
        assert change.on.isoformat() in said and f"{change.per_day:+,.0f}" in said


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
AT = datetime(2024, 8, 3, tzinfo=UTC)
ENTRY = Adjustment(
    number=7,
    institution="hall",
    contract="c1",
    carrier="electricity",
    start=date(2024, 7, 1),
    end=date(2024, 8, 1),
    formula="50",
    reason="a new server room",
    evidence="minutes.pdf",
    evidence_sha256="ab" * 32,
    author="Wang",
    entered_at=AT,
    decisions=(Decision("approved", "Li Wei", AT),),
)
YEAR = (date(2024, 1, 1), date(2025, 1, 1))


@pytest.mark.parametrize(
    ("formula", "per_day"), [("50", 50.0), ("2 * max(40 - temperature_c, 0)", 50.0)]
)
def test_an_adjustment_adds_its_amount_and_both_figures_are_there(
    formula: str, per_day: float
) -> None:
    entry = replace(ENTRY, formula=formula)
    ways = both_ways(SEEN, [entry])
    both = ways.period(date(2024, 7, 1), date(2024, 9, 1))
    assert both.amount == pytest.approx(31 * per_day)
    assert both.adjusted.avoided - both.routine.avoided == pytest.approx(31 * per_day)
    assert finding(both).numbers == {"count": 1, "numbers": "7", "amount": round(both.amount, 1)}
    untouched = ways.period(date(2024, 1, 1), date(2024, 7, 1))
    assert untouched.adjusted.avoided == untouched.routine.avoided and untouched.amount == 0


def test_an_adjustment_of_nought_changes_nothing_but_the_evidence() -> None:
    both = both_ways(SEEN, [replace(ENTRY, formula="0")]).period(*YEAR)
    assert both.adjusted == both.routine == SEEN.period(*YEAR)
    assert both.amount == 0 and [a.number for a in both.entries] == [7]


@pytest.mark.parametrize(
    "other",
    [
        {"decisions": ()},
        {"decisions": (*ENTRY.decisions, Decision("withdrawn", "Zhao", AT, "twice"))},
        {"start": date(2025, 1, 1), "end": None},
        {"start": date(2023, 1, 1), "end": date(2024, 1, 1)},
    ],
)
def test_what_is_not_approved_or_not_of_these_days_does_not_count(other: dict[str, object]) -> None:
    ways = both_ways(SEEN, [replace(ENTRY, **other)])
    assert ways.entries == () and ways.adjusted is SEEN


@settings(max_examples=30, deadline=None)  # seconds on a busy machine
@given(
    st.lists(st.floats(-900, 900), min_size=1, max_size=4),
    st.dates(date(2024, 1, 1), date(2024, 12, 30)),
)
def test_amounts_add_up_and_never_make_a_use_negative(amounts: list[float], start: date) -> None:
    entries = [
        replace(ENTRY, number=i, formula=repr(amount), start=start, end=None)
        for i, amount in enumerate(amounts, 1)
    ]
    both = both_ways(SEEN, entries).period(*YEAR)
    routine = SEEN.days["counterfactual"]
    inside = routine.index >= np.datetime64(start)
    expected = np.maximum(routine[inside] + sum(amounts), 0).sum() - routine[inside].sum()
    assert both.amount == pytest.approx(expected, abs=1e-6)
    assert both.adjusted.avoided == pytest.approx(both.routine.avoided + both.amount, abs=1e-6)


def test_a_day_whose_amount_is_not_known_is_not_counted() -> None:
    days = SEEN.days.copy()
    days.loc["2024-07-05", "temperature_c"] = np.nan
    seen = beside(SEEN.model, days, 0.9, SEEN.calibration)
    entry = replace(ENTRY, formula="temperature_c")
    assert np.isnan(per_day(entry, days)).sum() == 1
    both = both_ways(seen, [entry]).period(date(2024, 7, 1), date(2024, 8, 1))
    assert (both.adjusted.days_observed, both.routine.days_observed) == (30, 31)
    assert both.amount == pytest.approx(30 * 15)


@pytest.mark.parametrize(
    "formula",
    [
        "__import__('os')",
        "counterfactual ** 9",
        "1 +",
        "observed",
        "1 / 0",
        "1e999",
        "True",
        "max(1)",
        "'x'",
        "(" * 150 + "1" + ")" * 150,
        "[1]",
        "temperature_c.real",
        "",
        "1e308",
        "9" * 299,
        "-1e10",
        "1e9 * 2",
        "counterfactual * counterfactual * counterfactual * counterfactual",
    ],
)
def test_a_formula_that_is_no_arithmetic_is_refused(formula: str) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        formula_tree(formula)


def test_a_formula_that_explodes_on_some_day_is_not_known_that_day() -> None:
    days = SEEN.days.copy()
    days.loc["2024-07-05", "temperature_c"] = 20.0000000001
    entry = replace(ENTRY, formula="1e5 / (temperature_c - 20)")
    days.loc["2024-07-06", "temperature_c"] = -11.3
    amounts = per_day(entry, days)
    assert np.isnan(amounts).sum() == 1 and np.nanmax(np.abs(amounts)) < 1e9


@settings(max_examples=200)
@given(st.text("0123456789+-*/(). maxinctel_rufp,", max_size=40))
def test_any_text_is_a_formula_or_refused(text: str) -> None:
    try:
        formula_tree(text)
    except ConfigError:
        return
    assert per_day(replace(ENTRY, formula=text), SEEN.days).shape == (len(DAYS),)


@settings(max_examples=50)
@given(st.lists(st.floats(0.1, 100), min_size=1, max_size=20), st.floats(0, 1))
def test_a_sum_is_between_independent_and_together(halves: list[float], rho: float) -> None:
    half = half_width_of_sum(halves, rho)
    assert np.sqrt(sum(h * h for h in halves)) * 0.999999 <= half <= sum(halves) * 1.000001


def test_a_correlation_beyond_one_is_refused() -> None:
    with pytest.raises(ConfigError, match="between 0 and 1"):
        half_width_of_sum([1.0], 1.2)


def test_a_large_unexplained_step_withholds_the_verdict_until_it_is_explained() -> None:
    weather = 15 + 2 * np.sin(np.arange(len(DAYS)))  # a thermometer that hangs withholds as well
    days = SEEN.days.assign(observed=SEEN.days.observed * 0.7, temperature_c=weather)
    days.loc["2024-07-01":, "observed"] -= 250  # something else stopped in July
    seen = beside(SEEN.model, days, 0.9, SEEN.calibration)
    unexplained = seen.period(*YEAR)
    assert unexplained.verdict == "not_proven"
    assert "savings_change_unexplained" in [f.code for f in unexplained.findings]
    both = both_ways(seen, [replace(ENTRY, formula="-250", end=None)]).period(*YEAR)
    assert both.adjusted.verdict == "proven" and both.routine == unexplained
    assert both.adjusted.avoided_ratio == pytest.approx(300 / 875, abs=0.02)
    # What was planted is what is found: 30 % of 1000 kWh a day, the rest was not saved.
    assert both.adjusted.avoided == pytest.approx(0.3 * SEEN.days.observed.sum(), rel=0.01)


def test_the_same_share_of_a_seasonal_load_is_no_change_but_a_step_in_it_is() -> None:
    """A quarter saved of a chiller or a boiler: large in its season, but no step."""
    season = 1000 - 900 * np.cos(2 * np.pi * DAYS.day_of_year.to_numpy() / 366)
    for seed in range(20):
        days = noisy(seed).assign(counterfactual=season)
        days["observed"] = 0.75 * season + (days["observed"] - 1000)
        assert propose_changes(days) == []
        days.loc["2024-08-12":, "observed"] += 300
        (large,) = [c for c in propose_changes(days) if abs(c.ratio) > 0.1]
        assert abs((large.on - date(2024, 8, 12)).days) <= 14
        assert large.per_day == pytest.approx(300, abs=40)
