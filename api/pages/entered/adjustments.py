"""/adjustments: what people say changed in a building, with evidence; proposed, approved, refused."""

import json
from base64 import b64encode
from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.datastructures import UploadFile

from api.access.forms import LARGE_FORM, form_of
from api.access.needs import Needs
from api.access.seen import BackendDep
from api.dependencies import Backend, WholeBackendDep
from api.entering.adjusting import decide, enter, seen_adjustments
from api.intake.read_body import read_as
from api.language import language_of
from api.pages.entered.form_page import PAGE_SIZE, number
from api.pages.forms import FilledInDep, csrf_of, is_locked, refused, signs_as
from api.pages.html import answer, options, render, sheet_of
from api.problems import ProblemError
from api.query import NumberPath
from api.rows.adjustments import NewAdjustment, NewDecision
from config.texts import text
from domain.access import Action, Principal, may_be_one_person
from domain.adjustments import Adjustment
from domain.errors import ConfigError
from reports.words.names import carrier_name

router = APIRouter(include_in_schema=False)
ReaderDep = Annotated[Principal, Depends(Needs(Action.READ))]
AdjusterDep = Annotated[Principal, Depends(Needs(Action.ADJUST, "may_only_propose"))]
ApproverDep = Annotated[Principal, Depends(Needs(Action.APPROVE, "may_only_propose"))]
_TYPED = ("contract", "carrier", "start", "end", "reason", "evidence", "evidence_sha256")
_AMOUNTS = ("per_day_kwh", "total_kwh", "formula")


@router.get("/adjustments", response_class=HTMLResponse)
def adjustments_page(
    request: Request,
    principal: ReaderDep,
    backend: BackendDep,
    contract: str = "",
    page: Annotated[int, Query(ge=1, le=10**6)] = 1,
) -> HTMLResponse:
    return _page(request, backend, principal, contract, page)


@router.post("/adjustments", dependencies=[LARGE_FORM])
async def propose_form(
    request: Request, principal: AdjusterDep, backend: WholeBackendDep, given: FilledInDep
) -> Response:
    """A proposal with its evidence; it waits for somebody else."""
    file = (await form_of(request)).get("file")
    content = await file.read() if isinstance(file, UploadFile) and file.filename else None
    name = file.filename or "" if isinstance(file, UploadFile) else ""
    return await run_in_threadpool(_propose, request, principal, backend, given, name, content)


@router.post("/adjustments/{number}/decisions")
def decide_form(
    request: Request,
    principal: ApproverDep,
    backend: WholeBackendDep,
    number: NumberPath,
    given: FilledInDep,
) -> Response:
    named = {"kind": given.get("decision", ""), "by": given.get("by", "")}
    try:
        posted = read_as(NewDecision, _json({**named, "reason": given.get("reason", "")}))
        decide(backend, principal, number, posted)
    except (ProblemError, ConfigError) as error:
        return _again(request, backend, principal, {}, error)
    return _back(request, given.get("contract", ""))


def _propose(
    request: Request,
    principal: Principal,
    backend: Backend,
    given: Mapping[str, str],
    name: str,
    content: bytes | None,
) -> Response:
    fields: dict[str, Any] = {k: given[k] for k in _TYPED if given.get(k)}
    amount, how = given.get("amount", ""), given.get("amount_as", "")
    if how in _AMOUNTS and amount:
        fields[how] = amount if how == "formula" else number(amount)
    if content is not None:
        fields |= {"evidence": name, "evidence_base64": b64encode(content).decode()}
    try:
        posted = read_as(NewAdjustment, _json({**fields, "author": given.get("by", "")}))
        enter(backend, principal, posted)
    except (ProblemError, ConfigError) as error:
        return _again(request, backend, principal, given, error)
    return _back(request, given.get("contract", ""))


def _json(fields: Mapping[str, object]) -> bytes:
    """As the API is posted it: what is refused there is refused here, for the same reason."""
    return json.dumps(fields).encode()


def _back(request: Request, contract: str) -> RedirectResponse:
    query = urlencode({"contract": contract, "lang": language_of(request)})
    return RedirectResponse(f"/adjustments?{query}", status_code=303)


def _again(
    request: Request,
    backend: Backend,
    principal: Principal,
    given: Mapping[str, str],
    error: ProblemError | ConfigError,
) -> HTMLResponse:
    status, why = refused(error, language_of(request))
    seen = backend.through(principal.reach(Action.READ))
    answered = _page(request, seen, principal, "", 1, given, why)
    answered.status_code = status
    return answered


def _page(
    request: Request,
    backend: Backend,
    principal: Principal,
    contract: str,
    page: int,
    given: Mapping[str, str] | None = None,
    why: list[str] | None = None,
) -> HTMLResponse:
    lang = language_of(request)
    every = seen_adjustments(backend, backend.in_part.institution_by_id)
    wanted = [a for a in every if contract in ("", a.contract)][::-1]
    sheet = sheet_of(len(wanted), page, PAGE_SIZE)
    own = [
        c
        for c in backend.in_part.contracts
        if principal.may(Action.ADJUST, institution=c.institution, contract=c.id)
    ]
    carriers = sorted({carrier for c in own for carrier in c.carriers})
    filled = given or {}
    asked = {"contract": contract} if contract else {}
    html = render(
        "adjustments.html",
        lang,
        e=lambda key, **values: text("entered", key, lang, **values),
        rows=[_shown(a, principal, lang) for a in wanted[sheet.shown]],
        choices=options(((c, c) for c in sorted({a.contract for a in every})), contract),
        own=options(((c.id, c.id) for c in own), filled.get("contract", contract)),
        carriers=options(((c, carrier_name(c, lang)) for c in carriers), filled.get("carrier", "")),
        amounts=options(
            ((a, text("entered", f"amount_{a}", lang)) for a in _AMOUNTS),
            filled.get("amount_as", ""),
        ),
        given=filled,
        why=why or [],
        asked=urlencode(asked),
        page=sheet.page,
        pages=sheet.pages,
        address=lambda to: "/adjustments?" + urlencode({**asked, "lang": lang, "page": to}),
        table=urlencode({**asked, "lang": lang}),
        signs_as=signs_as(principal),
        csrf=csrf_of(request),
        locked=is_locked(principal),
    )
    return answer(html, lang)


def _shown(one: Adjustment, principal: Principal, lang: str) -> dict[str, Any]:
    place = {"institution": one.institution, "contract": one.contract}
    may_decide = principal.may(Action.APPROVE, **place) and one.status != "withdrawn"
    own = signs_as(principal)
    key = "will_approve" if one.status == "waiting" else "will_withdraw"
    span = "span" if one.end else "span_open"
    return {
        "one": one,
        "carrier": carrier_name(one.carrier, lang),
        "status": text("entered", f"status_{one.status}", lang),
        "until": str(one.end) if one.end else text("entered", "goes_on", lang),
        "may_see": principal.may(Action.ADJUST, **place),
        "may_decide": may_decide,
        "may_approve": one.status == "waiting" and not (own and may_be_one_person(own, one.author)),
        "will": text(
            "entered",
            key,
            lang,
            number=one.number,
            contract=one.contract,
            carrier=carrier_name(one.carrier, lang),
            formula=one.formula,
            span=text("entered", span, lang, start=one.start, end=one.end),
        ),
    }
