"""What contracts pay: statements as they were issued, and their lines."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.dependencies import BackendDep
from api.query import ONE_MONTH_PATTERN, InstitutionsDep, LanguageDep, PageDep
from api.rows.trail.settlements import (
    SettlementLineRow,
    SettlementRow,
    line_rows,
    settlement_row,
)
from api.tables.route import TableRoute
from domain.calendar import Month
from domain.contracts.issued import Issued
from store.ledger.port import Ledger

router = APIRouter(route_class=TableRoute, prefix="/v1", tags=["settlements"])
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
    institutions: InstitutionsDep,
    page: PageDep,
    agreements: Agreements = None,
    month: MonthText = None,
) -> list[SettlementRow]:
    """Statements as they were issued, one row each · 结算单."""
    found = _wanted(backend.ledger, set(institutions), agreements, month)
    return page.cut([settlement_row(one) for one in found])


@router.get("/settlements/lines")
def settlement_lines(
    backend: BackendDep,
    institutions: InstitutionsDep,
    page: PageDep,
    lang: LanguageDep,
    agreements: Agreements = None,
    month: MonthText = None,
) -> list[SettlementLineRow]:
    """The lines of issued statements, each with how its amount comes about · 结算单明细.

    The lines of a statement sum to its `payable_cny`.
    """
    found = _wanted(backend.ledger, set(institutions), agreements, month)
    return page.cut([row for one in found for row in line_rows(one, lang)])


def _wanted(
    ledger: Ledger, institutions: set[str], agreements: list[str] | None, month: str | None
) -> list[Issued]:
    """The statements asked for that concern one of these institutions."""
    asked = [a for a in agreements or [] if a]
    only = Month.parse(month) if month else None
    return [
        one
        for one in ledger.statements(asked or None)
        if (only is None or one.month == only) and institutions & set(one.content["owners"])
    ]
