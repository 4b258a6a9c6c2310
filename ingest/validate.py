"""Validation at the edge: what passes here is a reading, the rest is kept aside with its reason."""

import math
import sys
from collections.abc import Container, Sequence
from dataclasses import dataclass
from datetime import datetime

from config.limits import FUTURE_SKEW_S, OLDEST_AT
from domain.calendar import from_ms, to_ms
from domain.quantities import QUANTITIES
from domain.readings import Reading
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


def validate(
    readings: Sequence[Reading], devices: Container[str], limits: Limits, now_ms: int
) -> tuple[Sequence[Reading], list[tuple[int, Reject]]]:
    """The readings that may be stored, and the positions of the others each with its reason.

    `devices` are the registered ones. Codes: ``unknown_device``, ``unknown_quantity``,
    ``not_finite``, ``out_of_limits``, ``future_time``, ``ancient_time``.
    """
    oldest = to_ms(limits.oldest_at)
    newest = now_ms + int(limits.future_skew_s * 1000)
    bounds = _BOUNDS
    bad: list[tuple[int, Reject]] = []
    for i, (device, quantity, at_ms, value) in enumerate(readings):
        low, high = bounds.get(quantity, _NOTHING)
        # NaN fails the comparison with either bound; infinities are beyond every bound.
        if not (low <= value <= high and oldest <= at_ms <= newest and device in devices):
            bad.append((i, _reason(readings[i], devices, oldest, newest)))
    if not bad:
        return readings, bad
    wrong = {i for i, _ in bad}
    return [r for i, r in enumerate(readings) if i not in wrong], bad


_NOTHING = (math.inf, -math.inf)


def _reason(reading: Reading, devices: Container[str], oldest: int, newest: int) -> Reject:
    device, quantity, at_ms, value = reading
    if device not in devices:
        return Reject(device, "unknown_device", f"{device} is not in the registry")
    if quantity not in _BOUNDS:
        return Reject(device, "unknown_quantity", f"{quantity} is not a quantity")
    if not math.isfinite(value):
        return Reject(device, "not_finite", f"{quantity} is {value}")
    if at_ms > newest:
        return Reject(device, "future_time", f"{quantity} at {_instant(at_ms)}")
    if at_ms < oldest:
        return Reject(device, "ancient_time", f"{quantity} at {_instant(at_ms)}")
    low, high = _BOUNDS[quantity]
    unit = QUANTITIES[quantity].unit
    return Reject(device, "out_of_limits", f"{quantity} {value:g} {unit} not in {low:g} … {high:g}")


def _instant(at_ms: int) -> str:
    try:
        return from_ms(at_ms).isoformat(timespec="seconds")
    except OverflowError:
        return f"{at_ms} ms"
