"""Courses that nobody planned: devices of every kind, and what may befall them, at random.

Nothing here knows how registers are judged or which faults the simulators inject. A course is the
true use, the register or scale or power that shows it, and some mishaps; each mishap is drawn with
its place, length and size. `unsaid` are readings that never came, `forged` messages that came
although there was nothing to say: dropping these gives the course that rule two compares with.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from hypothesis import assume
from hypothesis import strategies as st

from tests.field.case import HOUR_MS, START_MS, Floats, Ints

Flags = npt.NDArray[np.bool_]

DAYS = 110
MONTH_H = (62 * 24, 92 * 24)
"""The month that is judged, in hours since the start: what is read before and after it is there."""
Kind = str
KINDS = ("electricity", "export", "water", "gas", "heat", "cooling", "pv", "pv_power", "bin")
_UNITS: dict[str, tuple[float, float]] = {
    "electricity": (0.2, 150.0),
    "export": (0.2, 80.0),
    "water": (0.02, 8.0),
    "gas": (0.05, 20.0),
    "heat": (0.01, 1.5),
    "cooling": (0.01, 1.5),
    "pv": (1.0, 150.0),
    "pv_power": (1.0, 150.0),
    "bin": (2.0, 30.0),
}
"""Usual largest use in an hour (a bin's: kilogrammes in a day)."""


@dataclass(frozen=True)
class Course:
    """`used`: true use up to each instant; `shown`: what the device said (NaN: nothing)."""

    kind: Kind
    at: Ints
    used: Floats
    shown: Floats
    digit: float
    step_h: float
    peak: float
    bounded: bool
    forged: Flags
    said_at: Ints
    """By reading, the one whose value it says: itself, but where a value is repeated; -1: made up."""
    mishaps: tuple[str, ...] = ()
    changed_at: tuple[int, ...] = ()
    """The readings from which the unit or the meter is another."""
    set_back_at: tuple[int, ...] = ()
    """The readings at which the register was set back."""

    def changing(self, *at: int) -> "Course":
        return replace(self, changed_at=(*self.changed_at, *at))

    def since(self, first: int) -> Flags:
        """What says a value of the register since a reading: not what repeats an earlier one."""
        return self.said_at >= first

    def but(self, name: str, shown: Floats, forged: Any = None) -> "Course":
        told = self.forged if forged is None else forged
        return replace(self, shown=shown, forged=told, mishaps=(*self.mishaps, name))

    def said(self, *, with_forged: bool = True) -> tuple[Ints, Floats]:
        came = np.isfinite(self.shown)
        if not with_forged:
            came &= ~self.forged
        return self.at[came], self.shown[came]


# What is truly used.


@st.composite
def good_courses(draw: st.DrawFn, kind: Kind | None = None) -> Course:
    """A device that works."""
    kind = kind or draw(st.sampled_from(KINDS))
    sunny = kind in ("pv", "pv_power", "export")
    slow = (
        (0.25, 0.5) if kind == "bin" else (0.25, 0.5, 1.0) if sunny else (0.25, 0.5, 1.0, 4.0, 24.0)
    )
    step_h = draw(st.sampled_from(slow))
    low, high = _UNITS[kind]
    peak = low * (high / low) ** draw(st.floats(0.0, 1.0))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    at = START_MS + np.arange(round(DAYS * 24 / step_h) + 1) * round(step_h * HOUR_MS)
    hour = np.asarray(np.arange(at.size - 1) * step_h, np.float64)
    shape = "sun" if sunny else "bin" if kind == "bin" else draw(st.sampled_from(_SHAPES_OF_METERS))
    use = np.asarray(_SHAPES[shape](hour, rng) * peak * step_h, np.float64)
    used = np.concatenate(([0.0], np.cumsum(use)))
    digits = draw(st.integers(0, 3))
    if peak < 5 * 10.0**-digits:
        digits = 3
    bounded = draw(st.booleans())
    if kind == "bin":
        return _filled(at, hour, use / step_h / peak, peak, step_h, bounded, rng)
    if kind == "pv_power":
        shown = np.round(np.concatenate(([0.0], use / step_h)) * 1000.0, 0)
        used = np.concatenate(([0.0], np.cumsum((shown[1:] + shown[:-1]) / 2000.0 * step_h)))
    else:
        start = draw(st.sampled_from((0.0, 1.0, 50.0, 2_000.0, 70_000.0, 600_000.0)))
        shown = np.round(start * rng.uniform(0.5, 1.5) + used, digits)
    quiet, itself = np.zeros(at.size, dtype=bool), np.arange(at.size)
    return Course(kind, at, used, shown, 10.0**-digits, step_h, peak, bounded, quiet, itself)


def _flat(hour: Floats, rng: np.random.Generator) -> Floats:
    return rng.uniform(0.7, 1.0, hour.size)


def _office(hour: Floats, rng: np.random.Generator) -> Floats:
    busy = (hour % 24 >= 8) & (hour % 24 < 18) & (hour // 24 % 7 < 5)
    return (0.25 + 0.75 * busy) * rng.uniform(0.8, 1.0, hour.size)


def _draws(hour: Floats, rng: np.random.Generator) -> Floats:
    by_day = (hour % 24 >= 6) & (hour % 24 < 23)
    return np.where(by_day, rng.random(hour.size) ** 3, 0.02 * rng.random(hour.size))


def _season(hour: Floats, rng: np.random.Generator) -> Floats:
    grown = 0.2 + 0.8 * np.clip((hour / 24 - 20) / 80, 0.0, 1.0)
    return grown * rng.uniform(0.6, 1.0, hour.size)


def _sun(hour: Floats, rng: np.random.Generator) -> Floats:
    clear = np.clip(np.sin((hour % 24 - 6) / 12 * np.pi), 0.0, None)
    return np.asarray(clear * rng.uniform(0.2, 1.0, DAYS)[(hour // 24).astype(int)], np.float64)


def _thrown(hour: Floats, rng: np.random.Generator) -> Floats:
    by_day = (hour % 24 >= 7) & (hour % 24 < 21)
    return np.where(by_day, rng.gamma(1.5, 1.0, hour.size), 0.0) / 21.0


_SHAPES: dict[str, Callable[[Floats, np.random.Generator], Floats]] = {
    "flat": _flat,
    "office": _office,
    "draws": _draws,
    "season": _season,
    "sun": _sun,
    "bin": _thrown,
}


_SHAPES_OF_METERS = ("flat", "office", "draws", "season")


def _filled(
    at: Ints,
    hour: Floats,
    share: Floats,
    daily_kg: float,
    step_h: float,
    bounded: bool,
    rng: np.random.Generator,
) -> Course:
    """A bin of 10 kg that is emptied every second morning."""
    thrown = share * daily_kg * step_h
    level = np.zeros(at.size)
    for k in range(thrown.size):
        emptied = hour[k] % 48 == 6
        level[k + 1] = (0.0 if emptied else level[k]) + thrown[k]
    gross = np.round(10.0 + level + 0.02 * rng.standard_normal(at.size), 2)
    used = np.concatenate(([0.0], np.cumsum(thrown)))
    quiet, itself = np.zeros(at.size, dtype=bool), np.arange(at.size)
    return Course("bin", at, used, gross, 0.05, step_h, daily_kg, bounded, quiet, itself)


# What befalls it.


@st.composite
def courses(draw: st.DrawFn, kind: Kind | None = None) -> Course:
    """A device of some kind that none to three mishaps befall."""
    good = course = draw(good_courses(kind))
    for _ in range(draw(st.integers(0, 3))):
        course = _befall(draw, course)
    assume(_is_told(good, course))
    return course


def _is_told(good: Course, course: Course) -> bool:
    """Whether anybody could know: the true unit was seen for three days before its first change,
    and a register that was set back is seen to be lower, twice: one low reading is a wrong one."""
    first = min(course.changed_at, default=course.at.size)
    before, back = course.shown[:first], np.array(course.set_back_at, int)
    told = (before == good.shown[: before.size]).sum() * course.step_h >= 72
    after = course.shown[np.minimum([back, back + 1], course.at.size - 1)]
    told_before = course.shown[back - 1]
    return bool(told and (after < told_before - 1e-9 * np.abs(told_before)).all())


def _befall(draw: st.DrawFn, course: Course) -> Course:
    """Of the kinds that are told by what was before, none in the first week: a device that was
    always wrong is wrong in a way that only a person can know."""
    usable = [m for m in _MISHAPS if course.kind not in _NEVER.get(m.__name__, ())]
    mishap = draw(st.sampled_from(usable))
    size = course.at.size
    early = round(7 * 24 / course.step_h) if mishap in _TOLD_BY_BEFORE else 1
    begin = draw(st.integers(early, size - 2))
    lasts_h = draw(st.sampled_from((0.0, 0.0, 1.0, 3.0, 8.0, 30.0, 96.0, 280.0)))
    end = min(size, begin + 1 + round(lasts_h / course.step_h))
    return mishap(draw, course, begin, end)


def _lost(draw: st.DrawFn, course: Course, begin: int, end: int) -> Course:
    """An outage."""
    shown = course.shown.copy()
    shown[begin:end] = np.nan
    return course.but(f"lost {begin}:{end}", shown)


def _nonsense(draw: st.DrawFn, c: Course, begin: int, end: int) -> Course:
    """One number, whatever it is, for as long as it lasts."""
    shown = c.shown.copy()
    number = _number(draw, c)
    shown[begin:end] = number
    return c.but(f"{number:g} {begin}:{end}", shown)


def _instead_of_silence(draw: st.DrawFn, c: Course, begin: int, end: int) -> Course:
    """A number that a gateway makes up while the device is out of reach."""
    shown, forged = c.shown.copy(), c.forged.copy()
    number = _number(draw, c)
    shown[begin:end], forged[begin:end] = number, True
    said_at = c.said_at.copy()
    said_at[begin:end] = -1
    return replace(c, said_at=said_at).but(f"forged {number:g} {begin}:{end}", shown, forged)


def _scattered(draw: st.DrawFn, c: Course, begin: int, end: int) -> Course:
    """Now and then one number instead of the true one."""
    shown = c.shown.copy()
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    share, number = draw(st.floats(0.002, 0.12)), _number(draw, c)
    shown[rng.random(shown.size) < share] = number
    return c.but(f"{share:.1%} {number:g}", shown)


def _gibberish(draw: st.DrawFn, c: Course, begin: int, end: int) -> Course:
    """Numbers without sense, each another, a few in a row."""
    end = min(end, begin + 6)
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    shown = c.shown.copy()
    shown[begin:end] = np.round(10.0 ** rng.uniform(-1, 8, end - begin), 2)
    if c.kind in _STATES:
        shown[begin:end] += 1e4 * c.peak
    return c.but(f"gibberish {begin}:{end}", shown)


def _other_unit(draw: st.DrawFn, c: Course, begin: int, end: int) -> Course:
    """As if the unit were another, for a while or for good."""
    factor = draw(st.sampled_from((10.0, 100.0, 1000.0, 0.1, 0.01, 0.001)))
    if draw(st.booleans()):
        end = c.at.size
    shown = c.shown.copy()
    shown[c.since(begin) & ~c.since(end)] *= factor
    return c.changing(begin, end).but(f"x{factor:g} {begin}:{end}", shown)


def _another_meter(draw: st.DrawFn, c: Course, begin: int, end: int) -> Course:
    """From here on another register counts: higher or lower, told by nobody; by more than could
    have been used in some weeks, else it is no other register to anybody."""
    shown = c.shown.copy()
    here = shown[begin] if np.isfinite(shown[begin]) else 0.0
    far = [h for h in (0.0, 3.0, 250.0, 9_000.0, 400_000.0) if abs(h - here) > 2_400 * c.peak]
    there = draw(st.sampled_from(far or [here + 1e6]))
    shown[c.since(begin)] += there - here
    return c.changing(begin).but(f"meter {there - here:+g} {begin}", shown)


def _forgetful(draw: st.DrawFn, c: Course, begin: int, end: int) -> Course:
    """A restart takes the register back to what was saved last, by the same meter and in its unit."""
    shown = c.shown.copy()
    saved = max(0, begin - draw(st.integers(2, 30)))
    if any(saved < k <= begin for k in c.changed_at):
        return c
    back = shown[begin] - shown[saved]
    if np.isfinite(back) and back > 0 and shown[begin] - back < shown[begin - 1]:
        shown[c.since(begin)] -= back
        c = replace(c, set_back_at=(*c.set_back_at, begin))
    return c.but(f"set back by {back:g} {begin}", shown)


def _held(draw: st.DrawFn, c: Course, begin: int, end: int) -> Course:
    """The last value again and again while the device is out of reach: no bad message if what is
    used meanwhile is less than a figure may be wrong by; none at all where nobody could see it."""
    if not _is_seen(c, begin, end):
        return c
    shown, forged, said_at = c.shown.copy(), c.forged.copy(), c.said_at.copy()
    shown[begin:end], said_at[begin:end] = shown[begin - 1], said_at[begin - 1]
    low, high = np.searchsorted(c.at, [START_MS + h * HOUR_MS for h in MONTH_H])
    least = 0.01 * (c.used[high] - c.used[low]) + 2 * c.digit
    forged[begin:end] |= c.used[end - 1] - c.used[begin - 1] > least
    return replace(c, said_at=said_at).but(f"held {begin}:{end}", shown, forged)


def _is_seen(c: Course, begin: int, end: int) -> bool:
    """Whether a hold is longer than the register ever rests by itself, and than one reading, or ends
    in a step larger than any that it ever makes: else both are as at other times, to anybody."""
    units = np.round(c.used / c.digit)
    moves = np.flatnonzero(np.diff(units) > 0)
    rests = np.diff(np.concatenate(([-1], moves, [units.size - 1]))) - 1
    leap = units[end] - units[begin - 1] if end < units.size else 0.0
    return bool(end - begin > max(rests.max(), 1) or leap > np.diff(units).max())


def _leaned_on(draw: st.DrawFn, c: Course, begin: int, end: int) -> Course:
    """A person leans on the bin for a reading; of what is forged nothing is seen."""
    shown, more = c.shown.copy(), draw(st.floats(20.0, 90.0))
    shown[begin] += 0.0 if c.forged[begin] else more
    return c.but(f"leaned on {begin}", shown)


def _number(draw: st.DrawFn, c: Course) -> float:
    """A wrong number. Of a power or a weight, one that cannot be: any other might be true, since
    nothing that comes later speaks against it."""
    number = draw(_NUMBERS)
    if c.kind == "bin":
        return number if number <= 0.0 else max(number, 10.0 + 8 * c.peak)
    if c.kind != "pv_power":
        return number
    return number if number < -1000.0 * c.peak else max(number, 2000.0 * c.peak)


_NUMBERS = st.one_of(
    st.sampled_from(
        (0.0, -1.0, -127.0, 65_535.0, 6_553.5, 2.0**31 - 1, (2.0**32 - 1) / 1000, 9_999_999.0)
    ),
    st.integers(7, 48).map(lambda bits: 2.0**bits - 1),
    st.floats(-4.0, 9.0).map(lambda power: round(10.0**power, 3)),
)
_MISHAPS = (
    _lost,
    _nonsense,
    _instead_of_silence,
    _scattered,
    _gibberish,
    _other_unit,
    _another_meter,
    _forgetful,
    _held,
    _leaned_on,
)
_TOLD_BY_BEFORE = (_other_unit, _another_meter)
_STATES = ("pv_power", "bin")
_METERS = tuple(k for k in KINDS if k != "bin")
_NEVER = {
    "_other_unit": _STATES,
    "_another_meter": _STATES,
    "_forgetful": _STATES,
    "_held": _STATES,
    "_leaned_on": _METERS,
}
"""By mishap: the kinds that it cannot befall."""
