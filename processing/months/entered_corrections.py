"""Corrections that somebody enters: which cannot be, and which months they touch."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from config.texts import refusal_text
from domain.calendar import Month, from_ms, to_ms
from domain.corrections import Correction
from domain.errors import ConfigError
from domain.judge import Refusal
from domain.readings import Series
from domain.registry import Registry
from processing.curves.neighbours import NEVER, look_around
from processing.months.touched import touched
from processing.quality.corrections import amendments, refusal, repeated
from store.readings.port import ReadingStore


class Reported(NamedTuple):
    """What the device said at an instant (None: nothing), and the instants of its nearest
    readings before and after (None: there is none)."""

    value: float | None
    before_ms: int | None
    after_ms: int | None


def reported(
    store: ReadingStore, readings: Sequence[tuple[Series, int]]
) -> dict[tuple[Series, int], Reported]:
    """What devices said at some instants, by series and time; a few seeks for each series."""
    times: dict[Series, list[int]] = {}
    for series, at_ms in dict.fromkeys(readings):
        times.setdefault(series, []).append(at_ms)
    found = {}
    for series, each in times.items():
        (sides,) = look_around(store, [series], [from_ms(t) for t in each])
        for at_ms, side in zip(each, sides, strict=True):
            value = side.before if side.before_ms == at_ms else None
            before, after = (None if t == NEVER else t for t in (side.before_ms, side.after_ms))
            found[series, at_ms] = Reported(value, before, after)
    return found


def series_of(one: Correction) -> Series:
    return Series(one.device, one.quantity)


def refusals(
    corrections: Sequence[Correction],
    store: ReadingStore,
    entered: Sequence[Correction],
    registry: Registry,
    now: datetime,
) -> dict[int, Refusal]:
    """Position → why that correction cannot be entered beside all that were `entered` before;
    empty when all can.

    Leaving out what is not there is a mistake in the time: the nearest readings are named.
    """
    wrong = {k: Refusal("twice") for k in repeated(corrections)}
    for k, one in enumerate(corrections):
        found = refusal(one, registry, to_ms(now))
        if found is not None:
            wrong[k] = found
    removed = [k for k, c in enumerate(corrections) if c.value is None and k not in wrong]
    if not removed:
        return wrong
    known = {(c.device, c.quantity, c.at_ms) for c in entered}
    said = reported(store, [(series_of(corrections[k]), corrections[k].at_ms) for k in removed])
    for k in removed:
        one = corrections[k]
        there = said[series_of(one), one.at_ms]
        if there.value is None and (one.device, one.quantity, one.at_ms) not in known:
            wrong[k] = Refusal("nothing_there", {"near": _near(there)})
    return wrong


def _near(there: Reported) -> str:
    near = [t for t in (there.before_ms, there.after_ms) if t is not None]
    return ", ".join(from_ms(t).isoformat(timespec="milliseconds") for t in near) or "–"


@dataclass(frozen=True, slots=True)
class Entered:
    """`added` of a batch are new, the others stood already; `months` wait to be recomputed."""

    added: int
    months: tuple[tuple[str, Month], ...]


def checked(
    corrections: Sequence[Correction],
    store: ReadingStore,
    entered: Sequence[Correction],
    registry: Registry,
    now: datetime,
) -> None:
    """Raises ConfigError naming each correction that cannot be entered."""
    wrong = refusals(corrections, store, entered, registry, now)
    if wrong:
        lines = [
            f"{c.device} {c.quantity} {from_ms(c.at_ms).isoformat()}: {refusal_text(r, 'en')}"
            for c, r in ((corrections[k], r) for k, r in sorted(wrong.items()))
        ]
        raise ConfigError("nothing was entered:\n  " + "\n  ".join(lines))


def months_touched(
    corrections: Sequence[Correction],
    store: ReadingStore,
    entered: Sequence[Correction],
    registry: Registry,
    now: datetime,
) -> set[tuple[str, Month]]:
    """The (institution, month) pairs that corrections touch beside those `entered` before."""
    # What is left out from now on is no neighbour; what comes back is a change itself.
    standing = amendments([*entered, *corrections])
    instants = [(series_of(c), c.at_ms) for c in corrections]
    return touched(store, instants, registry, standing, now)
