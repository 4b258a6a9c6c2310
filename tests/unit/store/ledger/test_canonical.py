"""The canonical JSON of a result: equal for equal results, different for any change."""

import json
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.calendar import Month
from domain.figures import DayValue, FactorUse, Figure, MonthResult, Shares
from domain.findings import Finding
from store.ledger.canonical import canonical_json, digest

FACTORS = (
    FactorUse("co2", 0.5306, "kg/kWh", "MEE", date(2023, 1, 1)),
    FactorUse("coal", 0.1229, "kgce/kWh", "GB/T 2589", date(2020, 1, 1)),
)
FINDINGS = (Finding("gap", numbers={"b": 1, "a": 2.5}), Finding("late", "info", "m1"))
FIGURES = tuple(
    Figure(
        name=name,
        subject=subject,
        value=10.5,
        shares=Shares(1.0, 0.0, 0.0),
        method="m/1",
        factors=FACTORS,
        findings=FINDINGS,
    )
    for name in ("water_use_m3", "electricity_use_kwh")
    for subject in ("m2", "m1", "")
)
DAYS = tuple(
    DayValue(day=date(2019, 3, d), name="water_use_m3", subject="m1", value=1.0, quality="measured")
    for d in (3, 1, 2)
)
RESULT = MonthResult(
    institution="东营",
    month=Month(2019, 3),
    figures=FIGURES,
    days=DAYS,
    findings=FINDINGS,
    models=("b", "a"),
)


def test_the_text_never_changes() -> None:
    """What was signed must be verifiable for ever: a change of this text is a new format."""
    small = MonthResult(
        institution="东营",
        month=Month(2019, 3),
        figures=(Figure(name="co2_kg", value=-0.0, shares=Shares(0.5, 0.25, 0.25), method="f/1"),),
        days=DAYS[:1],
        findings=(Finding("gap", numbers={"h": 3}),),
    )
    assert canonical_json(small) == (
        '{"days":[["water_use_m3","m1","2019-03-03","measured",1.0,null,null]],'
        '"figures":[{"confidence":null,"factors":[],"findings":[],"high":null,"low":null,'
        '"method":"f/1","name":"co2_kg","shares":[0.5,0.25,0.25],"subject":"","value":0.0,'
        '"verdict":null}],'
        '"findings":[{"code":"gap","numbers":{"h":3.0},"severity":"warning","subject":""}],'
        '"institution":"东营","models":[],"month":"2019-03"}'
    )
    assert digest(small) == "6bd6274af6efe260cdd52acfc84b09703afaf76b167152331c2801b5b3c00e37"


@given(st.randoms(use_true_random=False))
def test_order_without_meaning_makes_no_difference(luck: random.Random) -> None:
    def shuffled(items: tuple) -> tuple:
        return tuple(luck.sample(items, len(items)))

    figures = [replace(f, factors=shuffled(FACTORS), findings=shuffled(FINDINGS)) for f in FIGURES]
    other = replace(
        RESULT,
        figures=shuffled(tuple(figures)),
        days=shuffled(DAYS),
        findings=shuffled(FINDINGS),
        models=shuffled(RESULT.models),
    )
    assert canonical_json(other) == canonical_json(RESULT)


def test_the_last_bits_of_a_sum_make_no_difference() -> None:
    def with_value(value: float) -> MonthResult:
        return replace(RESULT, figures=(replace(FIGURES[0], value=value),))

    assert digest(with_value(0.1 + 0.2)) == digest(with_value(0.3))
    assert digest(with_value(1234567.891)) != digest(with_value(1234567.892))
    assert digest(with_value(1)) == digest(with_value(1.0))


def first_figure(**change: object) -> Callable[[], MonthResult]:
    return lambda: replace(RESULT, figures=(replace(FIGURES[0], **change), *FIGURES[1:]))


@pytest.mark.parametrize(
    "changed",
    [
        lambda: replace(RESULT, institution="x"),
        lambda: replace(RESULT, month=Month(2019, 4)),
        lambda: replace(RESULT, figures=FIGURES[1:]),
        lambda: replace(RESULT, days=DAYS[1:]),
        lambda: replace(RESULT, days=(replace(DAYS[0], quality="interpolated"), *DAYS[1:])),
        lambda: replace(RESULT, days=(replace(DAYS[0], value=None), *DAYS[1:])),
        lambda: replace(RESULT, findings=()),
        lambda: replace(RESULT, models=("a",)),
        first_figure(value=None),
        first_figure(value=0.0),
        first_figure(low=1.0),
        first_figure(high=1.0),
        first_figure(confidence=0.9),
        first_figure(verdict="proven"),
        first_figure(shares=Shares(0.9, 0.1, 0.0)),
        first_figure(method="m/2"),
        first_figure(subject="m3"),
        first_figure(factors=FACTORS[:1]),
        first_figure(factors=(replace(FACTORS[0], value=0.6), FACTORS[1])),
        first_figure(findings=(replace(FINDINGS[0], numbers={"b": 1, "a": 2.6}), FINDINGS[1])),
    ],
)
def test_any_change_shows(changed: Callable[[], MonthResult]) -> None:
    assert digest(changed()) != digest(RESULT)


def test_it_is_json_for_anybody() -> None:
    bad = first_figure(value=float("nan"), findings=(Finding("x", numbers={"n": float("inf")}),))()
    parsed = json.loads(canonical_json(bad), parse_constant=lambda c: pytest.fail(c))
    values = [f["value"] for f in parsed["figures"]]
    assert values.count(None) == 1
