"""Who asks: the principal behind a request, by the key it carries.

Today there is one key, the installation's; keys of vendors belong here.
"""

import base64
import binascii
import hmac
from typing import Annotated

from fastapi import Depends, Header
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer

from api.dependencies import BackendDep
from api.problems import ProblemError
from domain.access import Action, Grant, Principal

_header = APIKeyHeader(name="X-API-Key", auto_error=False, description="Key of the installation.")
_bearer = HTTPBearer(auto_error=False, description="The same key as a bearer token.")

ANYONE = Principal(
    "anyone",
    (Grant(frozenset({Action.READ, Action.POST, Action.CORRECT, Action.AUDIT})),),
)
"""Everybody on this machine, where no key is configured; who is elsewhere, the door refuses."""

INSTALLATION = Principal("key", (Grant(frozenset(Action)),))
"""Whoever holds the installation's own key."""


def principal_of(
    backend: BackendDep,
    header_key: Annotated[str | None, Depends(_header)] = None,
    bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)] = None,
    authorization: Annotated[str, Header(include_in_schema=False)] = "",
) -> Principal:
    """Whose key the request carries. Raises ProblemError 401 without one, 403 with a wrong one."""
    if not backend.api_key:
        return ANYONE
    given = header_key or (bearer.credentials if bearer else "") or _of_influx(authorization)
    if not given:
        raise ProblemError(401, "needs_key", headers={"WWW-Authenticate": "Bearer"})
    if not hmac.compare_digest(given.encode(), backend.api_key.encode()):
        raise ProblemError(403, "wrong_key")
    return INSTALLATION


def _of_influx(authorization: str) -> str:
    """The key as clients of InfluxDB send it: ``Token KEY`` (version 2), or the password of
    HTTP's basic authentication (version 1); empty if it is neither."""
    scheme, _, said = authorization.partition(" ")
    if scheme.lower() == "token":
        return said.strip()
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(said, validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return ""


PrincipalDep = Annotated[Principal, Depends(principal_of)]
