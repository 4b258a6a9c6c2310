"""GET /verify: what was signed under the code that is printed on a statement or a report.

Open to whoever holds the paper, without a key: of 80 bits none is found by trying, and nothing is
told that the paper does not say, but for what came after it.
"""

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from api.access.needs import OPEN
from api.dependencies import Backend, WholeBackendDep
from api.language import language_of
from api.pages.html import answer, render
from config.texts import text
from domain.contracts.issued import SIDES, Issued, code_of, start_of_digest
from reports.statements.papers import known_of, pending_of
from reports.tables import local_time
from reports.words.settlement import title_of
from store.ledger.states import Closing

router = APIRouter(include_in_schema=False, dependencies=[OPEN])


@router.get("/verify", response_class=HTMLResponse)
def verify_form(request: Request, code: str = "") -> Response:
    lang = language_of(request)
    start = start_of_digest(code)
    if start is not None:
        return RedirectResponse(f"/verify/{code_of(start)}?lang={lang}", status_code=303)
    return _page(lang, asked=code, found=None, refused="code" if code else "")


@router.get("/verify/{code}", response_class=HTMLResponse)
def verify_page(request: Request, backend: WholeBackendDep, code: str) -> HTMLResponse:
    lang = language_of(request)
    start = start_of_digest(code)
    if start is None:
        return _page(lang, asked=code, found=None, refused="code", status=404)
    statement = backend.ledger.statement_by_digest(start)
    if statement is not None:
        return _page(lang, asked=code, found=_statement(backend, statement, lang))
    closing = backend.ledger.closing_by_digest(start)
    if closing is not None:
        return _page(lang, asked=code, found=_month(backend, closing, lang))
    return _page(lang, asked=code, found=None, refused="unknown", status=404)


def _page(
    lang: str,
    *,
    asked: str,
    found: dict[str, Any] | None,
    refused: str = "",
    status: int = 200,
) -> HTMLResponse:
    html = render(
        "verify.html",
        lang,
        s=lambda key, **values: text("settlement", f"verify.{key}", lang, **values),
        asked=asked[:100],
        found=found,
        refused=refused,
    )
    made = answer(html, lang)
    made.status_code = status
    return made


def _statement(backend: Backend, one: Issued, lang: str) -> dict[str, Any]:
    def said(key: str) -> str:
        return text("settlement", key, lang)

    registry = backend.registry
    known = known_of(registry, one, lang)
    signed = {x.side: x for x in one.signatures}
    facts = [
        (said("head.contract"), known.name(one.agreement)),
        (said("total"), f"{one.content['payable_cny']} CNY"),
        (said("head.issued"), f"{local_time(one.issued_at, known.timezone)}, {one.issued_by}"),
    ]
    for side in SIDES:
        if side in signed or side != "verifier":
            x = signed.get(side)
            name = f"{x.by}, {local_time(x.at, known.timezone)}" if x else said("unsigned")
            facts.append((said(f"side.{side}"), name))
    later = backend.ledger.statements([one.agreement])
    after = [s for s in later if (s.month, s.number) > (one.month, one.number)]
    restated = [s for s in after if str(one.month) in {r["month"] for r in s.content["restated"]}]
    notes = [
        text("settlement", "verify.restated", lang, month=s.month, number=s.number)
        for s in restated[-1:]
    ]
    if pending := pending_of(backend.ledger, one):
        notes.append(text("settlement", "pending", lang, months=", ".join(pending)))
    return _found(title_of(one, lang), facts, notes, one.digest)


def _month(backend: Backend, closing: Closing, lang: str) -> dict[str, Any]:
    place = backend.registry.institution_by_id.get(closing.institution)
    name = place.name(lang) if place else closing.institution
    timezone = place.timezone if place else "UTC"
    facts = [
        (text("settlement", "paper.place", lang), name),
        (text("settlement", "paper.month", lang), str(closing.month)),
        (text("settlement", "paper.revision", lang), f"r{closing.number}"),
        (
            text("settlement", "verify.closed", lang),
            f"{local_time(closing.closed_at, timezone)}, {closing.signed_by}",
        ),
    ]
    month = closing.month
    stands = backend.ledger.statuses(closing.institution, month, month.plus(1))
    notes = [
        text("settlement", "verify.revised", lang, revision=status.revision)
        for status in stands
        if status.revision > closing.number
    ]
    title = text("settlement", "verify.month", lang, name=name, month=month)
    return _found(title, facts, notes, closing.digest)


def _found(
    title: str, facts: list[tuple[str, str]], notes: list[str], digest: str
) -> dict[str, Any]:
    return {
        "title": title,
        "facts": facts,
        "notes": notes,
        "digest": digest,
        "code": code_of(digest),
    }
