"""What a route needs of whoever asks, declared beside the route."""

from dataclasses import dataclass

from fastapi import Depends

from api.access.keys import ANYONE, PrincipalDep
from api.problems import ProblemError
from domain.access import Action, Principal


@dataclass(frozen=True, slots=True)
class Needs:
    """A route's dependency: lets in who may do `action` on anything, and gives the principal.

    On which object, the route asks with `Principal.may` as soon as it knows it. `refused` is
    the problem's code for those whose key does not allow it.
    """

    action: Action
    refused: str = "wrong_key"

    async def __call__(self, principal: PrincipalDep) -> Principal:
        """Raises ProblemError 401 without a key, 403 where it does not allow the action."""
        if not principal.may_somewhere(self.action):
            raise ProblemError(403, "no_key_configured" if principal is ANYONE else self.refused)
        return principal


NEEDS_READ = Depends(Needs(Action.READ))
"""For a router whose routes tell of institutions."""


async def anybody() -> None:
    """What a route needs that tells nothing of institutions: nothing."""


OPEN = Depends(anybody)
"""For a router, or a route, that anybody may ask."""
