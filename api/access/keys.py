"""Who may write. Reading is open; posting readings needs a key where one is configured."""

import hmac
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer

from api.dependencies import PartsDep
from api.problems import ProblemError

_header = APIKeyHeader(name="X-API-Key", auto_error=False, description="Key of the installation.")
_bearer = HTTPBearer(auto_error=False, description="The same key as a bearer token.")


@dataclass(frozen=True, slots=True)
class Writer:
    """Who posts. `institutions` None: for every institution."""

    name: str
    institutions: frozenset[str] | None = None


def require_writer(
    parts: PartsDep,
    header_key: Annotated[str | None, Depends(_header)] = None,
    bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)] = None,
) -> Writer:
    """The one place that decides who may post readings; keys of vendors belong here.

    Raises ProblemError 401 without a key, 403 with a wrong one.
    """
    if not parts.api_key:
        return Writer("anyone")
    given = header_key or (bearer.credentials if bearer else "")
    if not given:
        raise ProblemError(401, "needs_key", headers={"WWW-Authenticate": "Bearer"})
    if not hmac.compare_digest(given.encode(), parts.api_key.encode()):
        raise ProblemError(403, "wrong_key")
    return Writer("key")


WriterDep = Annotated[Writer, Depends(require_writer)]
