"""GET /settlements: what contracts pay, as both sides see it; the newest statement first."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from api.dependencies import BackendDep
from api.language import language_of
from api.pages.html import answer, options, render
from api.rows.trail.settlements import SettlementLineRow, line_rows
from config.texts import finding_text, text
from domain.contracts.issued import SIDES, Issued
from domain.findings import Finding
from reports.words.settlement import about_words, price_words

router = APIRouter(include_in_schema=False)

PAGE_SIZE = 12


@router.get("/settlements", response_class=HTMLResponse)
def settlements_page(
    request: Request,
    backend: BackendDep,
    contract: str = "",
    page: Annotated[int, Query(ge=1, le=10**6)] = 1,
) -> HTMLResponse:
    lang = language_of(request)
    issued = backend.ledger.statements()
    agreements = sorted({one.agreement for one in issued})
    wanted = [one for one in issued if contract in ("", one.agreement)]
    wanted.sort(key=lambda one: (one.month, one.agreement, one.number), reverse=True)
    pages = max(1, -(-len(wanted) // PAGE_SIZE))
    page = min(page, pages)
    shown = wanted[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]
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


def _shown(one: Issued, lang: str) -> dict[str, Any]:
    content = one.content
    own = content["statement"] or {"year": "–", "findings": (), "waiting": (), "carried_cny": "0"}
    signed = {s.side: s.by for s in one.signatures}
    return {
        "title": text(
            "settlement",
            "title",
            lang,
            agreement=one.agreement,
            month=one.month,
            year=own["year"],
            form=text("settlement", f"form.{content['form']}", lang),
        ),
        "number": one.number,
        "payable": _money(Decimal(content["payable_cny"])),
        "to_owner": Decimal(content["payable_cny"]) < 0,
        "lines": [_line(row, lang) for row in line_rows(one, lang)],
        "told": [finding_text(Finding(**f), lang) for f in own["findings"]],
        "waiting": _waiting(own["waiting"], lang),
        "carried": own["carried_cny"] if Decimal(own["carried_cny"]) else "",
        "signed": [
            text(
                "settlement",
                f"signed.{side}",
                lang,
                name=signed.get(side) or text("settlement", "unsigned", lang),
            )
            for side in SIDES
            if side in signed or side != "verifier"
        ],
        "digest": one.digest,
        "workbook": "/v1/settlements/workbook?"
        + urlencode(
            {
                "contract": one.agreement,
                "month": str(one.month),
                "number": one.number,
                "lang": lang,
            }
        ),
    }


def _waiting(lines: Sequence[Any], lang: str) -> str:
    if not lines:
        return ""
    amount = sum((Decimal(w["amount_cny"]) for w in lines), Decimal(0))
    return text("settlement", "waiting", lang, amount=_money(amount), count=len(lines))


def _line(row: SettlementLineRow, lang: str) -> dict[str, str]:
    return {
        "kind": row.kind_text,
        "about": about_words(row.contract, row.of, row.period, row.of_month, lang),
        "span": f"[{row.start}, {row.end})" if row.start else "",
        "quantity": "" if row.quantity is None else f"{_exact(row.quantity)} {row.unit}".rstrip(),
        "price": "" if row.price_cny is None else _exact(row.price_cny),
        "source": price_words(row.price_source, lang),
        "share": "" if row.share is None else _exact(row.share),
        "amount": _money(Decimal(str(row.amount_cny))),
        "rests_on": row.rests_on,
    }


def _exact(number: float) -> str:
    """Every digit: a reader multiplies them."""
    return f"{Decimal(str(number)):,f}".removesuffix(".0")


def _money(amount: Decimal) -> str:
    return f"{amount:,.2f}"
