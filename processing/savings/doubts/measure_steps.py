"""A step at the registered day of a measure is that measure's: named, and nothing to explain."""

from collections.abc import Sequence
from datetime import date

from domain.findings import Finding
from domain.places import Measure
from processing.savings.changes import Change
from processing.savings.doubts.limits import rules


def measure_of(change: Change, measures: Sequence[Measure], carrier: str) -> Measure | None:
    """The measure about the carrier that was finished when use fell, if one was."""
    if change.ratio >= 0:
        return None
    near = [
        m
        for m in measures
        if m.is_about(carrier)
        and abs((m.finished_on - change.on).days) <= rules()["measure_within_days"]
    ]
    return min(near, key=lambda m: abs((m.finished_on - change.on).days), default=None)


def measure_finding(change: Change, measure: Measure) -> Finding:
    return Finding(
        "savings_change_of_measure",
        "info",
        numbers={
            "on": change.on.isoformat(),
            "finished_on": measure.finished_on.isoformat(),
            "percent": round(100 * change.ratio, 1),
        },
    )


def days_of_measures(measures: Sequence[Measure], carrier: str) -> tuple[date, ...]:
    """The days from which the use may run at another level because a measure saves."""
    return tuple(sorted({m.finished_on for m in measures if m.is_about(carrier)}))
