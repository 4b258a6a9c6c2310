"""Validation at the edge: what passes here is a reading, the rest is kept aside with its reason."""

import sys
from collections.abc import Container, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import inf, isfinite

from config.limits import FUTURE_SKEW_S, OLDEST_AT
from domain.calendar import from_ms, to_ms
from domain.quantities import QUANTITIES
from domain.readings import Reading, Run, runs_of
from ingest.decode.base import Reject

_BOUNDS = {
    name: (
        -sys.float_info.max if q.minimum is None else q.minimum,
        sys.float_info.max if q.maximum is None else q.maximum,
    )
    for name, q in QUANTITIES.items()
}


@dataclass(frozen=True, slots=True)
class Limits:
    """Which times are believed: from `oldest_at` to `future_skew_s` after now, both included."""

    future_skew_s: float = FUTURE_SKEW_S
    oldest_at: datetime = OLDEST_AT


def doubtful(
    runs: Sequence[Run], devices: Container[str], limits: Limits, now_ms: int
) -> list[int]:
    """The positions of the runs that may hold something `validate` keeps out.

    The others are fine as a whole. `devices` are the registered ones. No run is empty.
    """
    oldest, newest = _span(limits, now_ms)
    bounds = _BOUNDS
    return [
        i
        for i, (device, quantity, at_ms, value) in enumerate(runs)
        if not (
            device in devices
            and (within := bounds.get(quantity, _NOTHING))[0] <= min(value)
            and max(value) <= within[1]
            and isfinite(sum(value))  # a NaN may hide from the bounds
            # Times mostly come in order: sorting them then is faster than min and max.
            and oldest <= (ordered := sorted(at_ms))[0]
            and ordered[-1] <= newest
        )
    ]


def validate(
    runs: Sequence[Run],
    suspects: Sequence[int],
    devices: Container[str],
    limits: Limits,
    now_ms: int,
) -> tuple[Sequence[Run], list[tuple[int, Reading, Reject]]]:
    """What may be stored; and each other reading with the position of its run and its reason.

    `suspects` are the positions of the doubtful runs. Codes: ``unknown_device``,
    ``unknown_quantity``, ``not_finite``, ``out_of_limits``, ``future_time``, ``ancient_time``.
    """
    if not suspects:
        return runs, []
    oldest, newest = _span(limits, now_ms)
    good, bad = dict(enumerate(runs)), []
    for i in suspects:
        said = [(r, _reason(r, devices, oldest, newest)) for r in good.pop(i).readings()]
        bad += [(i, reading, reject) for reading, reject in said if reject]
        fine = runs_of(reading for reading, reject in said if not reject)
        good.update((i, run) for run in fine)
    return [good[i] for i in sorted(good)], bad


def _span(limits: Limits, now_ms: int) -> tuple[int, int]:
    return to_ms(limits.oldest_at), now_ms + int(limits.future_skew_s * 1000)


_NOTHING = (inf, -inf)


def _reason(reading: Reading, devices: Container[str], oldest: int, newest: int) -> Reject | None:
    """Why a reading may not be stored; None when it may."""
    device, quantity, at_ms, value = reading
    if device not in devices:
        return Reject(device, "unknown_device", f"{device} is not in the registry")
    if quantity not in _BOUNDS:
        return Reject(device, "unknown_quantity", f"{quantity} is not a quantity")
    if not isfinite(value):
        return Reject(device, "not_finite", f"{quantity} is {value}")
    if at_ms > newest:
        return Reject(device, "future_time", f"{quantity} at {_instant(at_ms)}")
    if at_ms < oldest:
        return Reject(device, "ancient_time", f"{quantity} at {_instant(at_ms)}")
    low, high = _BOUNDS[quantity]
    if low <= value <= high:
        return None
    unit = QUANTITIES[quantity].unit
    return Reject(device, "out_of_limits", f"{quantity} {value:g} {unit} not in {low:g} … {high:g}")


def _instant(at_ms: int) -> str:
    try:
        return from_ms(at_ms).isoformat(timespec="seconds")
    except OverflowError:
        return f"{at_ms} ms"
