"""GET /settlements: what contracts pay, as both sides see it; the newest statement first."""

from decimal import Decimal
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.access.needs import NEEDS_READ, Needs
from api.access.seen import BackendDep, sees_statement
from api.closing.sides import issue, say, sides_of, statement_of
from api.dependencies import Backend, WholeBackendDep
from api.language import language_of
from api.pages.forms import FilledInDep, csrf_of, is_locked, refused, signs_as
from api.pages.html import answer, options, render, sheet_of
from api.problems import ProblemError
from config.texts import text
from domain.access import Action, Principal
from domain.calendar import Month
from domain.contracts.issued import SIDES, Issued, code_of
from domain.errors import ConfigError
from reports.statements.document import pay_line
from reports.words.settlement import lines_of, signed_of, title_of, told_of

router = APIRouter(include_in_schema=False, dependencies=[NEEDS_READ])

ReaderDep = Annotated[Principal, Depends(Needs(Action.READ))]
CloserDep = Annotated[Principal, Depends(Needs(Action.CLOSE, "may_not"))]
SignerDep = Annotated[Principal, Depends(Needs(Action.SIGN, "may_not"))]
PAGE_SIZE = 12


@router.get("/settlements", response_class=HTMLResponse)
def settlements_page(
    request: Request,
    principal: ReaderDep,
    backend: BackendDep,
    contract: str = "",
    page: Annotated[int, Query(ge=1, le=10**6)] = 1,
) -> HTMLResponse:
    return _page(request, backend, principal, contract, page)


@router.post("/settlements/sign")
def word_form(
    request: Request, principal: SignerDep, backend: WholeBackendDep, given: FilledInDep
) -> Response:
    """A side signs or refuses; then the page as it is now."""
    contract, number = given.get("contract", ""), given.get("number", "1")
    side = next((s for s in SIDES if s == given.get("side")), None)
    try:
        month = Month.parse(given.get("month", ""))
        if not number.isdecimal() or side is None:
            raise ProblemError(404, "no_statement", contract=contract, month=month, number=number)
        one = statement_of(backend, principal, contract, month, int(number[:6]))
        signs = given.get("decision") == "signed"
        by, reason = given.get("by", ""), given.get("reason", "")
        say(backend, principal, one, side, signs=signs, by=by, reason=reason)
    except (ProblemError, ConfigError) as error:
        return _again(request, backend, principal, contract, error)
    return _back(request, contract)


@router.post("/settlements/issue")
def issue_form(
    request: Request, principal: CloserDep, backend: WholeBackendDep, given: FilledInDep
) -> Response:
    """The next statement of a contract; then the page as it is now."""
    contract = given.get("contract", "")
    try:
        month = Month.parse(given.get("month", ""))
        issue(backend, principal, contract, month, given.get("by", ""))
    except (ProblemError, ConfigError) as error:
        return _again(request, backend, principal, "", error)
    return _back(request, contract)


def _again(
    request: Request,
    backend: Backend,
    principal: Principal,
    contract: str,
    error: ProblemError | ConfigError,
) -> HTMLResponse:
    """The page with why nothing was done above it."""
    status, why = refused(error, language_of(request))
    seen = backend.through(principal.reach(Action.READ))
    answered = _page(request, seen, principal, contract, 1, " ".join(why))
    answered.status_code = status
    return answered


def _back(request: Request, contract: str) -> RedirectResponse:
    query = urlencode({"contract": contract, "lang": language_of(request)})
    return RedirectResponse(f"/settlements?{query}", status_code=303)


def _page(
    request: Request,
    backend: Backend,
    principal: Principal,
    contract: str,
    page: int,
    refusal: str = "",
) -> HTMLResponse:
    lang = language_of(request)
    keys = seen_statement_keys(backend)
    agreements = sorted({agreement for agreement, _, _ in keys})
    wanted = [key for key in keys if contract in ("", key[0])]
    wanted.sort(key=lambda key: (key[1], key[0], key[2]), reverse=True)
    sheet = sheet_of(len(wanted), page, PAGE_SIZE)
    shown = [
        backend.ledger.statements([agreement], month=month, number=number)[0]
        for agreement, month, number in wanted[sheet.shown]
    ]
    asked = {"contract": contract} if contract else {}
    html = render(
        "settlements.html",
        lang,
        s=lambda key, **values: text("settlement", key, lang, **values),
        contract=contract,
        choices=options(((a, a) for a in agreements), contract),
        statements=[_shown(one, principal, lang) for one in shown],
        issuable=_issuable(backend, principal),
        asked=urlencode(asked),
        page=sheet.page,
        pages=sheet.pages,
        address=lambda to: "/settlements?" + urlencode({**asked, "lang": lang, "page": to}),
        csv="/v1/settlements/lines?" + urlencode({**asked, "lang": lang, "format": "csv"}),
        refusal=refusal,
        signs_as=signs_as(principal),
        csrf=csrf_of(request),
        locked=is_locked(principal),
    )
    return answer(html, lang)


def _issuable(backend: Backend, principal: Principal) -> list[str]:
    """The contracts whose statements somebody may issue."""
    if backend.settling is None:
        return []
    paying = (c for c in backend.registry.contracts if c.payment_terms)
    own = (c.bundle for c in paying if principal.may(Action.CLOSE, institution=c.institution))
    return sorted(set(own))


def seen_statement_keys(backend: Backend) -> list[tuple[str, Month, int]]:
    """(agreement, month, number) of the statements that whoever asks may see."""
    if backend.sees_all:
        return backend.ledger.statement_keys()
    seen = (s for s in backend.ledger.statements() if sees_statement(backend, s))
    return [(s.agreement, s.month, s.number) for s in seen]


def _shown(one: Issued, principal: Principal, lang: str) -> dict[str, Any]:
    payable = Decimal(one.content["payable_cny"])
    named = {"contract": one.agreement, "month": str(one.month), "number": one.number}
    return {
        "title": title_of(one, lang),
        "number": one.number,
        "payable": f"{payable:,.2f}",
        "to_owner": payable < 0,
        "lines": [(pay_line(line, lang), line.rests_on) for line in lines_of(one)],
        "told": told_of(one, lang),
        "contract": one.agreement,
        "month": str(one.month),
        "signed": signed_of(one, lang),
        "sides": [
            (side, text("settlement", f"party.{side}", lang))
            for side in sides_of(principal, one)
            if one.signature(side) is None
        ],
        "digest": one.digest,
        "code": code_of(one.digest),
        "workbook": "/v1/settlements/workbook?" + urlencode({**named, "lang": lang}),
        "paper": "/v1/settlements/paper?" + urlencode({**named, "lang": lang}),
    }
