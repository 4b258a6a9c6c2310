"""A thermometer that hangs, or that was moved: against its own past, and against its neighbours."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from domain.findings import Finding
from processing.savings.doubts.case import Case
from processing.savings.doubts.climate import monthly_c
from processing.savings.doubts.limits import rules
from processing.savings.inputs.sufficiency import rules as sufficiency_rules

_WEEK = 7
_FEWEST = 28


def doubt(case: Case) -> Iterator[Finding]:
    if not case.model.needs_temperature:
        return
    yield from _stuck(case)
    yield from _off_course(case)
    yield from _off_peers(case)
    yield from _outside(case)


def _stuck(case: Case) -> Iterator[Finding]:
    """A week whose daily means are all the same, for too many days."""
    for where, parts in (("baseline", (case.baseline,)), ("reporting", (case.window, case.period))):
        share = max(_stuck_share(part["temperature_c"]) for part in parts)
        if share > rules()["stuck_max_ratio"]:
            percent = round(100 * share, 1)
            code = f"savings_{where}_thermometer_stuck"
            yield Finding(code, "serious", numbers={"percent": percent})


def _stuck_share(temperature_c: pd.Series) -> float:
    known = temperature_c.dropna()
    if len(known) < _WEEK:
        return 0.0
    still = (known.rolling(_WEEK).std() < rules()["stuck_scatter_c"]).to_numpy()
    days = np.zeros(len(known), dtype=bool)
    for end in np.flatnonzero(still):
        days[max(end - _WEEK + 1, 0) : end + 1] = True
    return float(days.mean())


def _off_course(case: Case) -> Iterator[Finding]:
    """The same calendar months lie further from the baseline's than weather puts them."""
    before: dict[int, list[float]] = {}
    for month, mean in monthly_c(case.baseline).items():
        before.setdefault(month.month, []).append(mean)
    for part in (case.window, case.period):
        apart = [
            mean - float(np.mean(before[month.month]))
            for month, mean in monthly_c(part).items()
            if month.month in before
        ]
        if apart and abs(np.mean(apart)) > rules()["course_month_c"] / np.sqrt(len(apart)):
            offset = round(float(np.mean(apart)), 1)
            yield Finding(
                "savings_temperature_off_course",
                "serious",
                numbers={"offset_c": f"{offset:+}", "months": len(apart)},
            )
            return


def _off_peers(case: Case) -> Iterator[Finding]:
    """The difference to the other stations of the city is another one than in the baseline."""
    peer = case.background.peer_c
    if peer is None:
        return
    now, before = (
        (days["temperature_c"] - peer.reindex(days.index)).dropna()
        for days in (case.window, case.baseline)
    )
    if min(len(now), len(before)) < _FEWEST:
        return
    moved = float(now.median() - before.median())
    if abs(moved) > rules()["peer_offset_c"]:
        numbers = {"offset_c": f"{round(moved, 1):+}"}
        yield Finding("savings_temperature_off_peers", "serious", numbers=numbers)


def _outside(case: Case) -> Iterator[Finding]:
    """Most days of the claim are colder or warmer than any that was fitted."""
    low, high = case.model.temperature_low_c, case.model.temperature_high_c
    known = case.known["temperature_c"].dropna()
    if low is None or high is None or known.empty:
        return
    margin = sufficiency_rules()["temperature_margin_c"]  # the fitted ones are felt, so smoother
    outside = int(((known < low - margin) | (known > high + margin)).sum())
    if outside > rules()["outside_max_ratio"] * len(known):
        numbers = {"days": outside, "known": len(known)}
        yield Finding("savings_mostly_outside_baseline", "serious", numbers=numbers)
