"""The backend as whoever asks may see it. What they may not see does not exist for them: it is left
out of lists and counts, and asked for by name it is unknown (404), as if it had never been.
"""

from typing import Annotated

from fastapi import Depends, Request

from api.access.keys import PrincipalDep, asker
from api.dependencies import Backend, WholeBackendDep
from domain.access import Action
from domain.contracts.issued import Issued
from store.ledger.kept import grants_text


async def seen_backend(principal: PrincipalDep, backend: WholeBackendDep) -> Backend:
    return backend.through(principal.reach(Action.READ))


BackendDep = Annotated[Backend, Depends(seen_backend)]


async def sight_of(request: Request) -> str:
    """Another word for each other part that may be seen; empty for all of it. Raises ProblemError
    as `principal_of`."""
    grants = (await asker(request)).reach(Action.READ)
    return "" if grants is None else grants_text(grants)


def sees_statement(backend: Backend, statement: Issued) -> bool:
    """Whether a statement may be seen: all whose money it is about have to be."""
    if backend.sees_all:
        return True
    whole, parts = backend.registry.institution_by_id, backend.in_part
    if set(statement.content["owners"]) <= set(whole):
        return True
    return any(c.id == statement.agreement for c in parts.contracts)
