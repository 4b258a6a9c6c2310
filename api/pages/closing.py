"""GET /institutions/{id}/{month}/close: a month's life, and the forms that close it, approve what
waits or refuse it."""

from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.access.needs import NEEDS_READ, Needs
from api.access.seen import BackendDep
from api.closing.deciding import (
    closable_month,
    place_of,
    refuse,
    require_open,
    require_waiting,
    sign_month,
)
from api.closing.diffs import diff_rows, money_of
from api.dependencies import Backend, WholeBackendDep
from api.language import language_of
from api.pages.forms import FilledInDep, csrf_of, is_locked, refusal_of, signs_as
from api.pages.html import answer, render
from api.problems import ProblemError
from api.query import MonthPath
from api.rows.trail.diff import DiffRow
from api.standing_results import month_status
from config.closing import check_rules_on
from config.texts import text
from domain.access import Action, Principal
from domain.calendar import Month
from domain.closing import Check
from domain.closing.checks import waived_by
from domain.contracts.issued import AmountChange
from reports.words.closing import check_sentence, todo_sentence
from reports.words.names import label
from reports.words.numbers import amount, percent
from store.closing import Closable

router = APIRouter(include_in_schema=False, dependencies=[NEEDS_READ])
ReaderDep = Annotated[Principal, Depends(Needs(Action.READ))]
CloserDep = Annotated[Principal, Depends(Needs(Action.CLOSE, "may_not"))]
ApproverDep = Annotated[Principal, Depends(Needs(Action.APPROVE, "may_not"))]
_WAIVE = "waive."


@router.get("/institutions/{institution}/{month}/close", response_class=HTMLResponse)
def closing_page(
    request: Request,
    principal: ReaderDep,
    backend: BackendDep,
    institution: str,
    month: MonthPath,
) -> HTMLResponse:
    backend.institution(institution)
    status = month_status(backend.ledger, institution, Month.parse(month))
    return _page(request, backend, principal, institution, status.month)


@router.post("/institutions/{institution}/{month}/close")
def close_form(
    request: Request,
    principal: CloserDep,
    backend: WholeBackendDep,
    institution: str,
    month: MonthPath,
    given: FilledInDep,
) -> Response:
    place_of(backend, principal, institution, Action.CLOSE)
    one = _looked_at(backend, institution, month)
    try:
        require_open(request, one)
        _sign(request, backend, principal, one, given)
    except ProblemError as error:
        return _page(request, backend, principal, institution, one.month, error, given)
    return _back(request, institution, month)


@router.post("/institutions/{institution}/{month}/restatement")
def restatement_form(
    request: Request,
    principal: ApproverDep,
    backend: WholeBackendDep,
    institution: str,
    month: MonthPath,
    given: FilledInDep,
) -> Response:
    place_of(backend, principal, institution, Action.APPROVE)
    one = _looked_at(backend, institution, month)
    try:
        if given.get("decision") == "refused":
            kept = {name: given.get(name, "") for name in ("by", "reason", "digest")}
            refuse(request, backend, principal, one, **kept)
        else:
            require_waiting(request, one)
            _sign(request, backend, principal, one, given)
    except ProblemError as error:
        return _page(request, backend, principal, institution, one.month, error, given)
    return _back(request, institution, month)


def _looked_at(backend: Backend, institution: str, month: str) -> Closable:
    status = month_status(backend.ledger, institution, Month.parse(month))
    return closable_month(backend, institution, status.month)


def _sign(
    request: Request,
    backend: Backend,
    principal: Principal,
    one: Closable,
    given: Mapping[str, str],
) -> None:
    waive = {k.removeprefix(_WAIVE): v for k, v in given.items() if k.startswith(_WAIVE) and v}
    kept = {name: given.get(name, "") for name in ("by", "reason", "digest")}
    sign_month(request, backend, principal, one, waive=waive, **kept)


def _back(request: Request, institution: str, month: str) -> RedirectResponse:
    """To the page as it is now: asked again, a form is not sent again."""
    address = f"/institutions/{quote(institution, safe='')}/{month}/close"
    return RedirectResponse(f"{address}?lang={language_of(request)}", status_code=303)


def _page(
    request: Request,
    backend: Backend,
    principal: Principal,
    institution: str,
    month: Month,
    error: ProblemError | None = None,
    given: Mapping[str, str] | None = None,
) -> HTMLResponse:
    lang = language_of(request)
    place = backend.registry.institution_by_id[institution]
    one = closable_month(backend, institution, month)
    rows = diff_rows(backend, one, lang)
    blocking = list({check.code: check for check in one.blocking}.values())

    def words(key: str, **values: object) -> str:
        return text("closing", f"page.{key}", lang, **values)

    needed = Action.APPROVE if one.is_restatement else Action.CLOSE
    html = render(
        "closing.html",
        lang,
        c=words,
        id=institution,
        name=place.name(lang),
        month=str(month),
        state=one.status.state if one.status else "open",
        digest=one.digest,
        why_not=one.why_not.sentence(lang) if one.why_not else "",
        refusal=refusal_of(error, lang) if error is not None else "",
        checks=_checks(one, lang),
        waivable=[(b.code, text("closing", f"name.{b.code}", lang)) for b in blocking],
        changes=[_change(row, lang) for row in rows],
        money=[_money(m, lang) for m in money_of(backend, one)],
        will=_will(one, len(rows), len(blocking), lang),
        revisions=backend.ledger.revisions(institution, month),
        refusals=backend.ledger.refusals(institution, month),
        may=principal.may(needed, institution=institution),
        signs_as=signs_as(principal),
        csrf=csrf_of(request),
        locked=is_locked(principal),
        given=given or {},
    )
    page = answer(html, lang)
    page.status_code = 200 if error is None else error.status
    return page


def _will(one: Closable, changed: int, blocking: int, lang: str) -> str:
    """What the button does, in one sentence."""
    key = "will_restate" if one.is_restatement else "will_close"
    values = {
        "figures": changed if one.is_restatement else len(one.result.figures if one.result else ()),
        "revision": (one.status.revision if one.status else 0) + 1,
    }
    said = text("closing", f"page.{key}", lang, **values)
    return said + (text("closing", "page.waives", lang, count=blocking) if blocking else "")


def _checks(one: Closable, lang: str) -> list[dict[str, str]]:
    """Every check that is made of this month, with its verdict; one a line for what it found."""
    found: dict[str, list[Check]] = {code: [] for code in check_rules_on(one.month.first_day)}
    for check in one.checks:
        found[check.code].append(check)
    rows = []
    for code, checks in found.items():
        rows += [_check(one, code, check, lang) for check in checks]
        if not checks:
            rows.append(_check(one, code, None, lang))
    return rows


def _check(one: Closable, code: str, check: Check | None, lang: str) -> dict[str, str]:
    waiver = waived_by(check, one.waivers) if check else None
    verdict = "passed"
    if check is not None:
        verdict = "waived" if waiver else "blocks" if check.blocks else "told"
    who = {"by": waiver.by, "reason": waiver.reason} if waiver else {}
    return {
        "name": text("closing", f"name.{code}", lang),
        "code": code,
        "verdict": verdict,
        "verdict_text": text("closing", f"page.verdict_{verdict}", lang, **who),
        "found": check_sentence(check, lang) if check else "",
        "todo": todo_sentence(check, lang) if verdict == "blocks" and check else "",
    }


def _change(row: DiffRow, lang: str) -> dict[str, Any]:
    name = row.name
    if not name:
        empty = ("subject", "was", "now", "change", "was_known", "now_known", "days")
        named = {"name": text("closing", "page.month_itself", lang), "why": row.why_text}
        return {**dict.fromkeys(empty, ""), **named}
    return {
        "name": label(name, lang),
        "subject": row.subject,
        "was": amount(name, row.standing_value, lang),
        "now": amount(name, row.pending_value, lang),
        "change": amount(name, row.change, lang),
        "was_known": _known(row.standing_measured_share, lang),
        "now_known": _known(row.pending_measured_share, lang),
        "days": row.days_changed,
        "why": row.why_text,
    }


def _known(share: float | None, lang: str) -> str:
    return "" if share is None else text("closing", "page.known", lang, share=percent(share, 0))


def _money(one: AmountChange, lang: str) -> dict[str, str]:
    number = text("closing", "page.not_issued", lang) if not one.number else f"{one.number}"
    return {
        "contract": one.agreement,
        "month": str(one.month),
        "number": number,
        "was": f"{one.was_cny:,.2f}",
        "now": f"{one.now_cny:,.2f}",
        "change": f"{one.now_cny - one.was_cny:+,.2f}",
    }
