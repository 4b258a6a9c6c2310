"""The audit trail: who changed what, when, from what to what."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from api.access.needs import Needs
from api.access.seen import BackendDep
from api.problems import ProblemError
from api.query import CursorPageDep, InstitutionsDep, LanguageDep, instant_of
from api.rows.trail.entries import AuditRow, audit_row
from api.tables.route import TableRoute
from domain.access import Action, Principal
from reports.words.audit import actions, kinds
from store.ledger.audit import Wanted

router = APIRouter(route_class=TableRoute, prefix="/v1", tags=["audit"])
AuditorDep = Annotated[Principal, Depends(Needs(Action.AUDIT))]


@router.get("/audit")
def audit(
    principal: AuditorDep,
    backend: BackendDep,
    institutions: InstitutionsDep,
    page: CursorPageDep,
    lang: LanguageDep,
    institution: Annotated[list[str] | None, Query()] = None,
    contract: Annotated[list[str] | None, Query(description="Only these contracts.")] = None,
    kind: Annotated[list[str] | None, Query(description="Only these kinds of objects.")] = None,
    action: Annotated[list[str] | None, Query(description="Only these actions.")] = None,
    by: Annotated[
        list[str] | None,
        Query(description="Only by these: principal, person, or on whose word."),
    ] = None,
    start: Annotated[
        str | None, Query(description="First instant: ms, RFC 3339 or a UTC day.")
    ] = None,
    end: Annotated[str | None, Query(description="End, excluded, likewise.")] = None,
) -> list[AuditRow]:
    """Entries of the audit trail, the newest first · 审计日志.

    What the key may not see is not there, and not counted.
    """
    del institutions  # an unknown one is refused by it
    wanted = Wanted(
        institutions=_given(institution),
        contracts=_given(contract),
        kinds=_known("kind", _given(kind), kinds()),
        actions=_known("action", _given(action), actions()),
        people=_given(by),
        start=None if start is None else instant_of(start, "start"),
        end=None if end is None else instant_of(end, "end"),
        within=principal.reach(Action.AUDIT),
    )
    total = backend.ledger.count_audit_entries(wanted)
    limit, offset = page.asked
    older = replace(wanted, below=_number(page.after))
    entries = backend.ledger.audit_entries(older, limit=limit + 1, offset=offset)
    follows, entries = len(entries) > limit, entries[:limit]
    page.say(total, str(entries[-1].number) if follows else None)
    return [audit_row(entry, lang) for entry in entries]


def _number(after: str | None) -> int | None:
    if after is None:
        return None
    if not (after.isascii() and after.isdecimal() and len(after) <= 15):
        reason = "a number, as the Link of the page before has it"
        raise ProblemError(422, "bad_parameter", where="query.after", reason=reason)
    return int(after)


def _given(values: Sequence[str] | None) -> tuple[str, ...]:
    return tuple(v for v in values or () if v)


def _known(name: str, asked: tuple[str, ...], known: tuple[str, ...]) -> tuple[str, ...]:
    for one in asked:
        if one not in known:
            reason = f"no {name} {one[:50]!r}: choose from {', '.join(known)}"
            raise ProblemError(422, "bad_parameter", where=f"query.{name}", reason=reason)
    return asked
