"""Register readings of one meter → a curve of use. Pure numpy; any order of arrival.

A register only grows. Whatever contradicts that is either explained (rollover, replacement),
dropped (a single wrong reading), or leaves a segment of unknown use (reset, jump): never a
spike and never a zero. What happened is told as events.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from config.processing import processing_settings
from domain.calendar import HOUR_MS
from processing.curves.curve import (
    DOUBTFUL,
    INTERPOLATED,
    MEASURED,
    UNKNOWN,
    Codes,
    Event,
    Floats,
    Ints,
    UseCurve,
)
from processing.curves.judge import Judge
from processing.curves.register_spec import PLAIN, RegisterRules, RegisterSpec, Swap, default_rules
from processing.curves.standstill import join_standstills


def use_curve(
    at_ms: npt.ArrayLike,
    value: npt.ArrayLike,
    spec: RegisterSpec = PLAIN,
    rules: RegisterRules | None = None,
) -> UseCurve:
    """The curve of use behind the readings, which may come in any order and repeatedly."""
    rules = rules or default_rules()
    at, register, events = _tidy(np.asarray(at_ms, np.int64), np.asarray(value, np.float64))
    if at.size == 0:
        return UseCurve.empty()
    if not spec.swaps:
        at, step, segment, found = _one_register(at, register, spec, rules)
    else:
        at, step, segment, found = _several_registers(at, register, spec, rules)
    at, step, segment = _multiplied(at, step, segment, spec.multiplier, rules)
    return join_standstills(UseCurve(at, step, segment, (*events, *found)))


def _tidy(at: Ints, value: Floats) -> tuple[Ints, Floats, list[Event]]:
    """Finite readings sorted by time, one for each instant (of different ones, the lowest)."""
    finite = np.isfinite(value)
    if not finite.all():
        at, value = at[finite], value[finite]
    if at.size < 2 or (np.diff(at) > 0).all():
        return at, value, []
    order = np.lexsort((value, at))
    at, value = at[order], value[order]
    again = np.concatenate(([False], np.diff(at) == 0))
    differs = again & np.concatenate(([False], np.diff(value) != 0))
    events = [Event("conflicting_readings", int(t)) for t in np.unique(at[differs])]
    return at[~again], value[~again], events


_Steps = tuple[Ints, Floats, Codes, list[Event]]


def _one_register(at: Ints, value: Floats, spec: RegisterSpec, rules: RegisterRules) -> _Steps:
    """Knots that count, the use between them (in register units) and how it is known."""
    judge = _judge(at, value, spec, rules)
    if not judge.settle():
        return at, np.diff(value), np.zeros(max(at.size - 1, 0), np.uint8), []
    if not judge.keep.all():
        # What turned out to be wrong may have made other wrong steps look like habits.
        judge = _judge(at, value, spec, rules, wrong=~judge.keep)
        judge.settle()
    kept = np.flatnonzero(judge.keep)
    step = np.diff(value[kept])
    segment = np.full(step.size, MEASURED, np.uint8)
    for start, end in judge.doubtful():
        part = slice(*np.searchsorted(kept, (start, end)).tolist())
        segment[part], step[part] = DOUBTFUL, 0.0
    place = np.searchsorted(kept, np.array(sorted(judge.unknown), np.int64))
    segment[place - 1], step[place - 1] = UNKNOWN, 0.0
    place = np.searchsorted(kept, np.array(sorted(judge.rolled), np.int64))
    step[place - 1] += spec.size or 0.0
    return at[kept], step, segment, judge.events


def _judge(
    at: Ints,
    value: Floats,
    spec: RegisterSpec,
    rules: RegisterRules,
    wrong: npt.NDArray[np.bool_] | None = None,
) -> Judge:
    return Judge(
        at,
        value,
        spec.size,
        _rate_per_ms(spec, rules),
        rules,
        processing_settings().habits,
        None if spec.unproven_rate_per_h is None else spec.unproven_rate_per_h / HOUR_MS,
        np.isin(at, spec.pinned_ms),
        wrong,
    )


def _rate_per_ms(spec: RegisterSpec, rules: RegisterRules) -> float | None:
    """What the branch can carry, in register units, with the factor for short peaks."""
    if spec.max_rate_per_h is None:
        return None
    factor = min((m for _, m in spec.multiplier), default=1.0)
    return spec.max_rate_per_h * rules.spike_factor / factor / HOUR_MS


def _several_registers(at: Ints, value: Floats, spec: RegisterSpec, rules: RegisterRules) -> _Steps:
    """As `_one_register` for a meter that was replaced once or more.

    Old and new meter may both report for a while: a reading on the wrong side of the swap
    that fits the other register better is left out.
    """
    swaps = sorted(spec.swaps)
    epochs: list[_Steps] = []
    for k in range(len(swaps) + 1):
        opening = swaps[k - 1] if k else None
        closing = swaps[k] if k < len(swaps) else None
        epochs.append(_epoch(at, value, opening, closing, spec, rules))
    times, steps, segments, events = zip(*epochs, strict=True)
    joined_at = [times[0]]
    joined_step, joined_segment = [steps[0]], [segments[0]]
    told = list(events[0])
    for swap, t, s, g, e in zip(swaps, times[1:], steps[1:], segments[1:], events[1:], strict=True):
        joined_at.append(t[1:] if joined_at[-1].size else t)  # the swap is a knot of both
        joined_step.append(s)
        joined_segment.append(g)
        told += [Event("meter_replaced", swap.at_ms), *e]
    return (
        np.concatenate(joined_at),
        np.concatenate(joined_step),
        np.concatenate(joined_segment),
        told,
    )


def _epoch(
    at: Ints,
    value: Floats,
    opening: Swap | None,
    closing: Swap | None,
    spec: RegisterSpec,
    rules: RegisterRules,
) -> _Steps:
    """The steps of one register between two swaps, the swaps themselves being knots."""
    inside = np.ones(at.size, dtype=bool)
    if opening is not None:
        inside &= (at > opening.at_ms) & ~_of_other(at, value, opening, -1, spec, rules)
    if closing is not None:
        inside &= (at < closing.at_ms) & ~_of_other(at, value, closing, +1, spec, rules)
    knots, register = at[inside], value[inside]
    unknown_end = closing is not None and not np.isfinite(closing.final)
    if opening is not None:
        knots = np.concatenate(([opening.at_ms], knots))
        register = np.concatenate(([opening.initial], register))
    if closing is not None and (knots.size or not unknown_end):
        final = closing.final if not unknown_end else register[-1]
        knots = np.concatenate((knots, [closing.at_ms]))
        register = np.concatenate((register, [final]))
    knots, step, segment, events = _one_register(knots, register, spec, rules)
    if unknown_end and segment.size:
        segment[-1], step[-1] = UNKNOWN, 0.0
    return knots, step, segment, events


def _of_other(
    at: Ints, value: Floats, swap: Swap, side: int, spec: RegisterSpec, rules: RegisterRules
) -> npt.NDArray[np.bool_]:
    """Which readings near a swap come from the register on its other side (−1 old, +1 new).

    Such a reading lies within a hundredth of the registers' distance of the other's value at
    the swap, and the branch could not have brought the own register there.
    """
    own, other = (swap.initial, swap.final) if side < 0 else (swap.final, swap.initial)
    if not (np.isfinite(own) and np.isfinite(other)):
        return np.zeros(value.size, dtype=bool)
    away = np.abs(at - swap.at_ms)
    near = (away <= rules.longest_overlap_ms) & (np.abs(value - other) < 0.01 * abs(own - other))
    near &= ~np.isin(at, spec.pinned_ms)
    rate = _rate_per_ms(spec, rules)
    if rate is None or not near.any():
        return near
    moved = (own - value) * side
    if spec.size is not None:
        moved = moved % spec.size
    own_way = (moved >= 0) & (moved <= rate * np.maximum(away, rules.shortest_ms))
    return np.asarray(near & ~own_way)


def _multiplied(
    at: Ints,
    step: Floats,
    segment: Codes,
    history: Sequence[tuple[int, float]],
    rules: RegisterRules,
) -> tuple[Ints, Floats, Codes]:
    """Steps times the factor that held, splitting a step at the instant a factor changed."""
    if not history:
        return at, step, segment
    changes = [t for t, _ in history[1:] if at[0] < t < at[-1] and t not in at]
    for change in changes:
        k = int(np.searchsorted(at, change)) - 1
        length = at[k + 1] - at[k]
        part = step[k] * (change - at[k]) / length
        code = segment[k] if segment[k] != MEASURED else INTERPOLATED
        if length > rules.max_gap_ms and code == INTERPOLATED:
            code = UNKNOWN
        pieces = (0.0, 0.0) if code == UNKNOWN else (part, step[k] - part)
        at = np.insert(at, k + 1, change)
        step = np.concatenate((step[:k], pieces, step[k + 1 :]))
        segment = np.concatenate((segment[:k], [code, code], segment[k + 1 :])).astype(np.uint8)
    starts = np.array([t for t, _ in history], np.int64)
    factors = np.array([f for _, f in history])
    which = np.maximum(np.searchsorted(starts, at[:-1], side="right") - 1, 0)
    return at, step * factors[which], segment
