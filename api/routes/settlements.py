"""What contracts pay: statements as they were issued, and their lines."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.access.needs import NEEDS_READ
from api.access.seen import BackendDep, sees_statement
from api.dependencies import Backend
from api.problems import ProblemError
from api.query import ONE_MONTH_PATTERN, LanguageDep, PageDep, PlacesDep
from api.rows.trail.settlements import (
    SettlementLineRow,
    SettlementRow,
    line_rows,
    settlement_row,
)
from api.tables.route import TableRoute
from api.tables.workbook import XLSX
from domain.calendar import Month
from domain.contracts.issued import Issued
from reports.statements.workbook import statement_xlsx

router = APIRouter(
    route_class=TableRoute, prefix="/v1", tags=["settlements"], dependencies=[NEEDS_READ]
)
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


@router.get(
    "/settlements/workbook",
    response_class=Response,
    responses={
        200: {"content": {XLSX: {}}, "description": "The statement as a workbook."},
        404: {"description": "No such statement."},
    },
)
def settlement_workbook(
    backend: BackendDep,
    lang: LanguageDep,
    contract: Annotated[str, Query(description="The contract or bundle.", max_length=200)],
    month: Annotated[str, Query(pattern=ONE_MONTH_PATTERN, description="YYYY-MM.")],
    number: Annotated[int, Query(ge=1, le=10**6, description="Which one of the month.")] = 1,
) -> Response:
    """A statement as a workbook whose formulas reckon the payment · 结算单 XLSX."""
    found = backend.ledger.statements([contract], month=Month.parse(month), number=number)
    if not found or not sees_statement(backend, found[0]):
        raise ProblemError(404, "no_statement", contract=contract, month=month, number=number)
    name = f"statement_{month}_{number}_{lang}.xlsx"
    return Response(
        statement_xlsx(found[0], lang),
        media_type=XLSX,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
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
