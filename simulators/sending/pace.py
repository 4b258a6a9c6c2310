"""Pace: never further ahead of what is stored than agreed.

A broker's acknowledgement says that the broker has a message, not that anybody has stored it;
what a collector has yet to fetch waits in the broker's memory. Whoever knows the collector
tells how far it is; who sends waits for that.
"""

import threading
import time
from collections.abc import Callable

PATIENCE_S = 60.0


class Pace:
    """At most `ahead` messages are sent beyond those that are dealt with.

    `done` comes from another thread; until it was called for the first time nothing is known,
    and only `ahead` messages are sent. When nothing moves for `patience_s`, what is missing is
    taken for lost, and sending goes on: a message that never arrives must not hold up the rest.
    """

    def __init__(
        self,
        ahead: int,
        patience_s: float = PATIENCE_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ahead, self._patience_s, self._clock = ahead, patience_s, clock
        self._done = self._lost = 0
        self._open = False
        self._news = threading.Condition()

    def done(self, messages: int) -> None:
        """So many messages are stored, or kept aside, altogether."""
        with self._news:
            if messages > self._done:
                self._done = messages
                self._news.notify_all()

    def end(self) -> None:
        """Nobody will tell any more: from now on nothing is held back."""
        with self._news:
            self._open = True
            self._news.notify_all()

    def wait(self, sent: int) -> None:
        """Return when one more message than the `sent` ones may go."""
        with self._news:
            while not self._open and self._waiting(sent) >= self._ahead:
                before, until = self._done, self._clock() + self._patience_s
                while self._done == before and not self._open and self._clock() < until:
                    self._news.wait(until - self._clock())
                if self._done == before:
                    self._lost += self._waiting(sent)

    def _waiting(self, sent: int) -> int:
        return sent - self._done - self._lost
