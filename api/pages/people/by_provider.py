"""/sign-in/oidc: who says who they are at the organisation's identity provider."""

import logging
from datetime import datetime

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, RedirectResponse

from api.access.address import address_of
from api.access.needs import OPEN
from api.access.oidc import Asked, Oidc, ProviderAwayError, ProviderError
from api.access.rates import Rates
from api.access.sessions import is_https, place_of
from api.dependencies import WholeBackendDep
from api.pages.people.signing_in import begin, sign_in_answer
from api.problems import ProblemError

router = APIRouter(include_in_schema=False, prefix="/sign-in/oidc", dependencies=[OPEN])
COOKIE = "civicmeter_oidc"
_MAX_AGE_S = 600
_MOST_CHARS = 500
"""Of where to go on: a cookie holds 4 kB."""
_AT_ONCE = 4
_log = logging.getLogger(__name__)


def provider_threads() -> CapacityLimiter:
    """Those who ask the provider: when it hangs, nobody else waits for it."""
    return CapacityLimiter(_AT_ONCE)


@router.get("")
async def to_provider(request: Request, next: str = "/") -> Response:
    oidc = _provider(request)
    limiter = request.app.state.asking_provider
    onward = place_of(next) if len(next) <= _MOST_CHARS else "/"
    try:
        address, asked = await to_thread.run_sync(oidc.ask, onward, limiter=limiter)
    except (ProviderAwayError, ProviderError) as error:
        return _away(request, onward, error)
    response = RedirectResponse(address, 303)
    response.headers["Cache-Control"] = "no-store"
    response.set_cookie(
        COOKIE,
        asked.text(),
        max_age=_MAX_AGE_S,
        path="/sign-in/oidc",
        secure=oidc.is_https,
        httponly=True,
        samesite="lax",
    )
    return response


@router.get("/back", response_class=HTMLResponse)
async def from_provider(request: Request, backend: WholeBackendDep) -> Response:
    oidc = _provider(request)
    response = await _answered(request, oidc, backend.now())
    if isinstance(response, str):
        subject, asked = response, _asked(request)
        assert asked is not None
        account = await run_in_threadpool(backend.ledger.person_of_subject, subject)
        if account is None:
            values = {"subject": subject[:200]}
            response = sign_in_answer(request, asked.onward, "no_account", 403, values)
        elif account.locked_at is not None:
            day = {"day": f"{account.locked_at:%Y-%m-%d}"}
            response = sign_in_answer(request, asked.onward, "locked", 403, day)
        else:
            secure = oidc.is_https or is_https(request)
            begun = await begin(request, backend, account, asked.onward, secure=secure)
            response = begun or sign_in_answer(request, asked.onward, "wrong", 403)
    # Of one use, whatever came of it.
    response.delete_cookie(COOKIE, path="/sign-in/oidc", secure=oidc.is_https, httponly=True)
    return response


async def _answered(request: Request, oidc: Oidc, now: datetime) -> str | Response:
    """Who came back, or the page for who could not be believed."""
    asked = _asked(request)
    if asked is None:
        return sign_in_answer(request, "/", "not_asked", 403)
    limiter = request.app.state.asking_provider
    answer = dict(request.query_params)
    try:
        return await to_thread.run_sync(oidc.subject, asked, answer, now, limiter=limiter)
    except ProviderError as error:
        _log.warning("nobody is signed in by the provider: %s", error)
        return sign_in_answer(request, asked.onward, "not_believed", 403)
    except ProviderAwayError as error:
        return _away(request, asked.onward, error)


def _asked(request: Request) -> Asked | None:
    return Asked.of_text(request.cookies.get(COOKIE, ""))


def _away(request: Request, onward: str, error: Exception) -> Response:
    _log.warning("the identity provider does not answer: %s", error)
    response = sign_in_answer(request, onward, "away", 503)
    response.headers["Retry-After"] = "30"
    return response


def _provider(request: Request) -> Oidc:
    """Raises ProblemError 404 where none is configured, 429 for an address that asks too often."""
    oidc: Oidc | None = request.app.state.oidc
    if oidc is None:
        raise ProblemError(404, "not_found", path=request.url.path)
    rates: Rates = request.app.state.rates
    rates.count_stranger(address_of(request))
    return oidc
