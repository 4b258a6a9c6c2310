"""What a figure may be used for, by its shares, findings and verdict."""

from dataclasses import replace
from datetime import date

import pytest

from config.uses import use_rules, use_rules_on
from domain.figures import Figure, Shares, Verdict
from domain.figures.uses import USES, permitted_uses, rules_on
from domain.findings import Finding

DAY = date(2026, 6, 1)
FIGURE = Figure(name="electricity_use_kwh", value=10.0, shares=Shares.full(), method="m/1")
SERIOUS = Finding("use_doubtful", "serious", "m1")


@pytest.mark.parametrize(
    ("measured", "estimated", "uses"),
    [
        (1.0, 0.0, USES),
        (0.9, 0.0, USES),
        (0.89, 0.0, ("information",)),
        (0.9, 0.1, USES),
        (0.89, 0.11, ("reporting", "information")),
        (0.5, 0.5, ("reporting", "information")),
        (0.49, 0.51, ("information",)),
        (0.0, 0.0, ("information",)),
    ],
)
def test_shares_limit_what_it_may_be_used_for(
    measured: float, estimated: float, uses: tuple[str, ...]
) -> None:
    shares = Shares.rest(measured=measured, estimated=estimated)
    assert permitted_uses(replace(FIGURE, shares=shares), use_rules_on(DAY)) == uses


def test_a_serious_finding_leaves_information_and_another_none_of_it() -> None:
    rules = use_rules_on(DAY)
    assert permitted_uses(replace(FIGURE, findings=(SERIOUS,)), rules) == ("information",)
    warned = replace(SERIOUS, severity="warning")
    assert permitted_uses(replace(FIGURE, findings=(warned,)), rules) == USES


@pytest.mark.parametrize(
    ("verdict", "uses"),
    [
        ("proven", USES),
        ("proven_increase", USES),
        ("not_proven", ("settlement", "information")),
        (None, USES),
    ],
)
def test_what_is_not_proven_is_not_reported(verdict: Verdict | None, uses: tuple[str]) -> None:
    assert permitted_uses(replace(FIGURE, verdict=verdict), use_rules_on(DAY)) == uses


def test_what_could_not_be_said_is_used_for_nothing() -> None:
    assert permitted_uses(replace(FIGURE, value=None), use_rules_on(DAY)) == ()


def test_of_several_rules_the_one_that_began_last_holds() -> None:
    (old,) = (r for r in use_rules() if r.use == "reporting")
    strict = replace(old, most_estimated=0.0, valid_from=date(2027, 1, 1))
    half = replace(FIGURE, shares=Shares.rest(measured=0.5, estimated=0.5))
    for day, uses in ((date(2026, 12, 31), ("reporting",)), (date(2027, 1, 1), ())):
        for rules in ([old, strict], [strict, old]):
            assert permitted_uses(half, rules_on(rules, day)) == uses
    assert rules_on([strict], DAY) == []
