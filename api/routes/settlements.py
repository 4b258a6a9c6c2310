"""What contracts pay: statements as they were issued, and their lines."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.concurrency import run_in_threadpool

from api.access.needs import NEEDS_READ, Needs
from api.access.seen import BackendDep, sees_statement
from api.closing.sides import issue, say, seen_statement, statement_of
from api.dependencies import Backend, WholeBackendDep
from api.drawn import drawn
from api.intake.body import JsonBodyDep
from api.intake.read_body import read_as
from api.query import ONE_MONTH_PATTERN, LanguageDep, PageDep, PlacesDep
from api.rows.adjustments import example_of
from api.rows.trail.decided import NewStatement, NewWord
from api.rows.trail.settlements import (
    SettlementLineRow,
    SettlementRow,
    line_rows,
    settlement_row,
)
from api.tables.route import TableRoute
from config.texts import Language
from domain.access import Action, Principal
from domain.calendar import Month
from domain.contracts.issued import Issued
from reports.statements.papers import MEDIA_TYPE, Paper, PaperFormat, paper_file, paper_of

router = APIRouter(
    route_class=TableRoute, prefix="/v1", tags=["settlements"], dependencies=[NEEDS_READ]
)
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CloserDep = Annotated[Principal, Depends(Needs(Action.CLOSE, "may_not"))]
SignerDep = Annotated[Principal, Depends(Needs(Action.SIGN, "may_not"))]
Agreements = Annotated[
    list[str] | None, Query(alias="contract", description="Only these contracts or bundles.")
]
MonthText = Annotated[
    str | None,
    Query(
        alias="month",
        description="Only this month, YYYY-MM.",
        pattern=ONE_MONTH_PATTERN,
    ),
]


@router.get("/settlements")
def settlements(
    backend: BackendDep,
    institutions: PlacesDep,
    page: PageDep,
    agreements: Agreements = None,
    month: MonthText = None,
) -> list[SettlementRow]:
    """Statements as they were issued, one row each · 结算单."""
    found = _wanted(backend, set(institutions), agreements, month)
    return page.cut([settlement_row(one) for one in found])


@router.get("/settlements/lines")
def settlement_lines(
    backend: BackendDep,
    institutions: PlacesDep,
    page: PageDep,
    lang: LanguageDep,
    agreements: Agreements = None,
    month: MonthText = None,
) -> list[SettlementLineRow]:
    """The lines of issued statements, each with how its amount comes about · 结算单明细.

    The lines of a statement sum to its `payable_cny`.
    """
    found = _wanted(backend, set(institutions), agreements, month)
    return page.cut([row for one in found for row in line_rows(one, lang)])


ContractText = Annotated[str, Query(description="The contract or bundle.", max_length=200)]
OneMonth = Annotated[str, Query(pattern=ONE_MONTH_PATTERN, description="YYYY-MM.")]
Number = Annotated[int, Query(ge=1, le=10**6, description="Which one of the month.")]
_NOT_THERE = {"description": "No such statement."}
_BUSY = {"description": "Too many are being drawn, or this one was ended: ask again."}


@router.get(
    "/settlements/workbook",
    response_class=Response,
    responses={
        200: {"content": {MEDIA_TYPE["xlsx"]: {}}, "description": "The statement as a workbook."},
        404: _NOT_THERE,
        503: _BUSY,
    },
)
async def settlement_workbook(
    request: Request,
    backend: BackendDep,
    lang: LanguageDep,
    contract: ContractText,
    month: OneMonth,
    number: Number = 1,
) -> Response:
    """A statement as a workbook whose formulas reckon the payment · 结算单 XLSX."""
    return await _paper(request, backend, (contract, month, number), lang, "xlsx")


@router.get(
    "/settlements/paper",
    response_class=Response,
    responses={
        200: {"content": {MEDIA_TYPE["pdf"]: {}}, "description": "The statement as a PDF."},
        404: _NOT_THERE,
        503: _BUSY,
    },
)
async def settlement_paper(
    request: Request,
    backend: BackendDep,
    lang: LanguageDep,
    contract: ContractText,
    month: OneMonth,
    number: Number = 1,
) -> Response:
    """A statement as a PDF, with what it rests on and a code to verify it by · 结算单 PDF."""
    return await _paper(request, backend, (contract, month, number), lang, "pdf")


async def _paper(
    request: Request,
    backend: Backend,
    which: tuple[str, str, int],
    lang: Language,
    format: PaperFormat,
) -> Response:
    paper = await run_in_threadpool(_gathered, backend, which, lang, format)
    pending, signed = paper.pending, len(paper.one.signatures)
    key = ("statement", paper.one.digest, signed, pending, paper.known, lang, format)
    made = await drawn(
        request, request.app.state.report_queue, str(key), lambda: (paper_file, paper)
    )
    kind = "inline" if format == "pdf" else "attachment"
    return Response(
        made.content,
        media_type=MEDIA_TYPE[format],
        headers={
            "Content-Disposition": f'{kind}; filename="{made.name}"',
            "Content-Language": lang,
        },
    )


def _gathered(
    backend: Backend, which: tuple[str, str, int], lang: Language, format: PaperFormat
) -> Paper:
    """Raises ProblemError 404 for a statement that is not there, or not for who asks."""
    contract, month, number = which
    one = seen_statement(backend, contract, Month.parse(month), number)
    return paper_of(backend.ledger, backend.registry, one, lang, format)


@router.post(
    "/settlements",
    status_code=201,
    openapi_extra=example_of(NewStatement, {"contract": "retrofit", "month": "2026-06"}),
)
def issue_statement(
    principal: CloserDep, backend: WholeBackendDep, body: JsonBodyDep
) -> SettlementRow:
    """Issue the statement of a contract's month, once its months are closed · 出具结算单.

    The last one issued again, after a restatement, settles the difference alone; without any it is
    given as it stands."""
    posted = read_as(NewStatement, body)
    month = Month.parse(posted.month)
    return settlement_row(issue(backend, principal, posted.contract, month, posted.by))


@router.post(
    "/settlements/signatures",
    status_code=201,
    openapi_extra=example_of(
        NewWord,
        {"contract": "retrofit", "month": "2026-06", "side": "owner", "decision": "signed"},
    ),
)
def sign_statement(
    principal: SignerDep, backend: WholeBackendDep, body: JsonBodyDep
) -> SettlementRow:
    """Sign a statement for one's own side, or refuse it with a reason · 签署或拒绝结算单.

    A statement never changes; who refused may sign later. Nobody speaks for two sides."""
    posted = read_as(NewWord, body)
    month = Month.parse(posted.month)
    one = statement_of(backend, principal, posted.contract, month, posted.number)
    signs = posted.decision == "signed"
    by, reason = posted.by, posted.reason
    return settlement_row(
        say(backend, principal, one, posted.side, signs=signs, by=by, reason=reason)
    )


def _wanted(
    backend: Backend, institutions: set[str], agreements: list[str] | None, month: str | None
) -> list[Issued]:
    """The statements asked for that concern one of these institutions."""
    asked = [a for a in agreements or [] if a] or None
    found = backend.ledger.statements(asked, month=Month.parse(month) if month else None)
    return [
        one
        for one in found
        if institutions & set(one.content["owners"]) and sees_statement(backend, one)
    ]
