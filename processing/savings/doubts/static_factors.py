"""What IPMVP calls static factors: a smaller building, fewer people or other days of operation save by
being less."""

from collections.abc import Iterator
from datetime import date, timedelta

import numpy as np
import pandas as pd

from domain.calendar import days_between
from domain.findings import Finding, Severity
from domain.operating import OperatingCalendar, Runs, State
from domain.places import value_on
from processing.savings.doubts.case import Case, avoided_ratio
from processing.savings.doubts.limits import rules
from processing.savings.inputs.sufficiency import rules as data_rules

_FACTORS = ("floor_area_m2", "headcount", "staff", "students", "beds")
_STATES: tuple[State, ...] = ("closed", "vacation")
_FEW = 5
"""So many days of a kind in the baseline tell what such days use."""


def doubt(case: Case) -> Iterator[Finding]:
    """A registered size that fell since the baseline, with no adjustment for it; or closures that
    the baseline, or the calendar, does not know."""
    yield from _sizes(case)
    if case.model.bills is None and case.model.terms:
        yield from _calendar(case)
        yield from _unregistered(case)


def _sizes(case: Case) -> Iterator[Finding]:
    about = case.background
    if about.institution is None or about.option == "B":
        return
    last = case.end - timedelta(days=1)
    for name in _FACTORS:
        history = getattr(about.institution, name)
        before = value_on(history, case.model.baseline_end - timedelta(days=1))
        now = value_on(history, last)
        if not before or now is None:
            continue
        fell = 1.0 - now / before
        if fell > rules()["static_factor_max_ratio"]:
            yield Finding(
                f"savings_smaller_{name}",
                "warning" if about.adjustments else "serious",
                numbers={"before": f"{before:,.0f}", "now": f"{now:,.0f}"},
            )


def _calendar(case: Case) -> Iterator[Finding]:
    """Where the calendar of the claim's days and that of the baseline do not speak of the same."""
    place, model = case.background.institution, case.model
    spells = () if place is None else place.operation
    if not (model.operating or spells or "closed" in case.window or "vacation" in case.window):
        return
    calendar = OperatingCalendar(spells)
    now = Runs.of(calendar.states(days_between(model.baseline_start, model.baseline_end)))
    if place is not None and now != model.operating:
        numbers = {
            "then": model.operating.days("closed") + model.operating.days("vacation"),
            "now": now.days("closed") + now.days("vacation"),
        }
        yield Finding("savings_calendar_changed", numbers=numbers)
    many = data_rules()["unseen_days_max_ratio"] * len(case.known)
    for state in _STATES:
        seen, told = max(model.operating.days(state), now.days(state)), case.told(state)
        if told >= _FEW > seen:
            numbers = {"days": told, "seen": seen}
            yield Finding(f"savings_{state}_unseen", _severity(told > many), numbers=numbers)
    opened = _opened(case, calendar)
    if opened >= _FEW:
        numbers = {"days": opened}
        yield Finding("savings_open_unseen", _severity(opened > many), numbers=numbers)
    if model.by_calendar and place is not None:
        left = _left_open(case, calendar.until)
        if left >= _FEW:
            yield Finding("savings_calendar_ended", _severity(left > many), numbers={"days": left})


def _severity(serious: bool) -> Severity:
    return "serious" if serious else "warning"


def _opened(case: Case, calendar: OperatingCalendar) -> int:
    """How many more known days are registered as open than the same length of the baseline has: more
    days of work ask for more use, which then passes for saved."""
    start, end = case.model.baseline_start, case.model.baseline_end
    before = sum(calendar.kind(d) == "open" for d in days_between(start, end))
    now = sum(calendar.kind(d) == "open" for d in pd.DatetimeIndex(case.known.index).date)
    return round(now - before * len(case.known) / max((end - start).days, 1))


def _left_open(case: Case, until: date | None) -> int:
    """How many known days lie after all that the calendar says, on days of the year on which the
    baseline was closed or out of term."""
    of_year = {(day.month, day.day) for day in case.model.operating.states()}
    days = pd.DatetimeIndex(case.known.index).date
    return sum((until is None or d >= until) and (d.month, d.day) in of_year for d in days)


def _unregistered(case: Case) -> Iterator[Finding]:
    """Stretches of the claim far below its other days, over again, that no calendar knows: what is
    avoided there is a closure's saving."""
    days = case.known
    least = data_rules()["closure_run_days_min"]
    if len(days) < 2 * least or case.model.carrier not in ("electricity", "water"):
        return
    usual = 1.0 - avoided_ratio(days)
    low = (
        days["observed"] < data_rules()["closure_max_ratio"] * usual * days["counterfactual"]
    ).to_numpy()
    for state in _STATES:
        if state in days:
            low = low & ~days[state].to_numpy(dtype=bool)
    edges = np.flatnonzero(np.diff(np.r_[False, low, False].astype(np.int8)))
    runs = [
        (first, end)
        for first, end in zip(edges[::2], edges[1::2], strict=True)
        if end - first >= least and first > 0 and end < len(days)
    ]
    if not runs:
        return
    avoided = (days["counterfactual"] - days["observed"]).to_numpy(dtype=np.float64)
    inside = sum(float(avoided[first:end].sum()) for first, end in runs)
    share = inside / float(avoided.sum()) if avoided.sum() > 0 else 0.0
    first, end = (pd.Timestamp(days.index[k]).date() for k in (runs[0][0], runs[-1][1] - 1))
    yield Finding(
        "savings_closure_in_claim",
        _severity(share > data_rules()["closure_share_of_saving_max"]),
        numbers={
            "days": sum(int(end - first) for first, end in runs),
            "first": first.isoformat(),
            "last": end.isoformat(),
            "percent": round(100 * share),
        },
    )
