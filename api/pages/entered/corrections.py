"""/corrections: what people say readings should have been, and a form for a handful of them."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.access.needs import Needs
from api.access.seen import BackendDep
from api.dependencies import Backend, WholeBackendDep
from api.entering.correcting import enter, rows_of, seen_corrections
from api.language import language_of
from api.pages.entered.form_page import PAGE_SIZE, number
from api.pages.forms import FilledInDep, csrf_of, refused, signs_as
from api.pages.html import answer, render, sheet_of
from api.problems import ProblemError
from config.texts import text
from domain.access import Action, Principal
from domain.errors import ConfigError

router = APIRouter(include_in_schema=False)
ReaderDep = Annotated[Principal, Depends(Needs(Action.READ))]
CorrectorDep = Annotated[Principal, Depends(Needs(Action.CORRECT))]
_ROWS = range(1, 5)
"""Of the form: six fields each, and a form has thirty at most. More come by the API."""


@router.get("/corrections", response_class=HTMLResponse)
def corrections_page(
    request: Request,
    principal: ReaderDep,
    backend: BackendDep,
    page: Annotated[int, Query(ge=1, le=10**6)] = 1,
) -> HTMLResponse:
    return _page(request, backend, principal, page)


@router.post("/corrections")
def correct_form(
    request: Request, principal: CorrectorDep, backend: WholeBackendDep, given: FilledInDep
) -> Response:
    lang = language_of(request)
    posted = [row for row in (_row(given, k) for k in _ROWS) if row]
    try:
        enter(backend, principal, posted, lang)
    except (ProblemError, ConfigError) as error:
        status, why = refused(error, lang)
        seen = backend.through(principal.reach(Action.READ))
        answered = _page(request, seen, principal, 1, given, why)
        answered.status_code = status
        return answered
    return RedirectResponse(f"/corrections?lang={lang}", status_code=303)


def _row(given: Mapping[str, str], k: int) -> dict[str, object]:
    """A row as the API is posted it; empty where nothing was filled in."""
    names = ("device", "quantity", "at", "value", "leave_out", "reason")
    filled = {name: given[f"{name}.{k}"] for name in names if given.get(f"{name}.{k}")}
    if not filled:
        return {}
    typed = {"device": "", "quantity": "", "at": "", **filled, "author": given.get("by", "")}
    value = {"value": number(filled["value"])} if "value" in filled else {}
    return {**typed, **value, "leave_out": "leave_out" in filled}


def _page(
    request: Request,
    backend: Backend,
    principal: Principal,
    page: int,
    given: Mapping[str, str] | None = None,
    why: list[str] | None = None,
) -> HTMLResponse:
    lang = language_of(request)
    devices = backend.in_part.device_by_id
    every = seen_corrections(backend, lambda device: backend.sees_all or device in devices)[::-1]
    sheet = sheet_of(len(every), page, PAGE_SIZE)
    html = render(
        "corrections.html",
        lang,
        e=lambda key, **values: text("entered", key, lang, **values),
        rows=rows_of(backend, every[sheet.shown]),
        may=principal.may_somewhere(Action.CORRECT),
        numbers=_ROWS,
        given=given or {},
        why=why or [],
        page=sheet.page,
        pages=sheet.pages,
        signs_as=signs_as(principal),
        csrf=csrf_of(request),
    )
    return answer(html, lang)
