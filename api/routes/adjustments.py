"""Non-routine adjustments: what people say changed in a building, approved by somebody else."""

import re
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from api.access.needs import NEEDS_READ, Needs
from api.access.seen import BackendDep
from api.dependencies import WholeBackendDep
from api.entering.adjusting import decide, enter, known, require, seen_adjustments
from api.intake.body import JsonBodyDep
from api.intake.read_body import read_as
from api.problems import ProblemError
from api.query import NumberPath, PageDep, PlacesDep
from api.rows.adjustments import (
    AdjustmentRow,
    NewAdjustment,
    NewDecision,
    adjustment_row,
    example_of,
)
from api.tables.route import TableRoute
from domain.access import Action, Principal
from domain.adjustments import AdjustmentStatus

router = APIRouter(
    route_class=TableRoute, prefix="/v1", tags=["adjustments"], dependencies=[NEEDS_READ]
)


# Without any key configured, nobody may: adjustments change what is paid.
AdjusterDep = Annotated[Principal, Depends(Needs(Action.ADJUST, "may_only_propose"))]
ApproverDep = Annotated[Principal, Depends(Needs(Action.APPROVE, "may_only_propose"))]


@router.get("/adjustments")
def adjustments(
    backend: BackendDep,
    institutions: PlacesDep,
    page: PageDep,
    contract: Annotated[list[str] | None, Query(description="Only these contracts.")] = None,
    status: Annotated[list[AdjustmentStatus] | None, Query(description="Only these.")] = None,
) -> list[AdjustmentRow]:
    """Non-routine adjustments, withdrawn ones too · 非常规调整."""
    contracts = [c for c in contract or [] if c]
    return page.cut(
        [
            adjustment_row(a, institutions[a.institution])
            for a in seen_adjustments(backend, institutions)
            if (not contracts or a.contract in contracts) and (not status or a.status in status)
        ]
    )


@router.post(
    "/adjustments",
    status_code=201,
    responses={401: {"description": "A key is needed."}, 403: {"description": "Not allowed."}},
    openapi_extra=example_of(
        NewAdjustment,
        {
            "contract": "dongying-retrofit",
            "start": "2026-03-01",
            "end": "2026-04-01",
            "per_day_kwh": 120,
            "reason": "a vaccination centre in the hall",
            "evidence": "minutes.pdf",
            "evidence_base64": "JVBERi0=",
            "author": "Wang Fang",
            "approver": "Li Wei",
        },
    ),
)
def post_adjustment(
    principal: AdjusterDep, backend: WholeBackendDep, body: JsonBodyDep
) -> AdjustmentRow:
    """Enter an adjustment; it counts once somebody else has approved it · 登记非常规调整.

    With the key of a vendor it can only be proposed: the approval has to come from the
    installation's own key.
    """
    entered = enter(backend, principal, read_as(NewAdjustment, body))
    return adjustment_row(entered, backend.institution(entered.institution))


@router.post(
    "/adjustments/{number}/decisions",
    status_code=201,
    responses={401: {"description": "A key is needed."}, 403: {"description": "Not allowed."}},
    openapi_extra=example_of(NewDecision, {"kind": "approved", "by": "Li Wei"}),
)
def post_decision(
    principal: ApproverDep, backend: WholeBackendDep, number: NumberPath, body: JsonBodyDep
) -> AdjustmentRow:
    """Approve or withdraw an adjustment · 批准或撤销非常规调整."""
    decided = decide(backend, principal, number, read_as(NewDecision, body))
    return adjustment_row(decided, backend.institution(decided.institution))


@router.get(
    "/adjustments/{number}/evidence",
    response_class=Response,
    responses={200: {"content": {"application/octet-stream": {}}}},
)
def evidence(principal: AdjusterDep, backend: WholeBackendDep, number: NumberPath) -> Response:
    """The evidence file of an adjustment, as it was given · 依据文件."""
    found = known(backend, principal, number)
    require(principal, Action.ADJUST, found.institution, found.contract)
    content = backend.ledger.evidence(found.evidence_sha256)
    if content is None:
        raise ProblemError(404, "no_evidence", number=number, sha256=found.evidence_sha256)
    name = re.sub(r"[^A-Za-z0-9._-]", "_", found.evidence)
    return Response(
        content,
        media_type="application/octet-stream",
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "X-Content-Type-Options": "nosniff",
        },
    )
