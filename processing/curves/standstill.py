"""Registers that stood still in the message but not in the meter, and then caught up.

A gateway that repeats the last value and then sends the right one makes a rest and a leap. Most
such leaps are within what the branch can carry, so only the meter's own habits show them: it
rests far longer than it ever does but for rests of the same kind, then takes a step larger than any other. What it used
meanwhile is known, when is not: the rest and the leap become one gap of known use. Where nothing,
or nothing right, was said between such a rest and the next reading, no step shows how much of it
was used in the rest: they are one gap too, whatever it brought.
"""

from dataclasses import replace

import numpy as np

from config.processing import StandstillRules, processing_settings
from domain.calendar import DAY_MS, HOUR_MS
from processing.curves.curve import MEASURED, Event, Floats, Ints, UseCurve, flagged_runs
from processing.curves.register_spec import default_rules


def join_standstills(curve: UseCurve, rules: StandstillRules | None = None) -> UseCurve:
    """The curve with each such rest and leap made one measured segment, told as an event; a rest
    and the gap after it are told by nothing else than their missing time.

    A leap is judged once a later reading is there. The use of the whole stays what it was.
    Without `rules`, those of `config/tables/processing.toml`.
    """
    rules = rules or processing_settings().standstill
    step, length = curve.step, np.diff(curve.at_ms)
    rest = (step <= 0) & (curve.segment == MEASURED)
    start, end = flagged_runs(rest)
    rested_ms = curve.at_ms[end] - curve.at_ms[start]
    long = rested_ms >= rules.least_h * HOUR_MS
    long &= rested_ms <= rules.longest_days * DAY_MS
    long &= end + 1 < step.size
    if not long.any():
        return curve
    rate = step / length
    # Every building rests some hours: what ends them then must be beyond all doubt.
    brief = rested_ms < rules.brief_h * HOUR_MS
    factor = np.where(brief, rules.brief_leap_factor, rules.leap_factor)
    gap = length > max(default_rules().max_gap_ms, 2 * float(np.median(length)))
    # Every leap stands out from the next step; most mornings do not, and are done with here.
    runs = np.flatnonzero(long)
    least = np.where(brief, factor, rules.restless_leap_factor)
    leaps = rate[end[runs]] > least[runs] * rate[end[runs] + 1]
    runs = runs[leaps | (gap[end[runs]] & ~brief[runs])]
    ordinary = (curve.segment == MEASURED) & ~rest
    own = np.ones(start.size, dtype=bool)  # a rest found to be none says nothing of its habits
    found = []
    for run in runs.tolist():
        first, leap = int(start[run]), int(end[run])
        around = (
            curve.at_ms[first] - round(rules.before_days * DAY_MS),
            curve.at_ms[leap + 1] + round(rules.after_days * DAY_MS),
        )
        low, high = np.searchsorted(curve.at_ms, around)
        near = own & (end >= low) & (end <= high)
        near[run] = False
        used = ordinary[low:high].copy()
        used[leap - low :][:1] = False
        alike = np.flatnonzero(near & (rules.rest_factor * rested_ms >= rested_ms[run]))
        after_alike = end[alike] - low
        used[after_alike[after_alike < used.size]] = False
        if not ordinary[leap] or alike.size > rules.most_alike or used.sum() < rules.least_steps:
            continue
        others = step[low:high][used], rate[low:high][used]
        # A few other rests that end in a step beyond all others as well are no habit; one that
        # does not is.
        rests = zip(start[alike].tolist(), end[alike].tolist(), strict=True)
        if not all(_leaps(*others, curve, rest, rules, times=1.0) for rest in rests):
            continue
        times = rules.restless_leap_factor if not near.any() and not brief[run] else factor[run]
        leaps_here = _leaps(*others, curve, (first, leap), rules, times=float(times))
        near[alike] = False
        usual_ms = int(rested_ms[near].max(initial=0))
        far_longer = rested_ms[run] > rules.rest_factor_before_gap * usual_ms
        if leaps_here or (gap[leap] and far_longer and not brief[run]):
            found.append((_since(curve, first), leap, leaps_here))
            ordinary[leap] = own[run] = False
    return _joined(curve, found)


def _since(curve: UseCurve, first: int) -> int:
    """The knot since which a rest's value may be: after a gap, the one before the gap."""
    if first == 0 or curve.segment[first - 1] != MEASURED:
        return first
    after_gap = curve.at_ms[first] - curve.at_ms[first - 1] > default_rules().max_gap_ms
    return first - 1 if after_gap else first


LEAPS = ("register_caught_up", "register_returned", "register_strayed")
"""Events at the end of a gap of known use: a register that had stood still, or said nonsense."""


def caught_up(curve: UseCurve) -> list[tuple[int, int]]:
    """Start and end (ms) of each gap of known use that a register's return made."""
    leaps = [e.at_ms for e in curve.events if e.code in LEAPS]
    knots = np.searchsorted(curve.at_ms, leaps)
    return [(int(curve.at_ms[max(k - 1, 0)]), t) for k, t in zip(knots, leaps, strict=True)]


def _leaps(
    steps: Floats,
    rates: Floats,
    curve: UseCurve,
    run: tuple[int, int],
    rules: StandstillRules,
    *,
    times: float,
) -> bool:
    """Whether the step after the run holds what was used meanwhile, by the meter's other steps, the
    fastest of which it exceeds so many times."""
    first, leap = run
    if leap >= curve.step.size:
        return False
    amount, at = float(curve.step[leap]), curve.at_ms
    fastest, usual = float(rates.max()), float(np.median(rates))
    whole_ms = int(at[leap + 1] - at[first])
    return bool(
        amount > times * fastest * int(at[leap + 1] - at[leap])
        and amount >= rules.least_units * _unit(steps)
        and rules.least_share_ratio * usual * whole_ms
        <= amount
        <= rules.most_ratio * fastest * whole_ms
    )


def _unit(steps: Floats) -> float:
    """What the register counts by: no step, and no two steps' difference, is smaller."""
    sizes = np.unique(np.round(steps, 9))
    return float(min(sizes[0], np.diff(sizes).min(initial=np.inf)))


def _joined(curve: UseCurve, runs: list[tuple[int, int, bool]]) -> UseCurve:
    if not runs:
        return curve
    at: Ints = curve.at_ms
    keep = np.ones(at.size, dtype=bool)
    step, segment, events = curve.step.copy(), curve.segment.copy(), list(curve.events)
    for first, leap, is_told in runs:
        keep[first + 1 : leap + 1] = False
        segment[first], step[first] = MEASURED, curve.step[first : leap + 1].sum()
        if is_told:
            events.append(Event("register_caught_up", int(at[leap + 1]), float(curve.step[leap])))
    # A kept knot begins its segment; the last knot begins none.
    starts = keep[:-1]
    return replace(
        curve, at_ms=at[keep], step=step[starts], segment=segment[starts], events=tuple(events)
    )
