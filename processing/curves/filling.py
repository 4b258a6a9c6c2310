"""Filling gaps of known use by a named method; what was filled is marked and counts as estimated.

The register says how much was used in a gap, only not when. A method spreads that amount, so
totals never change by filling: days and months on both sides of a gap become known.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from domain.calendar import DAY_MS, HOUR_MS
from processing.curves.curve import (
    LINEAR,
    MEASURED,
    PROFILE,
    SIMILAR_DAY,
    Floats,
    Ints,
    UseCurve,
    on_grid,
)

Method = Literal["none", "linear", "profile", "similar_day"]
WEEK_MS = 7 * DAY_MS


@dataclass(frozen=True, slots=True)
class FillRules:
    """How gaps longer than `longer_than_ms` and not longer than `longest_ms` are filled.

    ``linear`` spreads evenly. ``profile`` follows the meter's mean use by hour of the week
    over the `weeks` before the gap. ``similar_day`` follows, day by day, the last known day of
    the same kind (working or not) before the gap. Without enough known hours before the gap
    both fall back to linear, and the mark says so.
    """

    method: Method = "profile"
    longer_than_ms: int = 6 * HOUR_MS
    longest_ms: int = 14 * DAY_MS
    weeks: int = 4


DEFAULT_FILL = FillRules()
DayKind = Callable[[int], bool]
"""Whether the instant (ms) lies on a local day off."""


def fill_gaps(
    curve: UseCurve, rules: FillRules = DEFAULT_FILL, is_off: DayKind | None = None
) -> UseCurve:
    """The curve with its gaps of known use filled.

    Only what lies before a gap decides how it is filled, so later data changes nothing.
    Unknown use (a reset, the time before the first reading) stays unknown.
    """
    if rules.method == "none" or curve.at_ms.size < 2:
        return curve
    length = np.diff(curve.at_ms)
    gaps = np.flatnonzero(
        (curve.segment == MEASURED) & (length > rules.longer_than_ms) & (length <= rules.longest_ms)
    )
    if gaps.size == 0:
        return curve
    at, step, segment = [curve.at_ms[:1]], [], []
    done = 0
    for k in gaps.tolist():
        at.append(curve.at_ms[done + 1 : k + 1])
        step.append(curve.step[done:k])
        segment.append(curve.segment[done:k])
        knots, parts, code = _filled(curve, k, rules, is_off)
        at.append(knots)
        step.append(parts)
        segment.append(np.full(parts.size, code, np.uint8))
        done = k + 1
    at.append(curve.at_ms[done + 1 :])
    step.append(curve.step[done:])
    segment.append(curve.segment[done:])
    return replace(
        curve,
        at_ms=np.concatenate(at),
        step=np.concatenate(step),
        segment=np.concatenate(segment),
    )


def _filled(
    curve: UseCurve, k: int, rules: FillRules, is_off: DayKind | None
) -> tuple[Ints, Floats, int]:
    """Knots after the gap's start, the use of each piece, and how it was spread."""
    start, end = int(curve.at_ms[k]), int(curve.at_ms[k + 1])
    amount = float(curve.step[k])
    whole = np.array([end], np.int64), np.array([amount]), LINEAR
    if rules.method == "linear" or amount <= 0:
        return whole
    hours = np.arange(start // HOUR_MS * HOUR_MS + HOUR_MS, end, HOUR_MS, dtype=np.int64)
    knots = np.concatenate((hours, [end]))
    starts = np.concatenate(([start], hours))
    before, used = _hours_before(curve, start, rules.weeks)
    if rules.method == "profile":
        weight, code = _weekly_profile(before, used, starts), PROFILE
    else:
        weight, code = _similar_days(before, used, starts, is_off or _weekend), SIMILAR_DAY
    weight = weight * (knots - starts)
    if not np.isfinite(weight).all() or weight.sum() <= 0:
        return whole
    return knots, amount * weight / weight.sum(), code


def _hours_before(curve: UseCurve, gap_ms: int, weeks: int) -> tuple[Ints, Floats]:
    """The hours of the weeks before a gap and their use; NaN unless wholly measured."""
    end = gap_ms // HOUR_MS * HOUR_MS
    edges = np.arange(end - weeks * WEEK_MS, end + 1, HOUR_MS, dtype=np.int64)
    grid = on_grid(curve, edges, HOUR_MS)
    return edges[:-1], np.where(grid.missing == 0, grid.use, np.nan)


def _weekly_profile(before: Ints, used: Floats, starts: Ints) -> Floats:
    """Mean use at the same hour of the week; NaN where no such hour is known."""
    weeks = used.reshape(-1, 168)
    known = np.isfinite(weeks).sum(axis=0)
    mean = np.nansum(weeks, axis=0) / np.where(known, known, np.nan)
    return np.asarray(mean[(starts - before[0]) // HOUR_MS % 168], dtype=np.float64)


def _similar_days(before: Ints, used: Floats, starts: Ints, is_off: DayKind) -> Floats:
    """Use at the same hour of the last known day of the same kind; NaN where there is none."""
    off = np.array([is_off(at) for at in before.tolist()])
    found = np.full(starts.size, np.nan)
    for i, at in enumerate(starts.tolist()):
        same_hour = (at - before) % DAY_MS < HOUR_MS
        fits = np.flatnonzero(same_hour & (off == is_off(at)) & np.isfinite(used))
        if fits.size:
            found[i] = used[fits[-1]]
    return found


def _weekend(at_ms: int) -> bool:
    """Saturday or Sunday in UTC: where no calendar is given."""
    return (at_ms // DAY_MS + 3) % 7 >= 5
