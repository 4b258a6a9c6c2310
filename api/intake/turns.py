"""Whose turn it is to post: one vendor's flood waits for itself, not before everybody else's door.

Those who post share a few threads. A vendor has some of them at most; its other requests wait with
their bodies unread, and beyond some are told to come later.
"""

from collections.abc import AsyncIterator
from contextlib import nullcontext
from typing import Annotated

from anyio import CapacityLimiter
from fastapi import Depends, Request

from api.access.keys import ANYONE, INSTALLATION, PrincipalDep
from api.intake.body import body_of
from api.problems import ProblemError

AT_ONCE = 3
"""Of the threads of those who post (see api.intake.posting)."""
WAITING = 20
_RETRY_S = 2


class Turns:
    """A queue for each holder of keys. For one event loop."""

    def __init__(self) -> None:
        self._of: dict[str, CapacityLimiter] = {}

    def of(self, holder: str) -> CapacityLimiter:
        """The holder's own. Raises ProblemError 429 where too many wait in it."""
        found = self._of.setdefault(holder, CapacityLimiter(AT_ONCE))
        if found.statistics().tasks_waiting >= WAITING:
            raise ProblemError(
                429,
                "too_many_waiting",
                headers={"Retry-After": str(_RETRY_S)},
                waiting=WAITING,
                wait_s=_RETRY_S,
            )
        return found


async def _in_turn(request: Request, principal: PrincipalDep) -> AsyncIterator[bytes]:
    """The installation's own key and this machine's people wait for nobody but the threads."""
    turns: Turns = request.app.state.turns
    own = principal is INSTALLATION or principal is ANYONE
    async with nullcontext() if own else turns.of(principal.name):
        yield await body_of(request)


BodyInTurnDep = Annotated[bytes, Depends(_in_turn)]
"""A posted body, read when it is its sender's turn, which lasts until the answer."""
