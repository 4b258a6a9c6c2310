"""/sign-in and /sign-out: who says who they are with a password, and stops being it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from anyio import to_thread
from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, RedirectResponse

from api.access.address import address_of
from api.access.forms import field, form_of
from api.access.keys import asker
from api.access.needs import OPEN
from api.access.passwords import is_right
from api.access.rates import Rates
from api.access.sessions import (
    drop_session,
    is_https,
    keep_session,
    place_of,
    require_own_form,
    require_own_page,
    session_text,
)
from api.dependencies import Backend, WholeBackendDep
from api.language import language_of
from api.pages.html import answer, render
from api.problems import ProblemError
from config.texts import text
from domain.people import (
    ADDRESS_ATTEMPTS,
    NAME_ATTEMPTS,
    Account,
    mark_of,
    new_session,
    plain_login,
    session_digest,
)

router = APIRouter(include_in_schema=False, dependencies=[OPEN])


@router.get("/sign-in", response_class=HTMLResponse)
async def sign_in_page(request: Request, next: str = "/") -> HTMLResponse:
    return sign_in_answer(request, next)


@router.post("/sign-in", response_class=HTMLResponse)
async def sign_in(request: Request, backend: WholeBackendDep) -> Response:
    require_own_page(request)
    rates: Rates = request.app.state.rates
    rates.count_stranger(address_of(request))
    form = await form_of(request)
    onward, login = field(form, "next"), plain_login(field(form, "login"))
    now = backend.now()
    name = mark_of("name", login)
    address = mark_of("address", address_of(request))
    most = {name: NAME_ATTEMPTS, address: ADDRESS_ATTEMPTS}
    until = await run_in_threadpool(backend.ledger.count_attempt, most, now)
    if until is not None:
        return _shut(request, onward, until, now)
    account = await run_in_threadpool(backend.ledger.person, login)
    kept = "" if account is None else account.password
    limiter = request.app.state.passwords
    right = await to_thread.run_sync(is_right, kept, field(form, "password"), limiter=limiter)
    if account is None or not right:
        return sign_in_answer(request, onward, "wrong", 403)
    await run_in_threadpool(backend.ledger.forget_attempt, name, address)
    if account.locked_at is not None:
        return sign_in_answer(
            request, onward, "locked", 403, {"day": f"{account.locked_at:%Y-%m-%d}"}
        )
    begun = await begin(request, backend, account, onward, secure=is_https(request))
    return begun or sign_in_answer(request, onward, "wrong", 403)


async def begin(
    request: Request, backend: Backend, account: Account, onward: str, *, secure: bool
) -> Response | None:
    """A session of somebody who said who they are, in another's place if there was one; None if
    they were locked, or given another password, in the meantime. `secure`: its cookie goes through
    https alone."""
    session, kept = new_session(account.login, backend.now())
    if not await run_in_threadpool(backend.ledger.begin_session, kept, account):
        return None
    before = session_text(request)
    if before:
        await run_in_threadpool(backend.ledger.end_session, session_digest(before))
    response = RedirectResponse(place_of(onward), 303)
    keep_session(response, session, secure=secure)
    return response


@router.post("/sign-out")
async def sign_out(request: Request, backend: WholeBackendDep) -> Response:
    session = session_text(request)
    digest = session_digest(session)
    account = await run_in_threadpool(backend.ledger.signed_in, digest, backend.now())
    if account is not None:
        await require_own_form(request, session)
        await run_in_threadpool(backend.ledger.end_session, digest)
    response = RedirectResponse(f"/sign-in?lang={language_of(request)}", 303)
    drop_session(response)
    return response


@router.get("/with-key")
async def with_key(request: Request, next: str = "/") -> Response:
    """For a browser whose user has a key and no password: it asks for the key, as the password of
    any name, and sends it from then on."""
    if "authorization" in request.headers:
        try:
            await asker(request)
        except ProblemError as error:
            if error.status not in (401, 403):
                raise
        else:
            return RedirectResponse(place_of(next), 303)
    raise ProblemError(401, "needs_key", headers={"WWW-Authenticate": 'Basic realm="Civicmeter"'})


def _shut(request: Request, onward: str, until: datetime, now: datetime) -> HTMLResponse:
    response = sign_in_answer(request, onward, "shut", 429, {"until": f"{until:%H:%M}"})
    response.headers["Retry-After"] = str(max(1, int((until - now).total_seconds())))
    return response


def sign_in_answer(
    request: Request,
    onward: str,
    notice: str = "",
    status: int = 200,
    values: Mapping[str, Any] | None = None,
) -> HTMLResponse:
    """The page, with what has to be said first."""
    lang = language_of(request)
    html = render(
        "sign_in.html",
        lang,
        p=lambda key, **filled: text("people", key, lang, **filled),
        onward=place_of(onward),
        by_provider=request.app.state.oidc is not None,
        notice=text("people", f"notice.{notice}", lang, **(values or {})) if notice else "",
    )
    page = answer(html, lang)
    page.status_code = status
    page.headers["Cache-Control"] = "no-store"
    return page
