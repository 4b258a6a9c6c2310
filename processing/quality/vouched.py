"""What a person stands for is believed: no plausibility of a device's overrules it. Pure."""

import numpy as np

from processing.curves.curve import Event, Floats, Ints
from processing.curves.measured_states import believed


def believed_but(
    vouched_ms: Ints, at_ms: Ints, value: Floats, low: float, high: float
) -> tuple[Ints, Floats, tuple[Event, ...]]:
    """As `believed`, and the readings at `vouched_ms` whatever they say."""
    at, values, dropped = believed(at_ms, value, low, high)
    if vouched_ms.size == 0 or not dropped:
        return at, values, dropped
    kept = np.isin(at_ms, vouched_ms) & ~np.isin(at_ms, at)
    at = np.concatenate((at, np.asarray(at_ms)[kept]))
    values = np.concatenate((values, np.asarray(value)[kept]))
    order = np.argsort(at, kind="stable")
    still = tuple(e for e in dropped if e.at_ms not in set(vouched_ms.tolist()))
    return at[order], values[order], still
