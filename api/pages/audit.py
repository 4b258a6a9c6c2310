"""GET /audit: the audit trail as a page, the newest entry first."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse

from api.access.needs import Needs
from api.access.seen import BackendDep
from api.dependencies import Backend
from api.language import language_of
from api.pages.html import answer, options, render, sheet_of
from config.texts import text
from domain.access import Action, Principal
from domain.audit import AuditEntry
from domain.instants import InstantError, parse_instant
from domain.places import Institution
from reports.words.audit import actions, entry_sentence, kinds
from store.ledger.audit import Wanted

router = APIRouter(include_in_schema=False)

PAGE_SIZE = 100


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for; what is empty stands for all."""

    institution: str = ""
    contract: str = ""
    kind: str = ""
    action: str = ""
    by: str = ""
    start: str = ""
    end: str = ""
    page: int = 1

    def query(self, lang: str, page: int = 1) -> str:
        """The address's query, of another page."""
        parts = {f: getattr(self, f) for f in self.__slots__ if f != "page"}
        given = {k: v for k, v in parts.items() if v} | ({"page": page} if page > 1 else {})
        return urlencode({**given, "lang": lang})


@router.get("/audit", response_class=HTMLResponse)
def audit_page(
    request: Request,
    principal: Annotated[Principal, Depends(Needs(Action.AUDIT))],
    backend: BackendDep,
    institution: str = "",
    contract: str = "",
    kind: str = "",
    action: str = "",
    by: str = "",
    start: str = "",
    end: str = "",
    page: Annotated[int, Query(ge=1, le=10**6)] = 1,
) -> HTMLResponse:
    lang = language_of(request)
    asked = Asked(institution, contract, kind, action, by.strip(), start, end, page)
    return answer(audit_html(backend, principal, asked, lang), lang)


def audit_html(backend: Backend, principal: Principal, asked: Asked, lang: str) -> str:
    """The page of those entries that the principal may see."""
    notices: list[str] = []
    wanted = Wanted(
        institutions=_one(asked.institution),
        contracts=_one(asked.contract),
        kinds=_one(asked.kind),
        actions=_one(asked.action),
        people=_one(asked.by),
        start=_instant(asked.start, lang, notices),
        end=_instant(asked.end, lang, notices),
        within=principal.reach(Action.AUDIT),
    )
    total = backend.ledger.count_audit_entries(wanted)
    sheet = sheet_of(total, asked.page, PAGE_SIZE)
    entries = backend.ledger.audit_entries(wanted, limit=PAGE_SIZE, offset=sheet.shown.start)
    places = sorted(((i.id, i.name(lang)) for i in _places(backend, principal)), key=_by_name)
    return render(
        "audit.html",
        lang,
        a=lambda key, **values: text("audit", key, lang, **values),
        asked=replace(asked, page=sheet.page),
        notices=notices,
        institutions=options(places, asked.institution),
        kinds=options(((k, text("audit", f"kind_of.{k}", lang)) for k in kinds()), asked.kind),
        actions=options(((k, text("audit", f"did.{k}", lang)) for k in actions()), asked.action),
        lines=[_line(entry, lang) for entry in entries],
        total=f"{total:,}",
        pages=sheet.pages,
    )


def _places(backend: Backend, principal: Principal) -> list[Institution]:
    return [
        i for i in backend.registry.institutions if principal.may(Action.AUDIT, institution=i.id)
    ]


def _by_name(choice: tuple[str, str]) -> str:
    return choice[1]


def _line(entry: AuditEntry, lang: str) -> dict[str, str]:
    return {
        "number": str(entry.number),
        "at": f"{entry.at:%Y-%m-%d %H:%M:%S}",
        "sentence": entry_sentence(entry, lang),
        "institution": entry.act.institution,
        "digest": entry.digest,
    }


def _one(value: str) -> tuple[str, ...]:
    return (value,) if value else ()


def _instant(given: str, lang: str, notices: list[str]) -> datetime | None:
    if not given:
        return None
    try:
        return parse_instant(given, ms=True, bare_day=True)
    except InstantError:
        notices.append(text("audit", "bad_time", lang, given=given[:40]))
        return None
