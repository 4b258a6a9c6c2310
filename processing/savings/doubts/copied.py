"""Readings that repeat the year before: the same days, times one number."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from domain.findings import Finding
from processing.savings.doubts.case import Case
from processing.savings.doubts.limits import rules

_YEARS_DAYS = (364, 365, 366)
_FEWEST = 30


def doubt(case: Case) -> Iterator[Finding]:
    """Most days are the same share of the day a year before, while a week is not like the last."""
    if case.model.bills is not None or case.past.empty:
        return
    now = case.window["observed"].dropna()
    before = pd.concat([case.past["observed"].dropna(), now])
    share = max(_alike(now, before, lag) for lag in _YEARS_DAYS)
    if share > rules()["copied_days_max_ratio"] + _alike(now, before, 7):
        yield Finding("savings_use_copied", "serious", numbers={"percent": round(100 * share, 1)})


def _alike(now: pd.Series, before: pd.Series, lag: int) -> float:
    """The share of days whose ratio to the day `lag` days before is the usual one."""
    then = before[~before.index.duplicated()].shift(lag, freq="D").reindex(now.index)
    ratio = (now / then.where(then > 0)).dropna()
    ratio = ratio[ratio > 0]
    if len(ratio) < _FEWEST:
        return 0.0
    apart = np.abs(ratio / float(ratio.median()) - 1.0)
    return float((apart <= rules()["copied_within_ratio"]).mean())
