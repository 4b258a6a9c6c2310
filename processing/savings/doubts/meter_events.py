"""A fall that begins exactly when something happened to a meter: the meter saved, not the building."""

from collections.abc import Iterator
from datetime import date, timedelta

import pandas as pd

from domain.findings import Finding, Severity
from processing.savings.doubts.case import Case, avoided_ratio, known
from processing.savings.doubts.limits import rules

_FEWEST = 10
_NEAR = 7
_BEFORE_END = timedelta(days=7)


def doubt(case: Case) -> Iterator[Finding]:
    """Events from the last week of the baseline on, each with the fall that begins there."""
    if not case.background.events:
        return
    days = known(pd.concat([case.past, case.window]))
    days = days[~days.index.duplicated(keep="last")]
    least = max(
        rules()["event_fall_min_ratio"],
        rules()["event_fall_scatter_factor"] * case.model.cv_month_ratio,
    )
    told = set()
    for event in sorted(case.background.events, key=lambda e: (e.on, e.meter, e.kind)):
        if not case.model.baseline_end - _BEFORE_END <= event.on < case.end:
            continue
        size = _fall(days, event.on, case.model.mean_per_day)
        if size < least or (event.meter, event.on) in told:
            continue
        told.add((event.meter, event.on))
        clear = case.explained(event.on, rules()["explained_within_days"])
        severity: Severity = "info" if clear else "serious"
        numbers: dict[str, float | str] = {
            "on": event.on.isoformat(),
            "percent": round(100 * size, 1),
        }
        yield Finding(f"savings_fall_at_{event.kind}", severity, event.meter, numbers)


def _fall(days: pd.DataFrame, on: date, mean_per_day: float) -> float:
    """How much of the use beside the model fell from before a day to after it; 0 where either
    side is not known well, or the days next to it do not show it."""
    length, at = int(rules()["event_days"]), pd.Timestamp(on)
    before, after = days[days.index < at].tail(length), days[days.index > at].head(length)
    if min(len(before), len(after)) < _FEWEST:
        return 0.0
    due = min(float(p["counterfactual"].mean()) for p in (before, after))
    if due < rules()["rest_due_min_ratio"] * mean_per_day:
        return 0.0
    whole = _step(before, after)
    near = _step(before.tail(_NEAR), after.head(_NEAR))
    return whole if near >= whole / 2 else 0.0


def _step(before: pd.DataFrame, after: pd.DataFrame) -> float:
    left = 1.0 - avoided_ratio(before)
    return 1.0 - (1.0 - avoided_ratio(after)) / left if left > 0 else 0.0
