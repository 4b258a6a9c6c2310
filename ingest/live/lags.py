"""How old the readings of devices are when they are heard, and whether all are equally old.

Where this machine's clock is ahead, the readings of every device look old by the same, minute
after minute. A backlog does not: it gets younger as it is taken in, and what one device buffers is
of many ages.
"""

from collections.abc import Callable, Collection, Iterable
from statistics import median
from typing import NamedTuple

from domain.readings import Run

FEWEST = 3
"""Devices that must agree."""
_STEADY_MS = 60_000
"""How much the age of a steady device's newest reading may vary."""
_APART_S = 300.0
"""So long must a device have been heard to be steady."""
_WINDOW_S = 3_600.0
_EVERY_S = 5.0
"""One batch in so long is looked at."""
_RUNS = 500
_DEVICES = 20_000


class _Heard(NamedTuple):
    first_s: float
    last_s: float
    least_ms: int
    most_ms: int


class Agreed(NamedTuple):
    """`devices` are steadily `old_ms` old; `others` of those heard are in time."""

    old_ms: int
    devices: int
    others: int


class Lags:
    """Remembers the ages of devices' newest readings. For one thread."""

    def __init__(self, elapsed_s: Callable[[], float]) -> None:
        self._elapsed_s = elapsed_s
        self.forget()

    def forget(self) -> None:
        """Begin anew: the clock was set, or messages wait, whose age says nothing."""
        self._heard: dict[str, _Heard] = {}
        self._began_s = self._looked_s = self._elapsed_s()

    def hear(self, runs: Iterable[Run], own_ms: int) -> bool:
        """The runs of a batch that did not wait. Whether it was looked at."""
        now_s = self._elapsed_s()
        if now_s - self._looked_s < _EVERY_S:
            return False
        if now_s - self._began_s > _WINDOW_S:
            self.forget()
        self._looked_s = now_s
        newest: dict[str, int] = {}
        for run in list(runs)[:_RUNS]:
            newest[run.device] = max(max(run.at_ms), newest.get(run.device, 0))
        for device, at_ms in newest.items():
            old_ms, known = own_ms - at_ms, self._heard.get(device)
            if known is not None:
                self._heard[device] = _Heard(
                    known.first_s, now_s, min(known.least_ms, old_ms), max(known.most_ms, old_ms)
                )
            elif len(self._heard) < _DEVICES:
                self._heard[device] = _Heard(now_s, now_s, old_ms, old_ms)
        return True

    def agreed(self, devices: Collection[str], apart_ms: int) -> Agreed | None:
        """By how much the registered `devices` are old, if most of those heard are steadily old
        by the same (within `apart_ms`); None: they are not, or too few were heard for long."""
        heard = [h for d, h in self._heard.items() if d in devices]
        steady = [
            (h.least_ms + h.most_ms) // 2
            for h in heard
            if h.last_s - h.first_s >= _APART_S and h.most_ms - h.least_ms <= _STEADY_MS
        ]
        if len(steady) < FEWEST:
            return None
        middle = round(median(steady))
        agreeing = sum(abs(old_ms - middle) <= apart_ms for old_ms in steady)
        if agreeing < FEWEST or 2 * agreeing <= len(heard):
            return None
        others = sum(h.least_ms <= apart_ms for h in heard)
        return Agreed(middle, agreeing, 0 if middle <= apart_ms else others)
