"""Who asks: the principal behind a request, by the key it carries: the installation's own, or one
that was issued to a vendor, a manager or a program (see domain.keys).

Issued keys are looked up for every request, so that one revoked is so at once in every process.
"""

import base64
import binascii
import hmac
from datetime import timedelta
from typing import Annotated

from fastapi import Depends, Header
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer

from api.dependencies import Backend, BackendDep
from api.problems import ProblemError
from domain.access import Action, Grant, Principal
from domain.keys import prefix_of

_header = APIKeyHeader(
    name="X-API-Key",
    auto_error=False,
    description="The installation's key, or one that was issued: ``cm_…``.",
)
_bearer = HTTPBearer(auto_error=False, description="The same key as a bearer token.")

ANYONE = Principal(
    "anyone",
    (Grant(frozenset({Action.READ, Action.POST, Action.CORRECT, Action.AUDIT})),),
)
"""Everybody on this machine, where no key is configured; who is elsewhere, the door refuses."""

_NOTED_EVERY = timedelta(minutes=1)

INSTALLATION = Principal("key", (Grant(frozenset(Action)),))
"""Whoever holds the installation's own key."""


def principal_of(
    backend: BackendDep,
    header_key: Annotated[str | None, Depends(_header)] = None,
    bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)] = None,
    authorization: Annotated[str, Header(include_in_schema=False)] = "",
) -> Principal:
    """Whose key the request carries. Raises ProblemError 401 without one, 403 with a wrong one.

    Where the installation has none, who shows no issued key is anybody: the door lets in only
    this machine's own people then."""
    given = header_key or (bearer.credentials if bearer else "") or _of_influx(authorization)
    prefix = prefix_of(given)
    if prefix is not None:
        return _issued(backend, prefix, given)
    if not backend.api_key:
        return ANYONE
    if not given:
        raise ProblemError(401, "needs_key", headers={"WWW-Authenticate": "Bearer"})
    if not hmac.compare_digest(given.encode(), backend.api_key.encode()):
        raise ProblemError(403, "wrong_key")
    return INSTALLATION


def _issued(backend: Backend, prefix: str, given: str) -> Principal:
    """Whose issued key this is; of one that is over, only its holder is told so."""
    key, now = backend.ledger.key(prefix), backend.now()
    if key is None or not key.is_of(given):
        raise ProblemError(403, "wrong_key")
    state = key.state(now)
    if state != "valid":
        raise ProblemError(403, f"key_{state}", prefix=prefix)
    if key.last_used_at is None or now - key.last_used_at >= _NOTED_EVERY:
        backend.ledger.key_used(prefix, now)
    return key.principal()


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
