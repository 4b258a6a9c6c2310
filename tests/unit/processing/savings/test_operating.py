"""The operating calendar in the model: what it mends, what it must not hurt, what is said of it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from config.texts import finding_text
from domain.operating import OperatingSpell
from domain.places import Institution
from processing.savings.assessment import SavingsAssessment
from processing.savings.doubts.case import Background
from processing.savings.engine import assess, fit_baseline
from processing.savings.explain import PARTS, contributions, model_card
from processing.savings.models.frozen import CALENDAR_FORMAT, FORMAT, FrozenModel
from processing.savings.models.operated import as_frozen
from tests.school import school, spells, types, year

Spells = tuple[OperatingSpell, ...]
PLACE = Institution("school", "学校", "School")


def fitted(table: pd.DataFrame, operation: Spells, carrier: str = "electricity") -> FrozenModel:
    days = year(table, 2024)
    return fit_baseline(
        days, day_types=types(pd.DatetimeIndex(days.index), operation), carrier=carrier
    )


def beside(
    model: FrozenModel, table: pd.DataFrame, operation: Spells, number: int = 2025
) -> SavingsAssessment:
    days = year(table, number)
    place = replace(PLACE, operation=operation)
    kinds = types(pd.DatetimeIndex(days.index), operation)
    return assess(model, days, day_types=kinds, background=Background(institution=place))


def errors(operation: Spells, carrier: str, depth: float = 0.9) -> tuple[float, float]:
    """The mean error of the year 2025, and the ninth in ten of its months' sizes, of five schools in
    which nothing was saved; as shares of what was used."""
    years, months = [], []
    for seed in range(5):
        table = school(seed, carrier, depth=depth)
        days = beside(fitted(table, operation, carrier), table, operation).days
        sums = days.groupby(pd.DatetimeIndex(days.index).month)[
            ["observed", "counterfactual"]
        ].sum()
        years.append(sums["counterfactual"].sum() / sums["observed"].sum() - 1)
        months += list(abs(sums["counterfactual"] / sums["observed"] - 1))
    return float(np.mean(years)), float(np.quantile(months, 0.9))


@pytest.mark.parametrize("carrier", ["electricity", "natural_gas"])
def test_nothing_is_saved_where_closures_move_and_are_registered(carrier: str) -> None:
    bias, months = errors((), carrier)
    assert bias > 0.05 and months > 0.4, "without a calendar: biased, and months far off"
    bias, months = errors(spells(), carrier)
    assert abs(bias) < 0.02 and months < 0.15


def shuffled(seed: int) -> Spells:
    """Closures of a fortnight that have nothing to do with any use."""
    rng = np.random.default_rng(seed)
    found = []
    for number in (2024, 2025, 2026):
        for k in rng.choice(12, 4, replace=False):
            start = date(number, int(k) + 1, int(rng.integers(1, 14)))
            found.append(OperatingSpell(start, start + pd.Timedelta(days=14), "closed"))
    return tuple(found)


@pytest.mark.parametrize("operation", [spells(), spells("vacation"), shuffled(1), shuffled(2)])
def test_a_calendar_that_use_does_not_follow_changes_nothing(operation: Spells) -> None:
    table = school(3, depth=0.0)
    plain, told = fitted(table, ()), fitted(table, operation)
    assert not told.by_calendar and told.format == FORMAT
    assert told.coefficients == plain.coefficients
    a, b = beside(plain, table, ()), beside(told, table, operation)
    assert a.days["counterfactual"].equals(b.days["counterfactual"])
    (said,) = [f for f in told.findings if f.code == "savings_calendar_carries_nothing"]
    assert said.severity == "info"


def test_a_saving_of_a_tenth_is_recovered_as_it_was_planted() -> None:
    table = school(4)
    model = fitted(table, spells())
    saved = table.assign(
        use=table["use"] * np.where(pd.DatetimeIndex(table.index).year == 2025, 0.9, 1)
    )
    seen = beside(model, saved, spells()).period(date(2025, 1, 1), date(2026, 1, 1))
    assert seen.avoided_ratio == pytest.approx(0.1, abs=0.02)


def test_a_few_closed_days_are_hardly_believed() -> None:
    table = school(5, depth=0.0)
    few = (OperatingSpell(date(2024, 5, 20), date(2024, 5, 22), "closed"),)
    table.loc["2024-05-20":"2024-05-21", "use"] = 100.0  # type: ignore[misc]
    model, plain = fitted(table, few), fitted(table, ())
    a, b = (beside(m, table, ()).days["counterfactual"].sum() for m in (model, plain))
    assert a == pytest.approx(b, rel=0.005)


def test_missing_days_within_a_closure_are_no_closed_days_and_no_saving() -> None:
    table = school(6)
    table.loc["2025-07-20":"2025-08-10", "use"] = np.nan  # type: ignore[misc]
    seen = beside(fitted(table, spells()), table, spells())
    summer = seen.period(date(2025, 7, 1), date(2025, 9, 1))
    assert summer.days_observed == 62 - 22
    assert abs(summer.avoided_ratio) < 0.1


def test_terms_say_the_same_as_the_vacations_between_them() -> None:
    gaps = [OperatingSpell(date(2023, 9, 1), spells()[0].start, "term")]
    gaps += [
        OperatingSpell(one.end, following.start, "term")
        for one, following in zip(spells()[:-1], spells()[1:], strict=True)
    ]
    days = pd.date_range("2024-01-20", "2026-01-31", freq="D")
    by_terms, by_vacations = types(days, tuple(gaps)), types(days, spells("vacation")[:-1])
    assert by_terms.states == by_vacations.states and by_terms.findings == ()


def test_the_frozen_model_keeps_its_calendar_and_says_it() -> None:
    model = fitted(school(0), spells())
    assert model.by_calendar and model.format == CALENDAR_FORMAT
    assert model.operating.closed == tuple((s.start, s.end) for s in spells()[:2])
    assert FrozenModel.from_json(model.to_json()) == model
    for lang, word in (("zh", "运行日历"), ("en", "Operating calendar")):
        assert any(word in line and "2024-01-20" in line for line in model_card(model, lang))
    plain = fitted(school(0), ())
    assert "operating" not in plain.to_json() and plain.format == FORMAT


def test_the_parts_of_a_closed_day_add_up() -> None:
    table = school(0)
    days = year(table, 2025)
    kinds = types(pd.DatetimeIndex(days.index), spells())
    parts = contributions(fitted(table, spells()), days, kinds)
    assert np.allclose(parts[list(PARTS)].sum(axis=1), parts["total"])


def test_a_change_of_the_calendar_moves_no_frozen_baseline() -> None:
    table = school(0)
    model = fitted(table, spells())
    days = pd.DatetimeIndex(year(table, 2024).index)
    moved = (OperatingSpell(date(2024, 4, 1), date(2024, 5, 1), "closed"), *spells()[2:])
    assert as_frozen(types(days, moved), model).states == types(days, spells()).states
    seen = beside(model, table, moved).period(date(2025, 1, 1), date(2026, 1, 1))
    (said,) = [f for f in seen.findings if f.code == "savings_calendar_changed"]
    assert said.numbers["then"] == model.operating.days("closed") and said.numbers["now"] == 30


NOT_REGISTERED_AFTER = spells()[:2]
NOT_REGISTERED_BEFORE = spells()[2:]
WEEKENDS_OPEN = tuple(
    OperatingSpell(d.date(), (d + pd.Timedelta(days=2)).date(), "open")
    for d in pd.date_range("2025-01-01", "2025-12-31", freq="W-SAT")
)


@pytest.mark.parametrize(
    ("code", "severity", "make"),
    [
        ("savings_calendar_ended", "serious", lambda t: (NOT_REGISTERED_AFTER, t)),
        ("savings_closed_unseen", "serious", lambda t: (NOT_REGISTERED_BEFORE, t)),
        ("savings_open_unseen", "serious", lambda t: (WEEKENDS_OPEN, t)),
    ],
)
def test_calendars_that_do_not_meet_withhold_the_verdict(
    code: str, severity: str, make: Callable[[pd.DataFrame], tuple[Spells, pd.DataFrame]]
) -> None:
    operation, table = make(school(1))
    found = beside(fitted(table, operation), table, operation).period(
        date(2025, 1, 1), date(2026, 1, 1)
    )
    said = {f.code: f for f in found.findings}
    assert said[code].severity == severity and found.verdict == "not_proven"
    for lang in ("zh", "en"):
        assert finding_text(said[code], lang)


def test_a_school_without_a_calendar_is_told_to_register_one() -> None:
    said = [f for f in fitted(school(2), ()).findings if f.code == "savings_closures_unregistered"]
    assert len(said) == 1 and "2024-01-20" in str(said[0].numbers["when"])
    assert "propose-operation" in finding_text(said[0], "en")
    assert not [
        f
        for table, operation in ((school(2), spells()), (school(2, depth=0.0), ()))
        for f in fitted(table, operation).findings
        if f.code == "savings_closures_unregistered"
    ]


def test_a_closure_in_the_claim_that_nobody_registered_is_no_saving() -> None:
    table = school(7, depth=0.0)
    model = fitted(table, ())
    table.loc["2025-05-06":"2025-06-05", "use"] *= 0.3  # type: ignore[misc]
    seen = beside(model, table, ()).period(date(2025, 1, 1), date(2026, 1, 1))
    said = {f.code: f for f in seen.findings}
    assert said["savings_closure_in_claim"].severity == "serious"
    assert seen.verdict == "not_proven"
