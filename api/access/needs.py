"""What a route needs of whoever asks, declared beside the route."""

from dataclasses import dataclass

from api.access.keys import PrincipalDep
from api.dependencies import BackendDep
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

    def __call__(self, backend: BackendDep, principal: PrincipalDep) -> Principal:
        """Raises ProblemError 401 without a key, 403 where it does not allow the action."""
        if not principal.may_somewhere(self.action):
            raise ProblemError(403, self.refused if backend.api_key else "no_key_configured")
        return principal
