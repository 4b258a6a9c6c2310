"""What time it is: this machine's clock, compared with those of the devices.

A collector whose clock is a day behind would refuse the readings of a whole city as being in the
future. One device ahead is wrong; where most of those that speak are, and agree with each other,
this machine's clock is, and theirs is believed until it is set.

One that is ahead shows in readings that all look old by the same (`ingest.live.lags`). That is
warned of; and where next to nobody is in time, theirs is believed too, so that no time to come can
be occupied. All may also speak through one cloud that delivers late: then what they say is stored
as before, and only what is truly younger is kept aside, and taken in when the clock is set.
"""

import logging
import time
from collections import deque
from collections.abc import Callable, Collection, Iterable
from statistics import median

from domain.readings import Run
from ingest.live.lags import FEWEST as _FEWEST
from ingest.live.lags import Lags

log = logging.getLogger("civicmeter.collector")
_REMEMBERED_S = 900.0
_REMEMBERED_DEVICES = 20_000
_STEP_MS = 30_000
_BATCHES = 30
_RUNS = 500
"""So many of a batch are looked at."""
_IN_TIME_SHARE = 0.05
"""So many of those heard may be in time where the others are believed that this clock is ahead."""
_MOST_AHEAD_MS = 400 * 86_400_000
"""Older ones are a history that somebody replays."""
_SELDOM = 20.0
"""Comparing takes no more than one part in so many of the time."""


class Clock:
    """Tells the time that is believed. `own_ms` is this machine's clock, `ahead_ms` how far a
    device may be ahead of it, `elapsed_s` a clock that nobody sets, `store_skew_s` how far it is
    ahead of the store's (None: the store does not say). For one thread that hears, and any that
    ask."""

    def __init__(
        self,
        own_ms: Callable[[], int],
        ahead_ms: int,
        elapsed_s: Callable[[], float] = time.monotonic,
        store_skew_s: Callable[[], float | None] = lambda: None,
    ) -> None:
        self._own_ms = own_ms
        self._ahead_ms = ahead_ms
        self._elapsed_s = elapsed_s
        self._store_skew_s = store_skew_s
        self._began = own_ms() - elapsed_s() * 1000
        self._lately: deque[tuple[float, list[Run]]] = deque(maxlen=_BATCHES)
        self._next_s = float("-inf")
        self._lags = Lags(elapsed_s)
        self.behind_ms = 0
        """How far this machine's clock is believed to be behind; ahead, where it is negative."""
        self.seems_ahead_ms = 0
        """How far it seems to be ahead, believed or not."""
        self._old_ms = 0

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
        self._lags.forget()
        self.behind_ms = self.seems_ahead_ms = self._old_ms = 0
        return True

    def hear(self, runs: list[Run]) -> None:
        """What was heard, by devices known and unknown; costs next to nothing."""
        self._lately.append((self._elapsed_s(), runs[:_RUNS]))

    def hear_age(self, runs: list[Run], devices: Collection[str], *, waited: bool) -> bool:
        """How old what is heard now is; not of messages that `waited` in a queue. Whether another
        time is believed from now on."""
        if waited:
            self._lags.forget()
            return False
        if not self._lags.hear(runs, self._own_ms()):
            return False
        found = self._lags.agreed(devices, self._ahead_ms)
        if found is None or found.old_ms > _MOST_AHEAD_MS:
            return False
        old_ms = found.old_ms if found.old_ms > self._ahead_ms else 0
        if abs(old_ms - self._old_ms) <= self._ahead_ms // 2:
            return False
        self._old_ms = old_ms
        few = found.others <= _IN_TIME_SHARE * (found.devices + found.others)
        witness = self._witness(old_ms)
        believed = -old_ms if (few if witness is None else witness) else 0
        self.seems_ahead_ms = 0 if witness is False else old_ms
        self._tell_ahead(old_ms, found.devices, found.others, believed=bool(believed))
        changed = believed != min(self.behind_ms, 0)
        if changed:
            self.behind_ms = believed
        return changed

    def _witness(self, old_ms: int) -> bool | None:
        """Whether the store says too that this machine's clock is ahead; None: it says nothing."""
        try:
            skew_s = self._store_skew_s() if old_ms else None
        except (OSError, ValueError) as error:
            log.info("the store's clock cannot be asked: %s", error)
            return None
        return None if skew_s is None else abs(skew_s * 1000 - old_ms) <= self._ahead_ms

    def _tell_ahead(self, old_ms: int, devices: int, others: int, *, believed: bool) -> None:
        if not old_ms:
            log.warning("the readings of %d devices are in time again", devices)
            return
        log.error(
            "the readings of %d devices are all %d s old, those of %d others are not: either this "
            "machine's clock is ahead, then set it (NTP), or something delivers late; %s",
            devices,
            old_ms // 1000,
            others,
            "what is younger is kept aside meanwhile"
            if believed
            else "this machine's clock is believed meanwhile",
        )

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
        if self.behind_ms < 0 and in_time >= _FEWEST and 2 * in_time > len(newest):
            # What was delivered late is in time now, or the clock was not ahead after all.
            self.behind_ms = self.seems_ahead_ms = self._old_ms = 0
            self._lags.forget()
            self._tell_ahead(0, in_time, 0, believed=False)
            return True
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
