"""The institution's total over its main meters."""

from collections.abc import Sequence

import numpy as np

from domain.findings import Finding
from processing.curves.curve import Floats, GridUse, mean_shares
from processing.use.month_use import Period, passed_on, share_findings

SUM_METHOD = "sum-of-main-meters/1"


def total_of_mains(name: str, periods: Sequence[Period]) -> Period:
    """The institution's total of one name over its main meters, subject "".

    A meter that says nothing at all in an interval it was in service for makes the total of
    that interval unknown: a sum without it would count the missing as zero.
    """
    width = max(len(p.days) for p in periods)
    full = [p for p in periods if len(p.days) == width]
    silent = [p.subject for p in periods if len(p.whole) and np.isnan(p.whole.use[0])]
    findings = [Finding("main_meter_silent", "serious", subject) for subject in silent]
    day = np.arange(width)
    in_service = [(day >= p.idle_days) & (day < width - p.gone_days) for p in full]
    days = _sum([p.days for p in full], np.array(in_service, dtype=np.float64))
    wholes = [p.whole for p in periods if len(p.whole)]
    whole = _sum(wholes, np.ones((len(wholes), 1))) if wholes else periods[0].whole
    findings += share_findings(whole, "")
    findings += passed_on(f for p in periods for f in p.findings)
    idle, gone = min(p.idle_days for p in full), min(p.gone_days for p in full)
    return Period(name, "", days, whole, tuple(findings), idle, gone)


def _sum(grids: Sequence[GridUse], weight: Floats) -> GridUse:
    """Sum of the use, mean of the shares, over those in service (weight 1, else 0)."""
    if len(grids) == 1:
        return grids[0]
    serving = weight > 0
    mean = mean_shares(grids, weight)
    nobody = ~serving.any(axis=0)
    mean["missing"] = np.where(nobody, 1.0, mean["missing"])
    use = np.where(serving, [g.use for g in grids], 0.0).sum(axis=0)
    worst = [
        _worst([g.code[k] for g, s in zip(grids, serving, strict=True) if s[k]])
        for k in range(use.size)
    ]
    return GridUse(use=np.where(nobody, np.nan, use), code=np.array(worst, dtype=object), **mean)


_ORDER = (
    "measured",
    "corrected",
    "interpolated",
    "filled_linear",
    "filled_profile",
    "filled_similar_day",
    "partial",
    "doubtful",
    "missing",
)


def _worst(codes: Sequence[str]) -> str:
    worst = max(codes, key=_ORDER.index, default="missing")
    mixed = worst == "missing" and any(c != "missing" for c in codes)
    return "partial" if mixed else worst
