"""When two months may be compared, and what the change is: one rule for pages, API and reports."""

from typing import Literal

from domain.figures import MonthResult, Shares

RUNNING = "month_running"
"""The finding of a month that was not over when it was computed."""

NotCompared = Literal["", "running", "not_computed", "not_known", "incomplete", "nought"]
"""Why there is no change; empty: there is one. One of the two months was not over when it was
computed, was never computed (or not this figure of it), has no value, is known for too little of
its time; or the earlier one was nought."""


def is_running(result: MonthResult) -> bool:
    """Whether the month was not over when it was computed: its figures and shares are of the part
    that was, and compare with no whole month's."""
    return any(f.code == RUNNING for f in result.findings)


def comparable(now: Shares, then: Shares, least_known_ratio: float) -> bool:
    """Whether both are known for so much of their time: a use that is only partly known would
    pass for a fall. The ratio is a setting (`[comparison]` of `config/tables/processing.toml`).

    Whoever compares months that may still run looks at that first (`is_running`).
    """
    return min(1.0 - now.missing, 1.0 - then.missing) >= least_known_ratio


def why_not_compared(
    value: float | None,
    shares: Shares,
    earlier: float | None,
    earlier_shares: Shares,
    least_known_ratio: float,
) -> NotCompared:
    """Why two values of months that are over have no change; empty: they have one."""
    if value is None or earlier is None:
        return "not_known"
    if not comparable(shares, earlier_shares, least_known_ratio):
        return "incomplete"
    return "" if earlier else "nought"


def change_ratio(
    value: float | None,
    shares: Shares,
    earlier: float | None,
    earlier_shares: Shares,
    least_known_ratio: float,
) -> float | None:
    """(value − earlier) / earlier, e.g. −0.05 for a twentieth less.

    None where `why_not_compared` has a reason.
    """
    why = why_not_compared(value, shares, earlier, earlier_shares, least_known_ratio)
    if why or value is None or not earlier:
        return None
    return (value - earlier) / earlier
