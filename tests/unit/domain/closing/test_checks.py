"""What keeps a month from being closed, and what does not."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from config.closing import CHECK_CODES, check_rules_on
from config.texts import texts
from domain.adjustments import Adjustment, Decision
from domain.calendar import Month
from domain.closing import Check, Waiver
from domain.closing import checks as judged
from domain.closing.checks import blocking
from domain.figures import Figure, MonthResult, Shares
from domain.findings import Finding
from reports.words.closing import check_sentence, todo_sentence

JUNE = Month(2026, 6)


def checks_of(result: MonthResult, *args: Any, **given: Any) -> list[Check]:
    rules = check_rules_on(result.month.first_day)
    return judged.checks_of(result, rules, *args, **given)


INCOMPLETE = Finding("total_incomplete", "warning", "", {"missing_pct": 6.0})


def total(missing: float, *findings: Finding, subject: str = "") -> Figure:
    shares = Shares.known(1 - missing)
    return Figure(
        name="electricity_use_kwh",
        subject=subject,
        value=10.0,
        shares=shares,
        method="test/1",
        findings=findings,
    )


def month(*figures: Figure, findings: tuple[Finding, ...] = ()) -> MonthResult:
    return MonthResult(institution="hall", month=JUNE, figures=figures, findings=findings)


@pytest.mark.parametrize(
    ("missing", "codes"), [(0.0, []), (0.05, []), (0.051, ["incomplete"]), (1.0, ["incomplete"])]
)
def test_a_total_may_lack_so_much(missing: float, codes: list[str]) -> None:
    assert [c.code for c in checks_of(month(total(missing, INCOMPLETE)))] == codes
    assert checks_of(month(total(missing))) == [], "missing that nobody calls a gap: a rest"
    assert checks_of(month(total(missing, INCOMPLETE, subject="wing"))) == []


def test_serious_findings_block_but_those_that_withhold_a_verdict() -> None:
    serious = Finding("use_doubtful", "serious", "m1", {"doubtful_pct": 3})
    saving = Finding("savings_meter_event", "serious", "retrofit")
    told = checks_of(month(total(0.0, serious, saving), findings=(serious,)))
    assert [(c.code, c.subject, c.finding) for c in told] == [("serious_finding", "m1", serious)]
    assert checks_of(month(total(0.0, replace(serious, severity="warning")))) == []


@pytest.mark.parametrize(("pct", "count"), [(2.0, 0), (5.0, 0), (5.1, 1)])
def test_meters_have_to_balance(pct: float, count: int) -> None:
    excess = Finding("submeters_exceed_main", "warning", "main", {"pct": pct})
    assert len(checks_of(month(total(0.0, excess)))) == count


def test_an_adjustment_of_the_month_that_waits_blocks() -> None:
    waiting = Adjustment(
        number=7,
        institution="hall",
        contract="retrofit",
        carrier="electricity",
        start=date(2026, 6, 30),
        end=date(2026, 8, 1),
        formula="-120",
        reason="a new kitchen",
        evidence="plan.pdf",
        evidence_sha256="ab" * 32,
        author="Li Wei",
        entered_at=datetime(2026, 7, 1, tzinfo=UTC),
    )
    (check,) = checks_of(month(), [waiting])
    assert (check.code, check.subject, check.given) == ("adjustment_waiting", "retrofit", 7.0)
    decision = Decision("approved", "Wang Fang", datetime(2026, 7, 2, tzinfo=UTC))
    others = [
        replace(waiting, decisions=(decision,)),
        replace(waiting, start=date(2026, 7, 1)),
        replace(waiting, start=date(2026, 5, 1), end=date(2026, 6, 1)),
    ]
    assert checks_of(month(), others) == []


def test_what_came_since_is_told_and_blocks_nothing() -> None:
    told = checks_of(month(), is_touched=True)
    assert [(c.code, c.blocks) for c in told] == [("late_waiting", False)]
    assert blocking(told, {}) == []


def test_what_is_waived_blocks_no_more() -> None:
    told = checks_of(month(total(0.5, INCOMPLETE)))
    assert blocking(told, []) == told
    assert blocking(told, [_waiver(told[0])]) == []


def test_a_waiver_is_of_what_was_found_and_of_nothing_else() -> None:
    """A wider gap, another serious finding, other numbers of the same: each is waived anew."""
    (gap,) = checks_of(month(total(0.5, INCOMPLETE)))
    (wider,) = checks_of(month(total(0.6, INCOMPLETE)))
    assert blocking([wider], [_waiver(gap)]) == [wider]
    (as_before,) = checks_of(month(total(0.5 + 1e-12, INCOMPLETE)))
    assert blocking([as_before], [_waiver(gap)]) == [], "a sum done in another order"
    one = Finding("use_doubtful", "serious", "m1", {"doubtful_pct": 3})
    others = (
        Finding("register_jumped", "serious", "m1", {"doubtful_pct": 3}),
        Finding("use_doubtful", "serious", "m1", {"doubtful_pct": 9}),
        Finding("use_doubtful", "serious", "m2", {"doubtful_pct": 3}),
    )
    (check,) = checks_of(month(total(0.0, one)))
    found = checks_of(month(total(0.0, one, *others)))
    assert len(found) == 4, "two findings of one meter are two"
    assert blocking(found, [_waiver(check)]) == found[1:]


def _waiver(check: Check) -> Waiver:
    return Waiver(
        institution="hall",
        month=JUNE,
        code=check.code,
        fact=check.fact,
        by="Wang",
        reason="x",
        at=datetime(2026, 7, 2, tzinfo=UTC),
    )


def test_months_before_the_rules_are_not_judged() -> None:
    old = replace(month(total(1.0, INCOMPLETE)), month=Month(2025, 12))
    assert checks_of(old) == []


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("code", CHECK_CODES)
def test_every_check_has_its_words(code: str, lang: str) -> None:
    rule = check_rules_on(JUNE.first_day)[code]
    finding = Finding("computation_failed", "serious", "hall", {"error": "x"})
    check = Check(rule.code, "electricity_use_kwh", rule.blocks, 0.061, rule.most, finding)
    assert "{" not in check_sentence(check, lang) and todo_sentence(check, lang)
    assert {f"check.{code}", f"todo.{code}"} <= texts("closing").keys()
