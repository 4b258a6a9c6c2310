"""GET /me: what concerns whoever asks, in the parts they may see: a vendor's page and a manager's."""

from dataclasses import dataclass, field
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse

from api.access.needs import Needs
from api.access.seen import BackendDep
from api.dependencies import Backend
from api.intake.store_body import Taken
from api.language import language_of
from api.pages.forms import csrf_of
from api.pages.html import answer, options, render
from api.pages.people.own_data import (
    LOOKS_BACK,
    arrivals,
    contracts,
    own_keys,
    refused,
    roles_within,
)
from api.pages.people.waiting import Accept, waiting
from api.problems import ProblemError
from config.texts import text
from domain.access import Action, Principal
from domain.keys import Key, Role
from domain.people import Account

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, kw_only=True)
class Said:
    """What a page says besides: of what was just asked for. `key` is a new one, shown this once."""

    notice: str = ""
    done: str = ""
    key: str = ""
    tried: Taken | None = None
    fields: dict[str, str] = field(default_factory=dict)
    status: int = 200


@router.get("/me", response_class=HTMLResponse)
def own_page(
    request: Request,
    principal: Annotated[Principal, Depends(Needs(Action.READ))],
    backend: BackendDep,
    page: Annotated[int, Query(ge=1, le=10**6)] = 1,
) -> HTMLResponse:
    return own_answer(request, principal, backend, Said(), page)


def own_answer(
    request: Request, principal: Principal, backend: Backend, said: Said, page: int = 1
) -> HTMLResponse:
    """The page; `backend` is as whoever asks may see it. It is never kept by a browser."""
    lang = language_of(request)
    account: Account | None = getattr(request.state, "account", None)
    accept: Accept | None = request.app.state.accept
    devices, page, pages = arrivals(backend, lang, page)
    aside, aside_more = refused(backend, lang)
    administers = principal.may(Action.ADMINISTER)
    places = sorted((i.name(lang), i.id) for i in backend.registry.institutions)
    html = render(
        "me.html",
        lang,
        p=lambda key, **values: text("people", key, lang, **values),
        b=lambda key: text("board", key, lang),
        said=said,
        who=account.person if account else _who(principal, lang),
        account=account,
        csrf=csrf_of(request) if account else "",
        days=LOOKS_BACK.days,
        devices=devices,
        page=page,
        pages=pages,
        address=lambda to: "/me?" + urlencode({"lang": lang, "page": to}),
        aside=aside,
        aside_more=aside_more,
        contracts=contracts(backend, lang),
        statement=lambda contract: (
            "/settlements?" + urlencode({"contract": contract, "lang": lang})
        ),
        keys=[_key(key, account, lang) for key in own_keys(backend, account)] if account else [],
        role=_role(account.role, lang) if account else "",
        roles=options(((r, _role(r, lang)) for r in roles_within(account.role)), "")
        if account
        else "",
        places=options(((id, name) for name, id in places), ""),
        tries=principal.may_somewhere(Action.POST),
        waiting=waiting(backend) if administers else None,
        accepts=accept is not None,
    )
    response = answer(html, lang)
    response.status_code = said.status
    response.headers["Cache-Control"] = "no-store"
    return response


def told(error: ProblemError, lang: str) -> str:
    """A problem as a sentence of the page."""
    return text("api", f"problem.{error.code}.detail", lang, **error.values)


def _who(principal: Principal, lang: str) -> str:
    named = f"principal.{principal.name}"
    known = principal.name in ("key", "anyone", "reader")
    return text("people", named, lang) if known else principal.person or principal.name


def _role(role: Role, lang: str) -> str:
    return text("people", f"role_of.{role}", lang)


def _key(key: Key, account: Account, lang: str) -> dict[str, Any]:
    narrowed = (key.institutions, key.contracts, key.devices)
    only = sorted(one for ids in narrowed if ids is not None for one in ids)
    return {
        "prefix": key.prefix,
        "role": _role(key.role, lang),
        "person": key.person,
        "only": ", ".join(only) or text("people", "everything", lang),
        "until": f"{key.expires_at:%Y-%m-%d}"
        if key.expires_at
        else text("people", "revoked", lang),
        "used": f"{key.last_used_at:%Y-%m-%d %H:%M}"
        if key.last_used_at
        else text("people", "never_used", lang),
        "rotates": key.person == account.person,
    }
