"""GET /settlements: what contracts pay, as both sides see it; the newest statement first."""

from decimal import Decimal
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from api.access.needs import NEEDS_READ
from api.access.seen import BackendDep, sees_statement
from api.dependencies import Backend
from api.language import language_of
from api.pages.html import answer, options, render
from config.texts import text
from domain.calendar import Month
from domain.contracts.issued import Issued, code_of
from reports.words.settlement import (
    ShownLine,
    about_words,
    kind_words,
    lines_of,
    price_words,
    signed_of,
    title_of,
    told_of,
)

router = APIRouter(include_in_schema=False, dependencies=[NEEDS_READ])

PAGE_SIZE = 12


@router.get("/settlements", response_class=HTMLResponse)
def settlements_page(
    request: Request,
    backend: BackendDep,
    contract: str = "",
    page: Annotated[int, Query(ge=1, le=10**6)] = 1,
) -> HTMLResponse:
    lang = language_of(request)
    keys = seen_statement_keys(backend)
    agreements = sorted({agreement for agreement, _, _ in keys})
    wanted = [key for key in keys if contract in ("", key[0])]
    wanted.sort(key=lambda key: (key[1], key[0], key[2]), reverse=True)
    pages = max(1, -(-len(wanted) // PAGE_SIZE))
    page = min(page, pages)
    shown = [
        backend.ledger.statements([agreement], month=month, number=number)[0]
        for agreement, month, number in wanted[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]
    ]
    asked = {"contract": contract} if contract else {}
    html = render(
        "settlements.html",
        lang,
        s=lambda key, **values: text("settlement", key, lang, **values),
        contract=contract,
        choices=options(((a, a) for a in agreements), contract),
        statements=[_shown(one, lang) for one in shown],
        asked=urlencode(asked),
        page=page,
        pages=pages,
        address=lambda to: "/settlements?" + urlencode({**asked, "lang": lang, "page": to}),
        csv="/v1/settlements/lines?" + urlencode({**asked, "lang": lang, "format": "csv"}),
    )
    return answer(html, lang)


def seen_statement_keys(backend: Backend) -> list[tuple[str, Month, int]]:
    """(agreement, month, number) of the statements that whoever asks may see."""
    if backend.sees_all:
        return backend.ledger.statement_keys()
    seen = (s for s in backend.ledger.statements() if sees_statement(backend, s))
    return [(s.agreement, s.month, s.number) for s in seen]


def _shown(one: Issued, lang: str) -> dict[str, Any]:
    payable = Decimal(one.content["payable_cny"])
    named = {"contract": one.agreement, "month": str(one.month), "number": one.number}
    return {
        "title": title_of(one, lang),
        "number": one.number,
        "payable": f"{payable:,.2f}",
        "to_owner": payable < 0,
        "lines": [_line(line, lang) for line in lines_of(one)],
        "told": told_of(one, lang),
        "signed": signed_of(one, lang),
        "digest": one.digest,
        "code": code_of(one.digest),
        "workbook": "/v1/settlements/workbook?" + urlencode({**named, "lang": lang}),
        "paper": "/v1/settlements/paper?" + urlencode({**named, "lang": lang}),
    }


def _line(line: ShownLine, lang: str) -> dict[str, str]:
    """Every digit of a factor: a reader multiplies them."""
    return {
        "kind": kind_words(line.kind, lang),
        "about": about_words(line.contract, line.of, line.period, line.month, lang),
        "span": f"[{line.start}, {line.end})" if line.start else "",
        "quantity": "" if line.quantity is None else f"{line.quantity:,f} {line.unit}",
        "price": "" if line.price_cny is None else f"{line.price_cny:,f}",
        "source": price_words(line.price_source, lang),
        "share": "" if line.share is None else f"{line.share:f}",
        "amount": f"{line.amount_cny:,.2f}",
        "rests_on": line.rests_on,
    }
