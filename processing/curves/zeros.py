"""Zeros that are no zeros: a meter with a standing load that stops dead, and missing data written as 0.

Such runs are set aside as doubtful; what a meter often does (a circuit that is off at night, gas
in summer) is left alone.
"""

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from domain.calendar import DAY_MS, HOUR_MS
from processing.curves.curve import DOUBTFUL, MEASURED, Event, Floats, Ints, UseCurve, flagged_runs


@dataclass(frozen=True, slots=True)
class ZeroRules:
    """When a run of zero use is doubtful.

    It lasts `least_ms`; the meter has a standing load, i.e. its low rate (`low_quantile` of the
    time with use) is at least `standing_ratio` of its median; at that load at least five steps
    of the register would have been due; and such runs take less than `rare_share` of the time.
    Judged on the `window_ms` before the month and the month itself, so that what later months
    bring changes nothing.
    """

    least_ms: int = HOUR_MS
    low_quantile: float = 0.05
    standing_ratio: float = 0.1
    rare_share: float = 0.5
    most_per_30_days: float = 10.0
    window_ms: int = 90 * DAY_MS


DEFAULT_ZERO_RULES = ZeroRules()


def set_aside_zeros(
    curve: UseCurve, month_edges_ms: Ints, rules: ZeroRules = DEFAULT_ZERO_RULES
) -> UseCurve:
    """The curve with doubtful runs of zero marked as such, each month judged by itself.

    A run after which the register catches up is no doubt but a gap of known use.
    """
    if curve.at_ms.size < 3:
        return curve
    step, length = curve.step, np.diff(curve.at_ms)
    zero = (step <= 0) & (curve.segment == MEASURED)
    run_ms = _run_lengths(zero, length)
    candidate = zero & (run_ms >= rules.least_ms)
    if not candidate.any():
        return curve
    segment = curve.segment.copy()
    joined: list[tuple[int, int]] = []
    for start, end in pairwise(month_edges_ms.tolist()):
        a, m, b = np.searchsorted(curve.at_ms, [start - rules.window_ms, start, end])
        a, m, b = max(a - 1, 0), max(m - 1, 0), min(b, step.size)
        if not candidate[m:b].any():
            continue
        window = slice(a, b)
        if _has_standing_load(step[window], length[window], candidate[window], rules):
            segment[m:b][candidate[m:b]] = DOUBTFUL
            usual = step[window][step[window] > 0] / length[window][step[window] > 0]
            latest = end + 2 * DAY_MS
            joined += [
                run
                for run in _runs(candidate)
                if m <= run[0] < b and _catches_up(curve, run, usual, latest)
            ]
    return _joined(replace(curve, segment=segment), sorted(set(joined)))


def _catches_up(curve: UseCurve, run: tuple[int, int], usual: Floats, latest_ms: int) -> bool:
    """Whether the step after a run of zeros is so large that it holds what was used meanwhile.

    Then the meter had gone on counting and only its messages had stood still.
    """
    start, end = run
    if end >= curve.step.size or curve.at_ms[end + 1] > latest_ms or curve.segment[end] != MEASURED:
        return False
    amount, length = float(curve.step[end]), int(curve.at_ms[end + 1] - curve.at_ms[end])
    low, high = np.quantile(usual, [0.05, 0.99])
    stood_ms = int(curve.at_ms[end] - curve.at_ms[start])
    return bool(amount > 1.2 * high * length and amount >= 0.5 * low * stood_ms)


def _joined(curve: UseCurve, runs: list[tuple[int, int]]) -> UseCurve:
    """The curve with each run of zeros and the step after it made one gap of known use."""
    if not runs:
        return curve
    keep = np.ones(curve.at_ms.size, dtype=bool)
    segment, step = curve.segment.copy(), curve.step.copy()
    events = []
    for start, end in runs:
        keep[start + 1 : end + 1] = False
        segment[start], step[start] = MEASURED, step[end]
        amount = float(step[end])
        events.append(Event("register_caught_up", int(curve.at_ms[end + 1]), amount))
    return UseCurve(
        curve.at_ms[keep], step[keep[:-1]], segment[keep[:-1]], (*curve.events, *events)
    )


def _runs(flag: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    first, last = flagged_runs(flag)
    return list(zip(first.tolist(), last.tolist(), strict=True))


def _run_lengths(flag: npt.NDArray[np.bool_], length: Ints) -> Ints:
    """For each flagged segment the duration of the run it belongs to; 0 elsewhere."""
    total = np.concatenate(([0], np.cumsum(length)))
    found = np.zeros(flag.size, np.int64)
    for start, end in _runs(flag):
        found[start:end] = total[end] - total[start]
    return found


def _has_standing_load(
    step: Floats, length: Ints, candidate: npt.NDArray[np.bool_], rules: ZeroRules
) -> bool:
    using = step > 0
    if using.sum() < 24:
        return False
    runs = flagged_runs(candidate)[0].size
    days = float(length.sum()) / DAY_MS
    rare = float(length[candidate].sum()) < rules.rare_share * float(length.sum())
    if not rare or runs > max(rules.most_per_30_days * days / 30, 2):
        return False
    rate = step[using] / length[using]
    low, middle = np.quantile(rate, [rules.low_quantile, 0.5])
    due = low * rules.least_ms / float(step[using].min())
    other_zeros = float(length[~using & ~candidate].sum())
    return bool(
        low >= rules.standing_ratio * middle
        and due >= 1.0
        and other_zeros < 0.05 * float(length[~candidate].sum())
    )
