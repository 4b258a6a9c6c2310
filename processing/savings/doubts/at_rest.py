"""Use that stands still: at nought where something was due, or the same to the digit every day."""

from collections.abc import Iterator

import pandas as pd

from domain.findings import Finding
from processing.savings.doubts.case import Case, known
from processing.savings.doubts.limits import largest_saving, rules


def doubt(case: Case) -> Iterator[Finding]:
    about = case.background
    if largest_saving(case.model.carrier, about.option, about.measures, case.end) < 1.0:
        yield from _nought(case)
    if case.model.bills is None:
        yield from _equal(case)


def _nought(case: Case) -> Iterator[Finding]:
    usual = _resting(case, case.baseline)[1]
    for days in (case.window, case.period):
        count, share = _resting(case, days)
        if share > rules()["rest_max_ratio"] + usual:
            numbers = {"days": count, "percent": round(100 * share, 1)}
            yield Finding("savings_use_at_rest", "serious", numbers=numbers)
            return


def _resting(case: Case, days: pd.DataFrame) -> tuple[int, float]:
    """How many days rest though something was due, and their share of all that was due."""
    both = known(days)
    due = both["counterfactual"]
    rests = (both["observed"].abs() <= rules()["rest_use_max_ratio"] * due) & (
        due >= rules()["rest_due_min_ratio"] * case.model.mean_per_day
    )
    total = float(due.sum())
    return int(rests.sum()), float(due[rests].sum()) / total if total > 0 else 0.0


def _equal(case: Case) -> Iterator[Finding]:
    usual = _equal_share(case.baseline)
    share = max(_equal_share(case.window), _equal_share(case.period))
    if share > rules()["equal_days_max_ratio"] + usual:
        numbers = {"percent": round(100 * share, 1)}
        yield Finding("savings_use_stuck", "serious", numbers=numbers)


_FEWEST = 14


def _equal_share(days: pd.DataFrame) -> float:
    """The share of days that used exactly what the day before used, and something."""
    use = days["observed"]
    change = use.diff().abs()
    both = change.notna() & (use > 0)
    equal = change[both] <= 1e-9 * use[both]
    return float(equal.mean()) if len(equal) >= _FEWEST else 0.0
