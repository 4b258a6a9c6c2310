"""Measured states (temperature, irradiance, power) over time: means and integrals, with gaps."""

import numpy as np
import numpy.typing as npt

from domain.calendar import HOUR_MS
from processing.curves.curve import MEASURED, UNKNOWN, Event, Floats, Ints, UseCurve, on_grid

MAX_TEMPERATURE_GAP_MS = 6 * HOUR_MS
"""Temperature gaps up to six hours are interpolated (CalTRACK 2.2.2)."""
_NO_CUT = 2**62


def integral_curve(
    at_ms: npt.ArrayLike, value: npt.ArrayLike, max_gap_ms: int = 2 * HOUR_MS
) -> UseCurve:
    """The integral of a state over time (its unit × hours), by the trapezoidal rule.

    Between readings further apart than `max_gap_ms` nothing is known. Readings may come in
    any order; of several at one instant their mean counts.
    """
    at, values = np.asarray(at_ms, np.int64), np.asarray(value, np.float64)
    good = np.isfinite(values)
    at, values = at[good], values[good]
    if at.size and not (np.diff(at) > 0).all():
        at, where = np.unique(at, return_inverse=True)
        values = np.bincount(where, weights=values) / np.bincount(where)
    if at.size < 2:
        return UseCurve.empty()
    length = np.diff(at)
    segment = np.where(length <= max_gap_ms, MEASURED, UNKNOWN).astype(np.uint8)
    step = (values[1:] + values[:-1]) / 2 * length / HOUR_MS
    step[segment == UNKNOWN] = 0.0
    return UseCurve(at, step, segment)


def believed(
    at_ms: Ints, value: Floats, low: float, high: float
) -> tuple[Ints, Floats, tuple[Event, ...]]:
    """The readings within [low, high], and the others as events ``reading_dropped``.

    A state has no register to set it right: what the thing measured cannot do was never so,
    and is left out as if it had not come.
    """
    at, values = np.asarray(at_ms, np.int64), np.asarray(value, np.float64)
    good = (values >= low) & (values <= high)
    if good.all():
        return at, values, ()
    gone = zip(at[~good].tolist(), values[~good].tolist(), strict=True)
    return at[good], values[good], tuple(Event("reading_dropped", t, v) for t, v in gone)


def mean_on_grid(integral: UseCurve, edges_ms: Ints) -> tuple[Floats, Floats]:
    """Mean of a state in each interval, over the time it is known, and the share of that time.

    NaN where nothing is known.
    """
    grid = on_grid(integral, edges_ms, _NO_CUT)
    known_h = (1.0 - grid.missing) * np.diff(edges_ms) / HOUR_MS
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.where(known_h > 0, grid.use / known_h, np.nan)
    return mean, 1.0 - grid.missing


def daily_mean(integral: UseCurve, edges_ms: Ints, least_share: float = 0.5) -> Floats:
    """Mean of each day; NaN where less than `least_share` of it is known (CalTRACK 2.2.4)."""
    mean, share = mean_on_grid(integral, edges_ms)
    return np.where(share >= least_share, mean, np.nan)
