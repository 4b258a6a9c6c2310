"""What time it is: this machine's clock, compared with those of the devices.

A collector whose clock is a day behind would refuse the readings of a whole city as being in the
future. One device ahead is wrong; where most of those that speak are, and agree with each other,
this machine's clock is, and theirs is believed until it is set.
"""

import logging
import time
from collections import deque
from collections.abc import Callable, Iterable
from statistics import median

from domain.readings import Run

log = logging.getLogger("civicmeter.collector")
_FEWEST = 3
"""Devices that must agree."""
_REMEMBERED_S = 900.0
_REMEMBERED_DEVICES = 20_000
_STEP_MS = 30_000
_BATCHES = 30
_RUNS = 500
"""So many of a batch are looked at."""
_SELDOM = 20.0
"""Comparing takes no more than one part in so many of the time."""


class Clock:
    """Tells the time that is believed. `own_ms` is this machine's clock, `ahead_ms` how far a
    device may be ahead of it, `elapsed_s` a clock that nobody sets. For one thread that hears,
    and any that ask."""

    def __init__(
        self,
        own_ms: Callable[[], int],
        ahead_ms: int,
        elapsed_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._own_ms = own_ms
        self._ahead_ms = ahead_ms
        self._elapsed_s = elapsed_s
        self._began = own_ms() - elapsed_s() * 1000
        self._lately: deque[tuple[float, list[Run]]] = deque(maxlen=_BATCHES)
        self._next_s = float("-inf")
        self.behind_ms = 0
        """How far this machine's clock is believed to be behind."""

    def now_ms(self) -> int:
        return self._own_ms() + self.behind_ms

    def was_set(self) -> bool:
        """Whether this machine's clock was set since this was last asked; it is believed then."""
        began = self._own_ms() - self._elapsed_s() * 1000
        step_ms, self._began = began - self._began, began
        if abs(step_ms) < _STEP_MS:
            return False
        log.warning("this machine's clock was set by %+.0f s", step_ms / 1000)
        self._lately.clear()
        self.behind_ms = 0
        return True

    def hear(self, runs: list[Run]) -> None:
        """What was heard, by devices known and unknown; costs next to nothing."""
        self._lately.append((self._elapsed_s(), runs[:_RUNS]))

    def compare(self, devices: Iterable[str]) -> bool:
        """To be asked when readings of what was heard last lie in the future. Whether it shows
        now that this machine's clock is behind; `devices` are those that are registered."""
        began_s = self._elapsed_s()
        if began_s < self._next_s:
            return False
        found = self._compare(devices)
        self._next_s = began_s + _SELDOM * (self._elapsed_s() - began_s)
        return found

    def _compare(self, devices: Iterable[str]) -> bool:
        known, own_ms, since = set(devices), self._own_ms(), self._elapsed_s() - _REMEMBERED_S
        newest: dict[str, int] = {}
        for at_s, runs in self._lately:
            for run in runs if at_s >= since else ():
                if run.device in known and len(newest) < _REMEMBERED_DEVICES:
                    ahead_ms = max(run.at_ms) - own_ms
                    newest[run.device] = max(ahead_ms, newest.get(run.device, ahead_ms))
        ahead = {d: ms for d, ms in newest.items() if ms > self._ahead_ms}
        # Who tells of long ago says nothing about now.
        in_time = sum(abs(ms) <= self._ahead_ms for ms in newest.values())
        if len(ahead) < _FEWEST or len(ahead) <= in_time:
            return False
        middle = round(median(ahead.values()))
        agreeing = sum(abs(ms - middle) <= self._ahead_ms for ms in ahead.values())
        if agreeing < _FEWEST or 2 * agreeing <= len(ahead):
            return False
        if abs(middle - self.behind_ms) <= self._ahead_ms:
            return False
        self.behind_ms = middle
        log.error(
            "this machine's clock is %d s behind those of %d devices: set it (NTP); theirs is "
            "believed meanwhile",
            middle // 1000,
            agreeing,
        )
        return True
