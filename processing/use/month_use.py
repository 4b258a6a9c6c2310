"""A meter's use over a month, by local day and as a whole: with its figure and day values."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from config.processing import processing_settings
from domain.figures import DayValue, Figure, Shares
from domain.findings import Finding, Severity
from processing.curves.curve import Event, Floats, GridUse, Ints
from processing.curves.days import elapsed
from processing.curves.meter_use import MeterUse

METHOD = "register-difference/1"

_NOTED_SHARE = 0.01


@dataclass(frozen=True, slots=True)
class Period:
    """The use of one series over a month so far: by day and as a whole.

    `whole` is one interval; both are empty when the month has not begun. `idle_days` is how
    many days at its beginning lie wholly before the series was in service; `whole` begins with
    the service.
    """

    name: str
    subject: str
    days: GridUse
    whole: GridUse
    findings: tuple[Finding, ...] = ()
    idle_days: int = 0
    gone_days: int = 0
    """How many days at its end lie wholly after the series' service; `whole` ends with it."""


def month_use(use: MeterUse, edges_ms: Ints, now_ms: int) -> Period:
    """One meter's use over the days given by their edges, as far as it was in service."""
    edges = elapsed(edges_ms, now_ms, use.curve.last_ms, use.interval_ms)
    begin, end = max(int(edges[0]), use.service_ms), min(int(edges[-1]), use.until_ms)
    whole = use.grid(np.array([begin, end] if begin < end else [], np.int64))
    events = events_between(use.curve.events, int(edges[0]), end)
    findings = [*event_findings(events, use.meter), *share_findings(whole, use.meter)]
    findings += _correction_findings(use, begin, end)
    idle = int((edges[1:] <= use.service_ms).sum())
    gone = int((edges[:-1] >= use.until_ms).sum())
    if gone > 0:
        edges = edges.copy()
        edges[-1 - gone] = min(edges[-1 - gone], use.until_ms)  # the last day ends with the service
    return Period(use.name, use.meter, _days(use, edges), whole, tuple(findings), idle, gone)


def _correction_findings(use: MeterUse, begin_ms: int, end_ms: int) -> list[Finding]:
    if use.corrected_ms.size == 0 or begin_ms >= end_ms:
        return []
    count = int(use.corrections(np.array([begin_ms, end_ms], np.int64))[0])
    return [Finding("reading_corrected", "info", use.meter, {"count": count})] if count else []


def _days(use: MeterUse, edges: Ints) -> GridUse:
    """The use of each day; one that would be called measured is called corrected where it is."""
    days = use.grid(edges)
    if use.corrected_ms.size == 0:
        return days
    by_hand = (use.corrections(edges) > 0) & (days.code == "measured")
    return replace(days, code=np.where(by_hand, "corrected", days.code))


def passed_on(findings: Iterable[Finding]) -> list[Finding]:
    """Of a number's findings, those that hold for what is computed from it as well."""
    return [
        f
        for f in findings
        if f.code == "reading_corrected" or (f.code in _PASSED_ON and f.severity != "info")
    ]


_PASSED_ON = {
    "register_jump",
    "register_reset",
    "register_scaled",
    "register_strayed",
    "reading_dropped",
}


def events_between(events: Sequence[Event], start_ms: int, end_ms: int) -> list[Event]:
    return [e for e in events if start_ms <= e.at_ms < end_ms]


_SEVERITY: Mapping[str, Severity] = {
    "register_reset": "warning",
    "register_jump": "warning",
    "conflicting_readings": "warning",
    "register_scaled": "serious",
    "register_strayed": "serious",
}
"""Of kinds of events; all others are for information."""


_OFTEN, _MANY = ("register_jump",), 10
"""So many times in a month beyond what the branch can carry: the rate or the unit is wrong, and what
was believed between is no better."""


def event_findings(events: Sequence[Event], subject: str) -> list[Finding]:
    """One finding a kind of event: how often, and the sum of what it was about."""
    found = []
    for code in sorted({e.code for e in events}):
        same = [e for e in events if e.code == code]
        found.append(
            Finding(
                code,
                "serious" if code in _OFTEN and len(same) >= _MANY else _SEVERITY.get(code, "info"),
                subject,
                {"count": len(same), "amount": round(sum(e.amount for e in same), 3)},
            )
        )
    return found


def share_findings(
    whole: GridUse, subject: str, estimated_from: float = _NOTED_SHARE
) -> list[Finding]:
    """Findings for a period of which more than 1 % is missing, or more than a share estimated.

    Those of an institution's total (no subject) have codes of their own.
    """
    if len(whole) == 0:
        return []
    what = "use" if subject else "total"
    found = []
    missing, estimated = float(whole.missing[0]), float(whole.estimated[0])
    doubtful = float(whole.doubtful[0])
    if missing - doubtful > _NOTED_SHARE:
        mostly = processing_settings().completeness.mostly_missing_ratio
        severity: Severity = "serious" if missing > mostly else "warning"
        numbers = {"missing_pct": round(missing * 100, 1)}
        found.append(Finding(f"{what}_incomplete", severity, subject, numbers))
    if doubtful > 0:
        numbers = {"doubtful_pct": round(doubtful * 100, 1)}
        found.append(Finding(f"{what}_doubtful", "warning", subject, numbers))
    if estimated > estimated_from:
        numbers = {"estimated_pct": round(estimated * 100, 1)}
        found.append(Finding(f"{what}_estimated", "info", subject, numbers))
    return found


def figure_of(period: Period, method: str = METHOD) -> Figure:
    """The month's figure of a series."""
    return Figure(
        name=period.name,
        subject=period.subject,
        value=value_or_none(period.whole.use),
        shares=shares_of(period.whole),
        method=method,
        findings=period.findings,
    )


def day_values(period: Period, days: Sequence[date]) -> list[DayValue]:
    """One value for each day that has begun, up to the end of the service."""
    known = len(period.days) - period.gone_days
    return [
        DayValue(
            day=day,
            name=period.name,
            subject=period.subject,
            value=None if np.isnan(use) else float(use),
            quality=str(code),
        )
        for day, use, code in zip(
            days[:known], period.days.use[:known], period.days.code[:known], strict=False
        )
    ]


def value_or_none(values: Floats) -> float | None:
    """The only value of an array, or None for none or NaN."""
    return float(values[0]) if values.size and np.isfinite(values[0]) else None


def shares_of(grid: GridUse, k: int = 0) -> Shares:
    if len(grid) <= k:
        return Shares.none()
    return Shares(float(grid.measured[k]), float(grid.estimated[k]), float(grid.missing[k]))
