"""Checks before a month is closed: what of its figures would not be believed later. Pure."""

from collections.abc import Collection, Iterable, Iterator, Mapping

from domain.access import may_be_one_person
from domain.adjustments import Adjustment
from domain.calendar import Month
from domain.closing import Check, CheckRule, Waiver
from domain.figures import Figure, MonthResult

_INCOMPLETE = frozenset({"total_incomplete", "total_unknown", "main_meter_silent"})
"""Findings of a total of which something is missing."""
_ABOUT_SAVINGS = "savings_"


Rules = Mapping[str, CheckRule]
"""By code; a check without one is not made."""


def checks_of(
    result: MonthResult,
    rules: Rules,
    adjustments: Iterable[Adjustment] = (),
    *,
    is_touched: bool = False,
) -> list[Check]:
    """The checks that a computed month does not pass, each fact once; none: it may be closed.

    `rules`: those of the month's first day; `adjustments`: those of its institution; `is_touched`:
    something came since it was computed. What is judged: totals, findings (those about
    savings aside: they withhold a verdict, and the contract says what is paid then), the balance of
    meter and sub-meters, what waits.
    """
    found = [
        *_incomplete(result.figures, rules.get("incomplete")),
        *_findings(result, rules),
        *_waiting(adjustments, result.month, rules.get("adjustment_waiting")),
    ]
    late = rules.get("late_waiting")
    if is_touched and late is not None:
        found.append(Check(late.code, result.institution, late.blocks))
    return list({check.fact: check for check in found}.values())


def waived_by(check: Check, waivers: Iterable[Waiver]) -> Waiver | None:
    """Who has let go what a check says; None: nobody."""
    return next((w for w in waivers if (w.code, w.fact) == (check.code, check.fact)), None)


def blocking(checks: Iterable[Check], waivers: Collection[Waiver]) -> list[Check]:
    """Those that keep a month open: neither passed nor waived."""
    return [check for check in checks if check.blocks and waived_by(check, waivers) is None]


def is_within(adjustment: Adjustment, month: Month) -> bool:
    """Whether an adjustment is about some day of a month."""
    ends_before = adjustment.end is not None and adjustment.end <= month.first_day
    return adjustment.start < month.end_day and not ends_before


def waiver_problem(by: str, entered_by: Iterable[str]) -> str:
    """Why a person may not waive a check of a month; empty: they may. `entered_by` are who entered
    corrections and adjustments of it, as far as that is known: none of them judges their own."""
    if any(may_be_one_person(by, author) for author in entered_by):
        return (
            f"{by} entered corrections or adjustments of the month and cannot waive its checks: "
            "somebody else has to"
        )
    return ""


def _incomplete(figures: Iterable[Figure], rule: CheckRule | None) -> Iterator[Check]:
    if rule is None:
        return
    for figure in figures:
        codes = {finding.code for finding in figure.findings}
        missing = figure.shares.missing
        if not figure.subject and codes & _INCOMPLETE and missing > rule.most + 1e-9:
            yield Check(rule.code, figure.name, rule.blocks, missing, rule.most)


def _findings(result: MonthResult, rules: Rules) -> Iterator[Check]:
    told = [*result.findings, *(f for figure in result.figures for f in figure.findings)]
    serious, balance = rules.get("serious_finding"), rules.get("unbalanced")
    for finding in told:
        is_serious = finding.severity == "serious" and not finding.code.startswith(_ABOUT_SAVINGS)
        if serious and is_serious:
            subject = finding.subject or result.institution
            yield Check(serious.code, subject, serious.blocks, finding=finding)
        if balance and finding.code == "submeters_exceed_main":
            given = float(finding.numbers.get("pct", 0)) / 100
            if given > balance.most + 1e-9:
                yield Check(balance.code, finding.subject, balance.blocks, given, balance.most)


def _waiting(
    adjustments: Iterable[Adjustment], month: Month, rule: CheckRule | None
) -> Iterator[Check]:
    for one in adjustments:
        if rule is not None and is_within(one, month) and one.status == "waiting":
            yield Check(rule.code, one.contract, rule.blocks, float(one.number))
