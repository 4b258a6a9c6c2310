"""Which of a register's readings tell one story: the cheapest chain of runs. Pure numpy.

Readings between two cuts (steps that no growing register makes) form a run. A chain goes from run
to run; what it passes over was wrong, and where two of its runs do not fit together the register
itself changed (a reset, a replacement, a jump). Passing over costs the readings that are given up,
a change costs as much as `CHANGE` of them, so the story with the fewest wrong words wins: single
zeros at every start of an inverter, an hour or a month of a sentinel, a slip of the unit that
comes back, noise of a dying device; but a new register that keeps counting is a new register.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from processing.curves.curve import Floats, Ints

Bools = npt.NDArray[np.bool_]

CHANGE = 3.5
"""A change of the register is as dear as giving up so many readings."""
CONSTANT, ODD, CROWD = 1.0, 0.04, 0.05
"""What giving up costs: a run that never moves (of any length), a value that firmware writes for
"no value", and each further reading of a crowd in which no two neighbours fit together."""
AT_THE_ENDS = 4.0
"""So much dearer is giving up readings before the first run or after the last: nothing on the other
side speaks against them."""
_RESTS = 3
"""So many readings of one number in a row are a rest."""
HELD = 1e9
"""Dearer than anything: a run that a person stands for."""
_REACH = 1500
"""No chain passes over more runs at a time than this."""
_PARTS = 12
"""An excursion of more changes than this is none."""
_OUTWEIGHED = 5
"""A way back undoes no more than so many readings for each of its own."""

Fits = Callable[[Ints, int], Bools]
"""(earlier runs, later run) → whether the register can have gone from the one to the other."""


@dataclass(frozen=True, slots=True)
class Runs:
    """Runs of readings: index of the first and of the last reading of each, int64[m]."""

    first: Ints
    last: Ints

    def __len__(self) -> int:
        return int(self.first.size)


def runs_between(cuts: Ints, size: int) -> Runs:
    """The runs of `size` readings, where `cuts` are the steps (k → k + 1) between two of them."""
    return Runs(np.concatenate(([0], cuts + 1)), np.concatenate((cuts, [size - 1])))


def other_edges(step: Floats, falls: Bools, glitch: int) -> Bools:
    """The rises that are of a fall's size: the other edge of an excursion, at most `glitch` steps
    from the fall, or where the register begins to stand still at its height before the fall, or
    ends to after."""
    found = np.zeros(step.size, dtype=bool)
    moves = np.flatnonzero(step != 0)
    for k in np.flatnonzero(falls).tolist():
        size = -0.5 * step[k]
        low, high = max(0, k - glitch), k + glitch + 1
        found[low:high] |= step[low:high] >= size
        place = int(np.searchsorted(moves, k))
        for other in (place - 1, place + 1):
            if 0 <= other < moves.size and step[moves[other]] >= size:
                found[moves[other]] = True
    return found


def rest_ends(value: Floats, leaps: Bools) -> Bools:
    """The steps that end a rest of some readings behind a leap: a number that somebody repeated
    until the register had come so far looks like one register with it."""
    found = np.zeros(leaps.size, dtype=bool)
    moves = np.flatnonzero(np.diff(value) != 0)
    for k in np.flatnonzero(leaps).tolist():
        place = int(np.searchsorted(moves, k, side="right"))
        if place < moves.size and moves[place] - k >= _RESTS:
            found[moves[place]] = True
    return found


def weights(runs: Runs, value: Floats, pinned: Bools, cheap: Bools) -> Floats:
    """What giving up each run costs, float64[m]. `cheap`: runs known to be another's copy in a
    wrong unit. A run with a `pinned` reading (a person said it) is never given up."""
    count = (runs.last - runs.first + 1).astype(np.float64)
    odd = say_nothing(runs, value)
    cost = np.where(value[runs.last] != value[runs.first], count, CONSTANT)
    cost = np.where(odd, ODD, cost)
    single = count == 1
    # A crowd: more than a few single readings in a row, none fitting its neighbour.
    place = np.arange(single.size)
    since = place - np.maximum.accumulate(np.where(single, -1, place))
    crowd = np.where(odd, CROWD / 5, CROWD)
    cost = np.where(single & (since > CHANGE), np.minimum(cost, crowd), cost)
    cost = np.where(cheap, np.minimum(cost, CROWD), cost) + 1e-6 * count
    held = np.add.reduceat(pinned, runs.first) > 0
    return np.where(held, HELD, cost)


def say_nothing(runs: Runs, value: Floats) -> Bools:
    """Runs of nothing but one value that firmware writes for "no value"."""
    first = value[runs.first]
    return np.asarray((value[runs.last] == first) & is_odd(first), dtype=bool)


def told(
    chain: list[int], breaks: list[int], runs: Runs, value: Floats, held: Bools, fits: Fits
) -> list[list[int]]:
    """A chain, parted where the register changed, without what says nothing: between readings that
    cannot be, however many, no value is none still, and so is one that comes now and then.
    `held`: runs that a person stands for."""
    at = [chain.index(r) for r in breaks]
    parts = [chain[i:j] for i, j in zip([0, *at], [*at, len(chain)], strict=True)]
    nothing = say_nothing(runs, value) & ~held
    heard = [_heard(part, runs, value, held) for part in parts if not nothing[part].all()]
    left = [part for part in heard if part] or parts
    found = left[:1]
    for part in left[1:]:
        if fits(np.array(found[-1][-1:]), part[0])[0]:
            found[-1] = found[-1] + part
        else:
            found.append(part)
    return found


def without_excursions(
    parts: list[list[int]], runs: Runs, value: Floats, held: Bools, fits: Fits
) -> tuple[list[list[int]], set[int]]:
    """The parts of a story without those from which the register came back, whatever they said, and
    the runs with which it did. `held`: runs that a person stands for."""
    found, returned, k = parts[:1], set[int](), 1
    while k < len(parts):
        back = _way_back(found[-1], parts[k : k + _PARTS], runs, value, held, fits)
        if back:
            k += back
            returned.add(parts[k][0])
            found[-1] = found[-1] + parts[k]
        else:
            found.append(parts[k])
        k += 1
    return found, returned


def _way_back(
    part: list[int], parts: list[list[int]], runs: Runs, value: Floats, held: Bools, fits: Fits
) -> int:
    """The first of the later parts in which the register goes on from a part, by more than what is
    between counted and after saying less than it had: a meter that counts in another's place is no
    excursion, nor is a leap to a height on the way, nor do a few last words undo months. 0: none."""
    before = float(value[runs.last[part[-1]]])
    counted, left, lowest = 0.0, _said(part, runs), np.inf  # … where the lowest above it ends
    for k, (gone, back) in enumerate(pairwise(parts), start=1):
        left -= _said(gone, runs)
        if held[gone].any() or left <= 0:
            break
        first, end = float(value[runs.first[gone[0]]]), float(value[runs.last[gone[-1]]])
        if first >= before:
            lowest = min(lowest, end)
        counted += end - first
        there = float(value[runs.first[back[0]]])
        goes_on = there - before > counted and lowest > there
        has_weight = _OUTWEIGHED * _said(back, runs) >= sum(_said(some, runs) for some in parts[:k])
        if goes_on and has_weight and fits(np.array(part[-1:]), back[0])[0]:
            return k
    return 0


def _said(part: list[int], runs: Runs) -> int:
    """How many readings a part holds."""
    return int((runs.last[part] - runs.first[part] + 1).sum())


def _heard(part: list[int], runs: Runs, value: Floats, held: Bools) -> list[int]:
    """Those of some runs that are not always the same value among more that were passed over."""
    first, last = runs.first[part], runs.last[part]
    still = value[first] == value[last]
    again = still[1:] & still[:-1] & (value[first[1:]] == value[first[:-1]])
    group = np.concatenate(([0], np.cumsum(~again)))
    starts = np.flatnonzero(np.concatenate(([True], ~again)))
    count = np.add.reduceat(last - first + 1, starts)
    spans = np.maximum.reduceat(last, starts) - first[starts] + 1
    stays = (2 * count >= spans) | np.logical_or.reduceat(held[part], starts)
    return [r for r, k in zip(part, group.tolist(), strict=True) if stays[k]]


def best_chain(cost: Floats, fits: Fits) -> tuple[list[int], list[int]]:
    """The runs of the cheapest chain, and those of them before which the register changed."""
    size = cost.size
    total = np.concatenate(([0.0], np.cumsum(cost)))
    best = np.empty(size)
    came_from = np.full(size, -1, np.int64)
    changed = np.zeros(size, dtype=bool)
    for j in range(size):
        best[j] = total[j] * AT_THE_ENDS
        low = max(0, j - _REACH)
        if low == j:
            continue
        earlier = np.arange(low, j)
        fit = fits(earlier, j)
        found = best[low:j] + (total[j] - total[low + 1 : j + 1]) + np.where(fit, 0.0, CHANGE)
        # Of equals the nearest: it passes over least.
        i = j - 1 - int(np.argmin(found[::-1]))
        if found[i - low] <= best[j]:
            best[j], came_from[j], changed[j] = found[i - low], i, not fit[i - low]
    j = size - 1 - int(np.argmin((best + (total[-1] - total[1:]) * AT_THE_ENDS)[::-1]))
    chain, breaks = [], []
    while j >= 0:
        chain.append(j)
        if changed[j]:
            breaks.append(j)
        j = int(came_from[j])
    return chain[::-1], breaks[::-1]


def is_odd(value: Floats) -> Bools:
    """Whether values are what firmware writes for "no value": 0, less than nothing, and the largest numbers of 16,
    24, 32, 63 and 64 bits, signed or not, and nothing but nines, in units down to a ten-thousandth."""
    found = value <= 0
    with np.errstate(over="ignore"):
        for power in range(5):
            scaled = np.abs(value) * 10.0**power
            for end in _ENDS:
                found |= np.abs(scaled - end) <= 1.0 + 1e-7 * end
    return np.asarray(found, dtype=bool)


_ENDS = (
    *(float(2**bits) for bits in (15, 16, 23, 24, 31, 32, 63, 64)),
    *(float(10**digits - 1) for digits in range(5, 13)),
)
