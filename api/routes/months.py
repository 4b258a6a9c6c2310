"""A month's life: where each month stands, its signed revisions, and what waits."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from api.access.needs import NEEDS_READ
from api.access.seen import BackendDep
from api.problems import ProblemError
from api.query import MonthPath, PageDep, only_one
from api.rows.figures import FigureRow, figure_rows
from api.rows.months import (
    ChangeRow,
    MonthStateRow,
    RevisionRow,
    change_rows,
    month_state_row,
    revision_row,
)
from api.rows.standing import StandingResult
from api.standing_results import ResultsDep, month_status
from api.tables.route import OwnResultsRoute
from domain.calendar import Month
from domain.closing import Waiver
from store.ledger.port import MonthState, Revision

router = APIRouter(
    route_class=OwnResultsRoute, prefix="/v1", tags=["months"], dependencies=[NEEDS_READ]
)


@router.get("/months")
def months(
    backend: BackendDep,
    query: ResultsDep,
    page: PageDep,
    state: Annotated[list[MonthState] | None, Query(description="Only these.")] = None,
) -> list[MonthStateRow]:
    """Where each month stands · 各月状态."""
    found = [(i, s) for i, s in query.statuses() if not state or s.state in state]
    shown = page.cut(found)
    # Of what was signed: a version of the results is told with it.
    waivers: dict[tuple[str, Month], list[Waiver]] = {}
    for one in backend.ledger.waivers(only_one({i.id for i, s in shown if s.revision})):
        waivers.setdefault((one.institution, one.month), []).append(one)
    return [
        month_state_row(i, s, waivers.get((i.id, s.month), ()) if s.revision else ())
        for i, s in shown
    ]


@router.get("/months/{institution}/{month}/revisions")
def revisions(backend: BackendDep, institution: str, month: MonthPath) -> list[RevisionRow]:
    """The signed revisions of a month · 已签发的版本."""
    known = backend.institution(institution)
    status = month_status(backend.ledger, institution, Month.parse(month))
    return [
        revision_row(known, status, r) for r in backend.ledger.revisions(institution, status.month)
    ]


@router.get("/months/{institution}/{month}/revisions/{number}")
def revision_figures(
    backend: BackendDep,
    institution: str,
    month: MonthPath,
    number: Annotated[int, Path(ge=1, le=10**6)],
) -> list[FigureRow]:
    """The figures of one signed revision, as they were signed · 某一版本的全部结果."""
    known = backend.institution(institution)
    status = month_status(backend.ledger, institution, Month.parse(month))
    found: Revision | None = next(
        (r for r in backend.ledger.revisions(institution, status.month) if r.number == number), None
    )
    if found is None:
        raise ProblemError(
            404, "unknown_month", institution=institution, month=f"{month} r{number}"
        )
    rows = figure_rows([StandingResult(known, found.result, status)])
    return [r.model_copy(update={"revision": number, "state": "closed"}) for r in rows]


@router.get("/months/{institution}/{month}/restatement")
def restatement(backend: BackendDep, institution: str, month: MonthPath) -> list[ChangeRow]:
    """What a waiting restatement would change; empty when none waits · 待批更正."""
    known = backend.institution(institution)
    status = month_status(backend.ledger, institution, Month.parse(month))
    pending = backend.ledger.pending(institution, status.month)
    if pending is None:
        return []
    standing = backend.ledger.results(institution, status.month, status.month.plus(1))
    return change_rows(StandingResult(known, standing[0], status), pending)
