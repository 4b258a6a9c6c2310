"""One body that was posted: tried, or stored, as far as a body may go."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from anyio import CapacityLimiter

from api.dependencies import Backend
from api.intake.batches import Most, Part
from api.intake.posted import UnreadableBodyError
from api.intake.store_body import Taken, keep_unreadable, store_body
from api.intake.told.verdicts import Verdicts
from api.problems import ProblemError
from config.texts import Language
from domain.access import Action, Principal

MAX_VALUES = 250_000
"""Of one body. What opens from a few kilobytes of gzip can hold millions, each of which costs some
microseconds, whether it is stored or refused."""
_THREADS = 8


def posting_threads() -> CapacityLimiter:
    """Those who post wait for each other at the stores: not with the threads of those who read."""
    return CapacityLimiter(_THREADS)


@dataclass(frozen=True)
class Posting:
    """`read` gives the values of `body` from its beginning, each time anew."""

    read: Callable[[], Iterator[Part]]
    body: bytes
    backend: Backend
    principal: Principal
    lang: Language
    verdicts: Verdicts | None = None
    """Takes what became of each row."""

    def stored(self) -> tuple[Taken, bool]:
        """Store what a body may hold; also whether it holds more than that."""
        return self._take(tried=False)

    def tried(self) -> tuple[Taken, bool]:
        """What `stored` would say, without a trace."""
        return self._take(tried=True)

    def _take(self, *, tried: bool) -> tuple[Taken, bool]:
        if self.verdicts is not None:
            self.verdicts.clear()
        most = Most(self.read(), MAX_VALUES)
        grants = self.principal.reach(Action.POST)
        try:
            taken = store_body(
                most,
                self.backend,
                grants,
                self.lang,
                tried=tried,
                verdicts=self.verdicts,
                seen=self.backend.through(self.principal.reach(Action.READ)),
            )
            return taken, most.more
        except UnreadableBodyError as error:
            if not tried:
                keep_unreadable(self.backend, self.body, str(error))
            raise ProblemError(400, "unreadable_body", reason=str(error)) from error
