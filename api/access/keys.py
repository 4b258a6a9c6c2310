"""Who asks: the principal behind a request, by the key it carries: the installation's own, or one
that was issued to a vendor, a manager or a program (see domain.keys); or by the session of somebody
who signed in (see domain.people).

Issued keys and sessions are looked up for every request, so that one that is over is so at once in
every process.
"""

import base64
import binascii
import hmac
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Annotated

from fastapi import Depends, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.security import (
    APIKeyCookie,
    APIKeyHeader,
    HTTPAuthorizationCredentials,
    HTTPBearer,
)

from api.access.address import address_of
from api.access.rates import Rates
from api.access.sessions import COOKIE, require_own_form, session_text, sign_in_address
from api.dependencies import Backend
from api.problems import ElsewhereError, ProblemError
from domain.access import Action, Grant, Principal
from domain.errors import StoreUnavailableError
from domain.keys import prefix_of
from domain.people import session_digest
from store.ledger.port import Ledger

_header = APIKeyHeader(
    name="X-API-Key",
    auto_error=False,
    description="The installation's key, or one that was issued: ``cm_…``.",
)
_bearer = HTTPBearer(auto_error=False, description="The same key as a bearer token.")
_cookie = APIKeyCookie(
    name=COOKIE,
    auto_error=False,
    description="Of somebody who signed in (``__Host-`` before it through https); what changes "
    "something needs the page's own Origin and X-CSRF-Token as well.",
)

ANYONE = Principal(
    "anyone",
    (Grant(frozenset({Action.READ, Action.POST, Action.CORRECT, Action.AUDIT})),),
)
"""Everybody on this machine, where nothing is configured; who is elsewhere, the door refuses."""

INSTALLATION = Principal("key", (Grant(frozenset(Action)),))
"""Whoever holds the installation's own key."""

READER = Principal("reader", (Grant(frozenset({Action.READ})),))
"""Whoever holds the installation's key that only reads."""

_ASKED_EVERY_S = 1.0


class AnyIssued:
    """Whether a key was ever issued or a person added. Neither is ever taken out, so a yes holds; a
    no is asked again after a second. For any thread."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._there = False
        self._asked_at = float("-inf")

    @property
    def known(self) -> bool:
        """Whether `get` has its answer without asking the ledger."""
        return self._there or time.monotonic() - self._asked_at < _ASKED_EVERY_S

    def get(self) -> bool:
        if not self.known:
            asked_at = time.monotonic()
            self._there = self._ledger.any_key_issued() or self._ledger.any_person()
            self._asked_at = asked_at
        return self._there


async def principal_of(
    request: Request,
    header_key: Annotated[str | None, Depends(_header)] = None,
    bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)] = None,
    cookie: Annotated[str | None, Depends(_cookie)] = None,
) -> Principal:
    """Whose key the request carries, or who signed in. Raises ProblemError 401 without either, 403
    with a wrong key, and ElsewhereError to who asks for a page without either.

    Where the installation has none and none was ever issued, whoever asks is anybody."""
    del (
        header_key,
        bearer,
        cookie,
    )  # documented by these, read where answers that are kept find it too
    return await asker(request)


async def asker(request: Request) -> Principal:
    """As `principal_of`, once a request: a thread is taken only where the ledger is asked. Requests
    are counted here (see Rates), but for those of the installation's own keys, which are the
    operator's, and of this machine's people where nothing is configured."""
    found: Principal | None = getattr(request.state, "principal", None)
    if found is None:
        rates: Rates = request.app.state.rates
        found = await _signed_in(request)
        if found is None:
            try:
                found = await _by_key(request)
            except (ProblemError, ElsewhereError):
                rates.count_stranger(address_of(request))
                raise
            prefix = getattr(request.state, "key_prefix", "")
            if prefix:
                rates.count(f"key {prefix}")
        request.state.principal = found
    return found


async def _signed_in(request: Request) -> Principal | None:
    """Who signed in, unless the request carries a key. A browser that once asked for a key goes on
    sending it (basic authentication), whoever signs in after that."""
    session = session_text(request)
    scheme = request.headers.get("authorization", "").partition(" ")[0].lower()
    if not session or "x-api-key" in request.headers or scheme not in ("", "basic"):
        return None
    backend: Backend = request.app.state.backend
    digest = session_digest(session)
    account = await run_in_threadpool(backend.ledger.signed_in, digest, backend.now())
    if account is None:
        return None
    request.state.account = account
    rates: Rates = request.app.state.rates
    rates.count(f"person {account.login}")  # before a form is read
    await require_own_form(request, session)
    return account.principal()


async def _by_key(request: Request) -> Principal:
    backend: Backend = request.app.state.backend
    any_issued: AnyIssued = request.app.state.any_issued
    own = backend.api_key or backend.read_key
    if prefix_of(_given(request.headers)) is not None or not (own or any_issued.known):
        return await run_in_threadpool(_principal, request, backend)
    return _principal(request, backend)


def _principal(request: Request, backend: Backend) -> Principal:
    given = _given(request.headers)
    prefix = prefix_of(given)
    if prefix is not None:
        principal = _issued(backend, prefix, given)
        request.state.key_prefix = prefix
        return principal
    any_issued: AnyIssued = request.app.state.any_issued
    if not (backend.api_key or backend.read_key or any_issued.get()):
        return ANYONE
    if not given:
        if _is_browser(request):
            raise ElsewhereError(sign_in_address(request))
        raise ProblemError(401, "needs_key", headers={"WWW-Authenticate": "Bearer"})
    own = _of_own_key(backend, given)
    if own is None:
        raise ProblemError(403, "wrong_key")
    return own


def _of_own_key(backend: Backend, given: str) -> Principal | None:
    for own, principal in ((backend.api_key, INSTALLATION), (backend.read_key, READER)):
        if own and hmac.compare_digest(given.encode(), own.encode()):
            return principal
    return None


def is_stranger(request: Request) -> bool:
    """Whether keys are configured and the request carries none of them. Asks no store, for those
    who ask whether the stores are well; so whoever holds an issued key is a stranger here."""
    backend: Backend = request.app.state.backend
    if not (backend.api_key or backend.read_key):
        return False
    return _of_own_key(backend, _given(request.headers)) is None


def _is_browser(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "")


def _given(headers: Mapping[str, str]) -> str:
    """The key as programs and browsers send it: a header of its own, a bearer token, ``Token KEY``
    (InfluxDB 2), or the password of HTTP's basic authentication (browsers, InfluxDB 1); empty if
    it is none of these."""
    if "x-api-key" in headers:
        return headers["x-api-key"]
    scheme, _, said = headers.get("authorization", "").partition(" ")
    if scheme.lower() in ("bearer", "token"):
        return said.strip()
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(said, validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _issued(backend: Backend, prefix: str, given: str) -> Principal:
    """Whose issued key this is; of one that is over, only its holder is told so."""
    key, now = backend.ledger.key(prefix), backend.now()
    if key is None or not key.is_of(given):
        raise ProblemError(403, "wrong_key")
    state = key.state(now)
    if state != "valid":
        raise ProblemError(403, f"key_{state}", prefix=prefix)
    if not key.is_use_noted(now):
        with suppress(StoreUnavailableError):  # who may read is not refused for a note
            backend.ledger.key_used(prefix, now)
    return key.principal()


PrincipalDep = Annotated[Principal, Depends(principal_of)]
