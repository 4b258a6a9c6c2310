"""What is done from one's own page: keys issued, rotated, revoked, a file tried, a device accepted.

Each answers with the page again. A new key stands in that answer and nowhere else.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import PurePath
from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Depends, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse
from starlette.datastructures import FormData, UploadFile

from api.access.forms import LARGE_FORM, field, form_of
from api.access.needs import Needs
from api.access.seen import BackendDep
from api.dependencies import Backend
from api.intake.body import require_readable_size
from api.intake.posting import Posting
from api.intake.reading import reader_of
from api.intake.turns import Turns
from api.language import language_of
from api.pages.people.own import Said, own_answer, told
from api.pages.people.own_data import own_keys, roles_within
from api.pages.people.waiting import Accept
from api.problems import ProblemError
from config.texts import Language, text
from domain.access import Action, Principal
from domain.audit import Actor
from domain.errors import ConfigError
from domain.instants import InstantError, parse_instant
from domain.keys import Key, digest_of, new_key_text
from domain.people import Account

router = APIRouter(include_in_schema=False, prefix="/me")
ReaderDep = Annotated[Principal, Depends(Needs(Action.READ))]
PosterDep = Annotated[Principal, Depends(Needs(Action.POST))]
AdministratorDep = Annotated[Principal, Depends(Needs(Action.ADMINISTER))]
OVERLAP = timedelta(days=7)
MOST_KEYS = 20
"""Of one person, at a time."""
_OF_ENDING = {
    ".csv": "text/csv",
    ".json": "application/json",
    ".ndjson": "application/x-ndjson",
    ".jsonl": "application/x-ndjson",
    ".txt": "text/plain",
    ".lp": "text/plain",
}
_LATEST_DAYS = 3 * 366


@router.post("/keys", response_class=HTMLResponse)
async def issue_key(request: Request, principal: ReaderDep, backend: BackendDep) -> HTMLResponse:
    form = await form_of(request)
    return await run_in_threadpool(_changed, request, principal, backend, form, _issue)


@router.post("/keys/{prefix}/rotate", response_class=HTMLResponse)
async def rotate_key(
    request: Request, principal: ReaderDep, backend: BackendDep, prefix: str
) -> HTMLResponse:
    form = await form_of(request)
    return await run_in_threadpool(_changed, request, principal, backend, form, _rotate, prefix)


@router.post("/keys/{prefix}/revoke", response_class=HTMLResponse)
async def revoke_key(
    request: Request, principal: ReaderDep, backend: BackendDep, prefix: str
) -> HTMLResponse:
    form = await form_of(request)
    return await run_in_threadpool(_changed, request, principal, backend, form, _revoke, prefix)


_Change = Callable[[Backend, Account, Actor, FormData, Language, str], Said]


def _changed(
    request: Request,
    principal: Principal,
    backend: Backend,
    form: FormData,
    change: _Change,
    prefix: str = "",
) -> HTMLResponse:
    """Keys are their holder's affair: whoever comes with a key instead of a name has no page of
    keys. Raises ProblemError 403 for them."""
    account: Account | None = getattr(request.state, "account", None)
    if account is None:
        raise ProblemError(403, "not_signed_in")
    lang = language_of(request)
    try:
        said = change(backend, account, Actor.of(principal), form, lang, prefix)
    except ConfigError as error:
        said = Said(notice=str(error), status=422)
    except ProblemError as error:
        said = Said(notice=told(error, lang), status=error.status)
    return own_answer(request, principal, backend, said)


def _issue(
    backend: Backend, account: Account, actor: Actor, form: FormData, lang: Language, _: str
) -> Said:
    """A key of one's own: what is entered with it stands under one's name."""
    roles = {r.value: r for r in roles_within(account.role)}
    role, place = roles.get(field(form, "role")), field(form, "institution")
    if role is None:
        raise ProblemError(422, "bad_value", reason=text("people", "no_role", lang))
    if place and place not in backend.registry.institution_by_id:
        raise ProblemError(404, "unknown_institution", id=place[:100])
    mine = [k for k in own_keys(backend, account) if k.person == account.person]
    if len(mine) >= MOST_KEYS:
        raise ProblemError(
            422, "bad_value", reason=text("people", "many_keys", lang, most=MOST_KEYS)
        )
    now = backend.now()
    new, prefix = new_key_text()
    key = Key(
        prefix=prefix,
        digest=digest_of(new),
        holder=account.holder,
        role=role,
        person=account.person,
        issued_at=now,
        expires_at=_end(field(form, "expires"), now, lang),
        institutions=frozenset({place}) if place else account.institutions,
        contracts=account.contracts,
        devices=account.devices,
    )
    assert key.is_within(account)
    backend.ledger.issue_key(key, actor=actor)
    return Said(done=text("people", "issued", lang, prefix=prefix), key=new)


def _end(given: str, now: datetime, lang: Language) -> datetime | None:
    """The day (UTC) on which it holds no more; None if none is given."""
    if not given:
        return None
    try:
        end = parse_instant(given, bare_day=True)
    except InstantError:
        end = now
    if not now < end <= now + timedelta(days=_LATEST_DAYS):
        raise ProblemError(422, "bad_value", reason=text("people", "bad_end", lang))
    return end


def _rotate(
    backend: Backend, account: Account, actor: Actor, _: FormData, lang: Language, prefix: str
) -> Said:
    old = _own_key(backend, account, prefix)
    if old.person != account.person:
        raise ProblemError(403, "not_your_key", prefix=prefix)
    now = backend.now()
    new, new_prefix = new_key_text()
    end = None if old.expires_at is None else now + (old.expires_at - old.issued_at)
    key = old.renewed(new_prefix, digest_of(new), now, end)
    backend.ledger.rotate_key(prefix, key, old_until=now + OVERLAP, actor=actor)
    return Said(
        done=text("people", "rotated", lang, prefix=new_prefix, old=prefix, days=OVERLAP.days),
        key=new,
    )


def _revoke(
    backend: Backend, account: Account, actor: Actor, form: FormData, lang: Language, prefix: str
) -> Said:
    old = _own_key(backend, account, prefix)
    reason = field(form, "reason").strip() or text("people", "no_reason", lang)
    backend.ledger.revoke_key(old.prefix, at=backend.now(), reason=reason, actor=actor)
    return Said(done=text("people", "is_revoked", lang, prefix=prefix))


def _own_key(backend: Backend, account: Account, prefix: str) -> Key:
    """Raises ProblemError 404: of others' keys nobody is told that they are there."""
    for key in own_keys(backend, account):
        if key.prefix == prefix:
            return key
    raise ProblemError(404, "unknown_key", prefix=prefix[:20])


@router.post("/try", response_class=HTMLResponse, dependencies=[LARGE_FORM])
async def try_readings(request: Request, principal: PosterDep, backend: BackendDep) -> HTMLResponse:
    """What would become of a file, or of what was typed; nothing is stored nor kept aside."""
    form, lang = await form_of(request), language_of(request)
    fields = {name: field(form, name) for name in ("text", "format", "tz")}
    whole: Backend = request.app.state.backend
    turns: Turns = request.app.state.turns
    try:
        body, media = await _body_of(form)
        require_readable_size(body)
        read = reader_of(media, fields["tz"] if media == "text/csv" else "")
        posting = Posting(lambda: read(body), body, whole, principal, lang)
        limiter = request.app.state.posting
        async with turns.of(principal.name):
            taken, more = await to_thread.run_sync(posting.tried, limiter=limiter)
        notice = text("people", "tried_more", lang) if more else ""
        said = Said(tried=taken, notice=notice, fields=fields)
    except ProblemError as error:
        said = Said(notice=told(error, lang), fields=fields, status=error.status)
    return await run_in_threadpool(own_answer, request, principal, backend, said)


async def _body_of(form: FormData) -> tuple[bytes, str]:
    """The file, else what was typed; and its content type, by the choice made, else its name."""
    given, media = form.get("file"), field(form, "format")
    if isinstance(given, UploadFile) and given.filename:
        ending = PurePath(given.filename).suffix.lower()
        return await given.read(), media or _OF_ENDING.get(ending, ending[:20])
    # A browser ends every line it sends of a text with CR LF.
    typed = field(form, "text").replace("\r\n", "\n")
    return typed.encode(), media or _OF_ENDING[".csv"]


@router.post("/waiting", response_class=HTMLResponse)
async def accept_device(
    request: Request, principal: AdministratorDep, backend: BackendDep
) -> HTMLResponse:
    form, lang = await form_of(request), language_of(request)
    accept: Accept | None = request.app.state.accept
    if accept is None or not principal.may(Action.ADMINISTER):
        raise ProblemError(403, "wrong_key")
    device, place, like = (field(form, name) for name in ("device", "institution", "like"))
    try:
        if place not in backend.registry.institution_by_id:
            raise ProblemError(404, "unknown_institution", id=place[:100])
        stored = await run_in_threadpool(accept, device, place, like.strip(), Actor.of(principal))
        said = Said(done=text("people", "accepted", lang, device=device, count=f"{stored:,}"))
    except ConfigError as error:
        said = Said(notice=str(error), status=422)
    except ProblemError as error:
        said = Said(notice=told(error, lang), status=error.status)
    return await run_in_threadpool(own_answer, request, principal, backend, said)
