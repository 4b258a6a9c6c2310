"""A month closed, restated or left as it is: what is looked at before, and the deciding."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request

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
from api.dependencies import WholeBackendDep
from api.intake.body import JsonBodyDep
from api.intake.read_body import read_as
from api.query import LanguageDep, MonthPath
from api.rows.adjustments import example_of
from api.rows.trail.checks import CheckRow, check_rows
from api.rows.trail.decided import (
    NewClosing,
    NewRestatement,
    SignedRow,
    refused_row,
    signed_row,
)
from api.rows.trail.diff import DiffRow, MoneyRow, money_row
from api.standing_results import month_status
from api.tables.route import TableRoute
from domain.access import Action, Principal
from domain.calendar import Month

router = APIRouter(route_class=TableRoute, prefix="/v1", tags=["months"], dependencies=[NEEDS_READ])
CloserDep = Annotated[Principal, Depends(Needs(Action.CLOSE, "may_not"))]
ApproverDep = Annotated[Principal, Depends(Needs(Action.APPROVE, "may_not"))]


@router.get("/months/{institution}/{month}/checks")
def checks(
    backend: BackendDep, institution: str, month: MonthPath, lang: LanguageDep
) -> list[CheckRow]:
    """The checks that a month does not pass, or what waits to be its next revision · 签发前检查.

    An empty list: it may be closed. What blocks has to be mended, or waived by name. A waiver is of
    what the check said: once it says something else, nobody has waived it."""
    backend.institution(institution)
    status = month_status(backend.ledger, institution, Month.parse(month))
    one = closable_month(backend, institution, status.month)
    return check_rows(one.checks, one.waivers, lang)


@router.get("/months/{institution}/{month}/diff")
def diff(
    backend: BackendDep, institution: str, month: MonthPath, lang: LanguageDep
) -> list[DiffRow]:
    """What a waiting restatement would change, figure by figure, and why · 待批重述的差异.

    An empty list: none waits."""
    backend.institution(institution)
    status = month_status(backend.ledger, institution, Month.parse(month))
    return diff_rows(backend, closable_month(backend, institution, status.month), lang)


@router.get("/months/{institution}/{month}/diff/money")
def diff_money(backend: BackendDep, institution: str, month: MonthPath) -> list[MoneyRow]:
    """What a waiting restatement would make of each statement · 待批重述涉及的金额."""
    backend.institution(institution)
    status = month_status(backend.ledger, institution, Month.parse(month))
    one = closable_month(backend, institution, status.month)
    return [money_row(m) for m in money_of(backend, one)]


@router.post(
    "/institutions/{institution}/months/{month}/close",
    responses={
        409: {"description": "It is not closed; `why` and `checks` say what is in the way."}
    },
    openapi_extra=example_of(
        NewClosing, {"waive": {"incomplete": "two days without power"}, "by": "Li Wei"}
    ),
)
def close(
    request: Request,
    principal: CloserDep,
    backend: WholeBackendDep,
    institution: str,
    month: MonthPath,
    body: JsonBodyDep,
) -> SignedRow:
    """Close a month: its figures are signed as a revision · 签发月度结果.

    Who closes waives, each check with its reason; who entered corrections or adjustments of the
    month may not. A restatement that waits is decided on by `…/restatement`.
    """
    posted = read_as(NewClosing, body)
    place_of(backend, principal, institution, Action.CLOSE)
    status = month_status(backend.ledger, institution, Month.parse(month))
    one = closable_month(backend, institution, status.month)
    require_open(request, one)
    given = posted.model_dump()
    return signed_row(sign_month(request, backend, principal, one, **given), "closed")


@router.post(
    "/institutions/{institution}/months/{month}/restatement",
    responses={
        409: {"description": "Nothing is decided; `why` and `checks` say what is in the way."}
    },
    openapi_extra=example_of(
        NewRestatement, {"decision": "approved", "reason": "late readings", "by": "Li Wei"}
    ),
)
def restate(
    request: Request,
    principal: ApproverDep,
    backend: WholeBackendDep,
    institution: str,
    month: MonthPath,
    body: JsonBodyDep,
) -> SignedRow:
    """Approve or refuse the restatement that waits, with a reason · 批准或拒绝重述.

    Who entered corrections or adjustments after the month was signed may not approve. Refused, the
    signed revision stays, and the same waits no more.
    """
    posted = read_as(NewRestatement, body)
    place_of(backend, principal, institution, Action.APPROVE)
    status = month_status(backend.ledger, institution, Month.parse(month))
    one = closable_month(backend, institution, status.month)
    by, reason, digest = posted.by, posted.reason, posted.digest
    if posted.decision == "refused":
        refusal = refuse(request, backend, principal, one, by=by, reason=reason, digest=digest)
        return refused_row(refusal)
    require_waiting(request, one)
    given = posted.model_dump(exclude={"decision"})
    return signed_row(sign_month(request, backend, principal, one, **given), "approved")
