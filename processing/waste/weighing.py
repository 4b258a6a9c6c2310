"""Deposits into weighing bins, and their collections.

Net mass = gross − tare. What was thrown in is the sum of rises, computed as level changes plus
what collections took away, so that neither noise nor the size of a step matters.
"""

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy.optimize import isotonic_regression

from config.processing import WasteRules, processing_settings
from domain.calendar import DAY_MS, HOUR_MS
from domain.places import Bin
from processing.curves.curve import (
    INTERPOLATED,
    MEASURED,
    UNKNOWN,
    Event,
    Floats,
    Ints,
    UseCurve,
    flagged_runs,
)
from processing.curves.meter_use import NEVER_ENDS
from processing.quality.vouched import believed_but


@dataclass(frozen=True, slots=True)
class BinHistory:
    """A bin's deposits as a curve (kg) and its collections (at_ms, kg taken away)."""

    bin: Bin
    deposits: UseCurve
    collected_at_ms: Ints
    collected_kg: Floats
    stuck_since_ms: int | None
    until_ms: int = NEVER_ENDS
    """From when on it is out of service: its silence is not missing then."""


def bin_history(
    bin_: Bin,
    at_ms: npt.ArrayLike,
    mass_kg: npt.ArrayLike,
    rules: WasteRules | None = None,
    vouched_ms: Ints | None = None,
) -> BinHistory:
    """Deposits and collections behind gross masses, in any order of arrival. What a person stands
    for, at `vouched_ms`, is never taken for a leap or a fault of the scale.

    A fall that stays for more than two readings is a collection if it is large enough for the
    scale's noise; where it emptied the bin, what the scale shows then is its drift. Nothing is
    known between readings far apart unless they agree. All by `rules`, else by the file.
    """
    rules = rules or processing_settings().waste
    at, gross = np.asarray(at_ms, np.int64), np.asarray(mass_kg, np.float64)
    vouched = np.empty(0, np.int64) if vouched_ms is None else vouched_ms
    most_kg, least_kg = _most_kg(bin_, gross, rules), _least_kg(bin_, gross, rules)
    at, gross, dropped = believed_but(vouched, at, gross, least_kg, most_kg)
    at, first = np.unique(at, return_index=True)
    net = gross[first] - bin_.tare_kg
    made_up = _made_up(net, rules) | _was_stuck(at, net, rules)
    gone = zip(at[made_up].tolist(), gross[first][made_up].tolist(), strict=True)
    dropped = (*dropped, *(Event("reading_dropped", t, kg) for t, kg in gone))
    at, net = at[~made_up], net[~made_up]
    nothing = np.empty(0, np.int64)
    if at.size < 2:
        nowhere = replace(UseCurve.empty(), events=dropped)
        return BinHistory(bin_, nowhere, nothing, np.empty(0), None)
    noise = _noise_kg(net, rules)
    threshold = max(rules.least_fall_kg, rules.noise_factor * noise)
    level = _without_leaps(at, net, rules)
    level = _without_excursions(level, threshold, noise, rules.empty_kg)
    level = np.where(np.isin(at, vouched), net, level)
    falls = _falls(level, threshold)
    step = np.diff(level)
    unseen = _unseen_deposits(step, falls)
    start, end = flagged_runs(falls)
    taken_kg = np.concatenate(([0.0], np.cumsum(np.where(falls, unseen - step, 0.0))))
    step = np.where(falls, unseen, step)
    step += _drift_steps(bin_, at, level, falls, rules)
    # In a long gap a collection may hide; only if the level is the same was there none, and after
    # some days even that may be a coincidence.
    quiet = np.abs(np.diff(level)) <= max(4.0 * noise, 0.1)
    quiet &= np.diff(at) <= rules.quiet_gap_h * HOUR_MS
    hidden = (np.diff(at) > rules.max_gap_h * HOUR_MS) & ~quiet
    segment = np.select([hidden, falls], [UNKNOWN, INTERPOLATED], MEASURED).astype(np.uint8)
    deposited = np.asarray(isotonic_regression(np.concatenate(([0.0], np.cumsum(step)))).x)
    curve = UseCurve(at, np.where(hidden, 0.0, np.diff(deposited)), segment, dropped)
    return BinHistory(
        bin_,
        curve,
        at[end],
        taken_kg[end] - taken_kg[start],
        _stuck_since(at, net, noise, rules.stuck_days * DAY_MS),
    )


def _most_kg(bin_: Bin, gross: Floats, rules: WasteRules) -> float:
    """The most the scale can truly show: of a bin that is often overfilled, somewhat more than that."""
    known = np.abs(gross[np.isfinite(gross)])
    if bin_.capacity_kg is not None:
        most = bin_.tare_kg + bin_.capacity_kg * rules.most_of_capacity_ratio
        often = float(np.quantile(known[known <= most], 0.8)) if (known <= most).any() else 0.0
        return max(most, often * rules.leap_of_usual_ratio)
    usual = float(np.quantile(known, 0.8)) if known.size else 0.0
    return max(usual, rules.least_usual_kg) * rules.most_of_usual_ratio


def _least_kg(bin_: Bin, gross: Floats, rules: WasteRules) -> float:
    """The least it can: the empty bin's weight, unless the bin is often lighter than registered."""
    known = gross[np.isfinite(gross)]
    often = float(np.quantile(known, 0.2)) if known.size else 0.0
    return min(bin_.tare_kg, often) - rules.most_below_zero_kg


def _made_up(net: Floats, rules: WasteRules) -> npt.NDArray[np.bool_]:
    """Readings of a number that the converter writes instead of a mass: one that, to the last
    digit, again and again stands alone far from what was before and is so again after, or that
    is repeated there for however long."""
    made_up = np.zeros(net.size, dtype=bool)
    if net.size < 3:
        return made_up
    noise = _noise_kg(net, rules)
    far = 2.0 * max(rules.least_fall_kg, rules.noise_factor * noise)
    first = np.flatnonzero(np.concatenate(([True], np.diff(net) != 0)))
    number = net[first]  # of each run of one number
    before, after = number[:-2], number[2:]
    leap = np.abs(number[1:-1] - before)
    alone = (leap >= far) & (np.abs(after - before) <= 0.1 * leap)
    _mark_plateaus(made_up, first, number, rules, noise)
    numbers, times = np.unique(number[1:-1][alone], return_counts=True)
    numbers = numbers[times >= rules.least_leaps]
    if not numbers.size:
        return made_up
    suspect = np.isin(net, numbers)
    good = np.flatnonzero(~suspect)
    where = np.flatnonzero(suspect)
    if good.size < 2:
        return made_up
    place = np.searchsorted(good, where)
    sides = [net[good[np.clip(k, 0, good.size - 1)]] for k in (place - 1, place)]
    is_far = np.all([np.abs(net[where] - side) >= far for side in sides], axis=0)
    made_up[where[is_far]] = True
    return made_up


def _mark_plateaus(
    made_up: npt.NDArray[np.bool_], first: Ints, number: Floats, rules: WasteRules, noise_kg: float
) -> None:
    """Marks runs of one number far above what the scale showed before and shows again after; of a
    noisy scale, from which it falls, if its noise would not repeat a number so often by chance."""
    before = number[:-2].copy()
    # Somebody who leaned on the bin just before hides the leap; nobody knows what it held then.
    brief = (np.diff(first)[:-1] <= 2) & (number[:-2] > number[1:-1])
    before[1:][brief[1:]] = number[:-3][brief[1:]]
    leap = number[1:-1] - before
    back = np.maximum(0.25 * leap, max(4.0 * noise_kg, 0.1))
    least = max(rules.least_fall_kg, rules.noise_factor * noise_kg)
    times, falls = np.diff(first), np.diff(number) <= -least
    if times.size < 2:
        return
    emptied = (leap >= least) & falls[1:]  # soon after something heavy was thrown in
    often = _never_by_chance(number, times, int(emptied.sum()), rules, noise_kg)[1:] & emptied
    often &= noise_kg > 0
    stuck = (leap >= least) & ((np.abs(number[2:] - before) <= back) | often) & (times[1:] > 2)
    for k in np.flatnonzero(stuck).tolist():
        made_up[first[k if brief[k] else k + 1] : first[k + 2]] = True


def _never_by_chance(
    number: Floats, times: Ints, falls: int, rules: WasteRules, noise_kg: float
) -> npt.NDArray[np.bool_]:
    """Which runs, of `times` readings of one number, are longer than any that the scale's noise
    would bring before one of so many falls, by how often it says a number at least twice at rest."""
    at_rest = np.abs(np.diff(number)) <= max(4.0 * noise_kg, 0.1)
    again = (int((times[at_rest] > 1).sum()) + 1) / (int(at_rest.sum()) + 2)
    expected = (falls + 1) * again ** (times - 1.0)
    usual = float(np.quantile(times, 0.99))
    return np.asarray((expected < rules.repeats_by_chance) & (times > 1.5 * usual), dtype=bool)


def _noise_kg(net: Floats, rules: WasteRules) -> float:
    """Standard deviation of the scale, from the small falls that nothing real explains: small for
    a bin, or for the tons that a large scale usually carries."""
    step = np.diff(net)
    usual = float(np.quantile(net, 0.8)) if net.size else 0.0
    largest = max(rules.least_fall_kg * 4, rules.noise_of_usual_ratio * usual)
    small = -step[(step < 0) & (step > -largest)]
    return float(np.median(small)) / 0.954 if small.size >= 20 else 0.0


def _without_leaps(at: Ints, net: Floats, rules: WasteRules) -> Floats:
    """Levels without a reading or two far above all that the bin usually reaches, whatever stood
    before and after: nothing so heavy is thrown in and taken out again in so short a time."""
    level = net.copy()
    most = float(np.quantile(net, 0.8)) * rules.leap_of_usual_ratio
    high = net > max(most, rules.empty_kg)
    for start, end in zip(*flagged_runs(high), strict=True):
        short = start > 0 and end < net.size and end - start <= 2
        if short and at[end] - at[start - 1] <= rules.max_gap_h * HOUR_MS:
            level[start:end] = level[start - 1]
    return level


_SURELY, _BEYOND_DOUBT = 20.0, 50.0
"""So many times what a scale rocks by is no chance, where it comes back to the same, and to more."""


def _without_excursions(net: Floats, threshold: float, noise_kg: float, empty_kg: float) -> Floats:
    """Levels without a reading or two that leap away and come straight back.

    A person leaning on the bin: far above, then as before. A bin lifted off its scale: below
    the empty bin's weight. An emptied bin that is soon filled again is neither, but nobody fills
    it again with all that it held, and hardly more: then it was a wrong word.
    """
    level = net.copy()
    same = max(4.0 * noise_kg, 0.1)
    for width in (1, 2):
        if level.size < width + 2:
            continue
        before, after = level[: -width - 1], level[width + 1 :]
        leaning = np.ones(before.size, dtype=bool)
        lifted = after - before > -threshold
        dipped = after - before >= -same
        for k in range(1, width + 1):
            between = level[k : level.size - width - 1 + k]
            leap = between - before
            # From a nearly empty bin a leap and a fall may be a deposit and its collection.
            back = np.where(before > empty_kg, np.maximum(0.25 * leap, same), same)
            leaning &= (leap >= threshold) & (np.abs(after - before) <= back)
            lifted &= between <= -threshold
            exactly = after - before <= same
            dipped &= -leap >= np.where(exactly, _SURELY, _BEYOND_DOUBT) * same
            dipped &= exactly | (after - before <= -0.25 * leap)
        for i in np.flatnonzero(leaning | lifted | dipped).tolist():
            level[i + 1 : i + 1 + width] = level[i]
    return level


def _falls(level: Floats, threshold: float) -> npt.NDArray[np.bool_]:
    """Which steps belong to a collection; a fall over adjacent steps is taken together."""
    step = np.diff(level)
    falling = step <= -threshold / 2
    starts, ends = flagged_runs(falling)
    found = np.zeros(step.size, dtype=bool)
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        if level[start] - level[end] >= threshold:
            found[start:end] = True
    return found


def _unseen_deposits(step: Floats, falls: npt.NDArray[np.bool_]) -> Floats:
    """What was thrown in while the bin was being emptied: the mean of the steps on both sides.

    The readings around a collection show only the difference of the two.
    """
    found = np.zeros(step.size)
    for k in np.flatnonzero(falls).tolist():
        sides = [step[j] for j in (k - 1, k + 1) if 0 <= j < step.size and not falls[j]]
        found[k] = float(np.mean(sides)) if sides else 0.0
    return found


def _drift_steps(
    bin_: Bin, at: Ints, level: Floats, falls: npt.NDArray[np.bool_], rules: WasteRules
) -> Floats:
    """Corrections that take the scale's drift off, spread evenly between emptied states.

    Each time the bin is emptied the scale should show 0; how that reading moves from one
    emptying to the next is drift, not waste.
    """
    correction = np.zeros(at.size - 1)
    limit = max(rules.empty_kg, rules.empty_capacity_ratio * (bin_.capacity_kg or 0.0))
    empty = [k for k in flagged_runs(falls)[1].tolist() if abs(level[k]) <= limit]
    for start, end in pairwise(empty):
        span = at[end] - at[start]
        drift = level[end] - level[start]
        correction[start:end] -= drift * np.diff(at[start : end + 1]) / span
    return correction


def _was_stuck(at: Ints, net: Floats, rules: WasteRules) -> npt.NDArray[np.bool_]:
    """Readings of a noisy scale that repeated one number for too long, and then moved again: what
    was thrown in meanwhile nobody knows."""
    found = np.zeros(net.size, dtype=bool)
    if _noise_kg(net, rules) == 0:
        return found
    start, end = flagged_runs(np.diff(net) == 0)
    long = (at[end] - at[start] >= rules.stuck_days * DAY_MS) & (end < net.size - 1)
    for first, last in zip(start[long].tolist(), end[long].tolist(), strict=True):
        found[first : last + 1] = True
    return found


def _stuck_since(at: Ints, net: Floats, noise_kg: float, stuck_ms: float) -> int | None:
    """When the last reading's value began, if a noisy scale repeats it for too long."""
    moved = np.flatnonzero(np.diff(net) != 0)
    since = int(at[moved[-1] + 1]) if moved.size else int(at[0])
    usual = noise_kg > 0 or moved.size == 0
    return since if usual and int(at[-1]) - since >= stuck_ms else None
