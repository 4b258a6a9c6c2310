"""Closures that use alone shows: weeks far below what the weather and the working days ask for, and
back again. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import pandas as pd

from processing.curves.curve import Floats
from processing.savings.inputs.sufficiency import rules

_ROUNDS = 12
_HEATING_C, _COOLING_C = 16.0, 20.0
_LEAST_DUE = 0.25
"""Days on which less than this share of the mean is due say nothing: gas in summer."""
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Closure:
    """Local days from `start` to `end` (excluded) that use shows as closed, or nearly.

    `ratio` is what was used there, as a share of what an ordinary day would have; `working_days`
    is on how many known working days that rests. `like_rest`: as little as on days off, or less.
    """

    start: date
    end: date
    ratio: float
    working_days: int
    like_rest: bool


def closures_in(
    days: pd.DatetimeIndex, use: Floats, temperature_c: Floats, off: Bools, told: Bools
) -> list[Closure]:
    """The closures of consecutive local days, by their use per day (NaN: missing).

    What a day ordinarily uses is a straight line of degrees below 16 and above 20 °C and a level
    of working days and of days `off`, fitted again and again without the days that lie far below it.
    A closure is a run of working days that lie there (`closure_*` in the rules), that was seen to
    begin and to end, and is no longer than a vacation. Days that are `told` already (holidays, what is registered) end
    no run and make none. What follows the weather first of all (gas, heat) shows none: ask only of what people use.
    """
    known = np.isfinite(use)
    judged = known & ~off & ~told
    limit = rules()
    if judged.sum() < limit["closure_least_known_days"] or not np.nanmean(use) > 0:
        return []
    due, due_off = _ordinary(use, temperature_c, off, known & ~told)
    judged &= due > _LEAST_DUE * due[known].mean()
    ratio = np.divide(use, due, out=np.ones(len(use)), where=judged)
    found = []
    for first, last in _runs(ratio, np.flatnonzero(judged), limit):
        inside = judged.copy()
        inside[:first], inside[last + 1 :] = False, False
        level = float(use[inside].sum() / due[inside].sum())
        rest = float(due_off[inside].sum() / due[inside].sum())
        start, end = _with_days_off(first, last, off | told)
        found.append(
            Closure(
                days[start].date(),
                days[end].date() + timedelta(days=1),
                level,
                int(inside.sum()),
                level <= limit["closure_like_rest_ratio"] * rest,
            )
        )
    return found


def _ordinary(
    use: Floats, temperature_c: Floats, off: Bools, known: Bools
) -> tuple[Floats, Floats]:
    """What each day would use if it were ordinary, and if it were a day off."""
    degrees = np.where(np.isfinite(temperature_c), temperature_c, (_HEATING_C + _COOLING_C) / 2)
    weather = [np.maximum(_HEATING_C - degrees, 0.0), np.maximum(degrees - _COOLING_C, 0.0)]
    table = np.column_stack([np.ones(len(use)), off, *weather])
    far = rules()["closure_max_ratio"]
    kept = known.copy()
    due = np.zeros(len(use))
    for _ in range(_ROUNDS):
        beta = np.linalg.lstsq(table[kept], use[kept], rcond=None)[0]
        beta[2:] = np.maximum(beta[2:], 0.0)
        due = np.maximum(table @ beta, 0.0)
        again = known & ((use >= far * due) | off)
        if again.sum() < table.shape[1] or (again == kept).all():
            break
        kept = again
    return due, np.maximum(due + np.where(off, 0.0, beta[1]), 0.0)


def _runs(
    ratio: Floats, judged: npt.NDArray[np.intp], limit: dict[str, float]
) -> Iterator[tuple[int, int]]:
    """First and last position of each run of judged days that lie far below, and came back."""
    low = _usual(ratio[judged]) < limit["closure_max_ratio"]
    edges = np.flatnonzero(np.diff(np.r_[False, low, False].astype(np.int8)))
    back = int(limit["closure_days_after"])
    for first, end in zip(edges[::2], edges[1::2], strict=True):
        if end - first < limit["closure_days_min"]:
            continue
        if first < back or end + back > len(judged):  # a step, as far as is known
            continue
        position, last = int(judged[first]), int(judged[end - 1])
        if last - position < limit["closure_days_max"]:
            yield position, last


def _usual(ratio: Floats) -> Floats:
    """The median of each day and the two working days on either side: a day of exams in a vacation
    does not end it, and its edges stay where they are."""
    padded = np.pad(ratio, 2, mode="edge")
    usual: Floats = np.median(np.lib.stride_tricks.sliding_window_view(padded, 5), axis=1)
    return usual


def _with_days_off(first: int, last: int, rest: Bools) -> tuple[int, int]:
    """With the days off on both sides: a closure begins after the last day of work."""
    while first > 0 and rest[first - 1]:
        first -= 1
    while last < len(rest) - 1 and rest[last + 1]:
        last += 1
    return first, last
