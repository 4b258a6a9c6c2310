"""A cumulative curve of use, and what it says between any instants. Pure numpy.

A register, an integrated power and the deposits of a bin all end up as one `UseCurve`: how
much was used up to each knot, and how well each segment between two knots is known. Totals
of hours, days and months are differences on that one curve, so they always agree.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.uint8]

MEASURED, UNKNOWN, DOUBTFUL, INTERPOLATED, LINEAR, SIMILAR_DAY, PROFILE = range(7)
"""How a segment is known. LINEAR, SIMILAR_DAY and PROFILE were filled by that method."""

CODE_OF_SEGMENT = {
    MEASURED: "measured",
    UNKNOWN: "missing",
    DOUBTFUL: "doubtful",
    INTERPOLATED: "interpolated",
    LINEAR: "filled_linear",
    SIMILAR_DAY: "filled_similar_day",
    PROFILE: "filled_profile",
}
_IS_MISSING = np.array([False, True, True, False, False, False, False])
_IS_ESTIMATED = np.array([False, False, False, True, True, True, True])

SLIGHT_SHARE = 0.05
"""An interval is called measured while less than this share of its time is estimated."""


def flagged_runs(flag: npt.NDArray[np.bool_]) -> tuple[Ints, Ints]:
    """First and (excluded) last index of each run of flagged segments.

    >>> flagged_runs(np.array([True, True, False, True]))
    (array([0, 3]), array([2, 4]))
    """
    edges = np.flatnonzero(np.diff(np.concatenate(([0], flag.astype(np.int8), [0]))))
    return edges[::2], edges[1::2]


def noise(value: Floats | float) -> Floats | float:
    """What rounding alone may take off a register of this height."""
    return 1e-9 * (value + 1.0)


@dataclass(frozen=True, slots=True)
class Event:
    """Something noteworthy at one instant of a series: `code` is a finding's code.

    `amount` is in the series' unit (0 where none applies).
    """

    code: str
    at_ms: int
    amount: float = 0.0


@dataclass(frozen=True, slots=True)
class UseCurve:
    """Cumulative use of one series.

    `at_ms` int64[n], strictly increasing; `step` float64[n-1], the use of each segment between
    two knots in the series' unit after the multiplier, 0 where it is not known; `segment`
    uint8[n-1], how each is known.
    """

    at_ms: Ints
    step: Floats
    segment: Codes
    events: tuple[Event, ...] = ()

    @property
    def use(self) -> Floats:
        """Cumulative known use at each knot, float64[n], from 0."""
        return np.concatenate(([0.0], np.cumsum(self.step)))[: self.at_ms.size]

    @classmethod
    def empty(cls) -> "UseCurve":
        return cls(np.empty(0, np.int64), np.empty(0), np.empty(0, np.uint8))

    @property
    def first_ms(self) -> int | None:
        return int(self.at_ms[0]) if self.at_ms.size else None

    @property
    def last_ms(self) -> int | None:
        return int(self.at_ms[-1]) if self.at_ms.size else None


@dataclass(frozen=True, slots=True)
class GridUse:
    """Use in each interval of a grid, with evidence.

    `use` float64[k] is the known use, NaN where nothing is known. The shares of time
    `measured`, `estimated`, `missing` sum to 1 in every interval (an empty interval counts
    as missing); `doubtful` is the part of `missing` that was set aside. `code` holds one of
    `domain.quality` per interval.
    """

    use: Floats
    measured: Floats
    estimated: Floats
    missing: Floats
    doubtful: Floats
    code: npt.NDArray[Any]

    def __len__(self) -> int:
        return int(self.use.size)


def on_grid(curve: UseCurve, edges_ms: Ints, max_gap_ms: int) -> GridUse:
    """The use in each interval [edges[k], edges[k+1]).

    An edge between two readings at most `max_gap_ms` apart is interpolated linearly, and the
    time up to those readings counts as estimated. A longer gap of known difference is
    measured for an interval that contains all of it, and missing for one that cuts it.
    Wherever nothing is missing, the use of a partition sums to the use of the whole. What an
    interval gets depends on the readings in and next to it alone, to the last bit: a late
    reading elsewhere changes nothing here.
    """
    edges = np.asarray(edges_ms, dtype=np.int64)
    if edges.size < 2:
        return _nothing(0)
    if curve.at_ms.size < 2:
        return _nothing(edges.size - 1)
    knots = _Knots(curve, edges, max_gap_ms)
    use, estimated, missing = knots.between()
    span = np.diff(edges)
    doubtful = knots.time_as(edges, DOUBTFUL)
    return _with_shares(knots, edges, use, (span, estimated, missing, doubtful))


class _Knots:
    """The curve with unknown ends beyond its first and last knot, and the edges found in it."""

    def __init__(self, curve: UseCurve, edges: Ints, max_gap_ms: int) -> None:
        before = min(edges[0], curve.at_ms[0]) - 1
        after = max(edges[-1], curve.at_ms[-1]) + 1
        self.at = np.concatenate(([before], curve.at_ms, [after]))
        self.step = np.concatenate(([0.0], curve.step, [0.0]))
        self.segment = np.concatenate(([UNKNOWN], curve.segment, [UNKNOWN])).astype(np.uint8)
        self.length = np.diff(self.at)
        self.missing = _IS_MISSING[self.segment]
        self.estimated = _IS_ESTIMATED[self.segment]
        self.smooth = self.estimated | (~self.missing & (self.length <= max_gap_ms))
        self.edges = edges
        self.where = np.searchsorted(self.at, edges, side="right") - 1

    def between(self) -> tuple[Floats, Ints, Ints]:
        """Known use, estimated and missing milliseconds of each interval."""
        i, j = self.where[:-1], self.where[1:]
        a, b = self.edges[:-1], self.edges[1:]
        inside = self.at[self.where] != self.edges
        smooth = self.smooth[self.where]
        gone = (self.edges - self.at[self.where]) / self.length[self.where]
        before = np.where(smooth, gone * self.step[self.where], 0.0)
        after = np.where(
            smooth, (1.0 - gone) * self.step[self.where], self.step[self.where] * ~inside
        )
        whole_use = _sums_between(self.step, i, j)
        use = np.where(
            i == j, self.step[i] * (gone[1:] - gone[:-1]), after[:-1] + whole_use + before[1:]
        )

        head, tail = self.at[i + 1] - a, b - self.at[j]
        whole = self._whole_segments(i, j)
        inside_a, inside_b = inside[:-1], inside[1:]
        known_a, known_b = smooth[:-1], smooth[1:]
        est_a = self.estimated[i] | (known_a & inside_a)
        mis_a = self.missing[i] | (~known_a & inside_a)
        estimated = whole(self.estimated) + head * est_a + tail * (known_b & inside_b)
        missing = whole(self.missing) + head * mis_a + tail * (~known_b & inside_b)
        same = i == j
        estimated = np.where(same, (b - a) * known_a, estimated)
        missing = np.where(same, (b - a) * ~known_a, missing)
        return use, estimated.astype(np.int64), missing.astype(np.int64)

    def _whole_segments(self, i: Ints, j: Ints) -> Any:
        """A function: milliseconds of flagged segments that lie wholly after i and before j."""

        def total(flag: npt.NDArray[np.bool_]) -> Ints:
            if not flag.any():
                return np.zeros(i.size, np.int64)
            run = np.concatenate(([0], np.cumsum(self.length * flag)))
            return np.asarray(run[j] - run[np.minimum(i + 1, j)], dtype=np.int64)

        return total

    def time_as(self, edges: Ints, code: int) -> Ints:
        """Milliseconds each interval spends in segments of one code."""
        flag = self.segment == code
        if not flag.any():
            return np.zeros(edges.size - 1, np.int64)
        run = np.concatenate(([0], np.cumsum(self.length * flag)))
        at_edge = run[self.where] + (edges - self.at[self.where]) * flag[self.where]
        return np.asarray(np.diff(at_edge), dtype=np.int64)


def _sums_between(step: Floats, i: Ints, j: Ints) -> Floats:
    """Σ step[i + 1 : j] for each pair; 0 where that is empty."""
    start = np.minimum(i + 1, step.size - 1)
    both = np.column_stack((start, j)).ravel()
    sums = np.add.reduceat(step, both)[::2]
    return np.where(j > i + 1, sums, 0.0)


def _with_shares(
    knots: _Knots, edges: Ints, use: Floats, times: tuple[Ints, Ints, Ints, Ints]
) -> GridUse:
    span, estimated, missing, doubtful = times
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = [np.where(span > 0, x / span, 0.0) for x in (estimated, missing, doubtful)]
    est, mis, doubt = shares
    mis = np.where(span > 0, mis, 1.0)
    known = missing < span
    result = GridUse(
        use=np.where(known, use, np.nan),
        measured=np.maximum(1.0 - est - mis, 0.0),
        estimated=est,
        missing=mis,
        doubtful=doubt,
        code=np.select(
            [doubt >= SLIGHT_SHARE, ~known, mis > 0, est < SLIGHT_SHARE],
            ["doubtful", "missing", "partial", "measured"],
            default="interpolated",
        ).astype(object),
    )
    _name_fillings(knots, edges, result, estimated)
    return result


def _name_fillings(knots: _Knots, edges: Ints, result: GridUse, estimated: Ints) -> None:
    """Where half of the estimated time was filled by one method, its code says so."""
    if not knots.estimated.any():
        return
    for code in (LINEAR, SIMILAR_DAY, PROFILE):
        mostly = knots.time_as(edges, code) * 2 >= np.maximum(estimated, 1)
        result.code[mostly & (result.code == "interpolated")] = CODE_OF_SEGMENT[code]


def _nothing(size: int) -> GridUse:
    zero = np.zeros(size)
    return GridUse(
        use=np.full(size, np.nan),
        measured=zero,
        estimated=zero,
        missing=np.ones(size),
        doubtful=zero,
        code=np.full(size, "missing", dtype=object),
    )


def mean_shares(grids: Sequence[GridUse], weight: Floats) -> dict[str, Floats]:
    """The mean of each share over several grids, by interval; `weight` has a row for each grid
    and a column for each interval, which may be fewer than a grid has. 0 where nothing weighs."""
    total = np.maximum(weight.sum(axis=0), 1.0)
    width = weight.shape[1]
    return {
        share: (np.array([getattr(g, share)[:width] for g in grids]) * weight).sum(axis=0) / total
        for share in ("measured", "estimated", "missing", "doubtful")
    }
