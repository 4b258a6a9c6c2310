"""Non-routine adjustments: what people say changed in a building, approved by somebody else."""

import re
from hashlib import sha256
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response

from api.access.names import own_name, signed
from api.access.needs import NEEDS_READ, Needs
from api.access.seen import BackendDep
from api.dependencies import Backend, WholeBackendDep
from api.intake.body import JsonBodyDep
from api.intake.read_body import read_as
from api.problems import ProblemError
from api.query import PageDep, PlacesDep, only_one
from api.rows.adjustments import (
    AdjustmentRow,
    NewAdjustment,
    NewDecision,
    adjustment_row,
    example_of,
)
from api.tables.route import TableRoute
from domain.access import Action, Principal
from domain.adjustments import Adjustment, AdjustmentStatus, Decision
from domain.audit import Actor
from domain.places import Contract
from processing.months.bookkeeping import decide_adjustment, enter_adjustment
from processing.savings.entered_adjustments import approval, contract_of, formula_of

router = APIRouter(
    route_class=TableRoute, prefix="/v1", tags=["adjustments"], dependencies=[NEEDS_READ]
)


# Without any key configured, nobody may: adjustments change what is paid.
AdjusterDep = Annotated[Principal, Depends(Needs(Action.ADJUST, "may_only_propose"))]
ApproverDep = Annotated[Principal, Depends(Needs(Action.APPROVE, "may_only_propose"))]
NumberPath = Annotated[int, Path(ge=1, le=10**12, description="Number of the adjustment.")]


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
    seen = {c.id for c in backend.in_part.contracts}
    whole = backend.registry.institution_by_id
    return page.cut(
        [
            adjustment_row(a, institutions[a.institution])
            for a in backend.ledger.adjustments(only_one(institutions))
            if a.institution in institutions
            and (a.institution in whole or a.contract in seen)
            and (not contracts or a.contract in contracts)
            and (not status or a.status in status)
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
    posted = read_as(NewAdjustment, body)
    backend.registries.fresh()
    seen = backend.through(principal.reach(Action.READ))
    contract = contract_of(seen.in_part, posted.contract)
    needed = [Action.ADJUST, Action.APPROVE] if posted.approver else [Action.ADJUST]
    for action in needed:
        _require(principal, action, contract.institution, contract.id)
    now = backend.now()
    adjustment = Adjustment(
        institution=contract.institution,
        contract=contract.id,
        carrier=posted.carrier or _only_carrier(contract),
        start=posted.start,
        end=posted.end,
        formula=formula_of(
            posted.start,
            posted.end,
            formula=posted.formula,
            per_day_kwh=posted.per_day_kwh,
            total_kwh=posted.total_kwh,
        ),
        reason=posted.reason,
        evidence=posted.evidence,
        evidence_sha256=_digest(posted),
        author=signed(posted.author, principal),
        entered_at=now,
        decisions=approval(_approver(posted.approver, principal), now),
    )
    entered = enter_adjustment(
        backend.ledger,
        backend.registry,
        adjustment,
        posted.evidence_base64,
        Actor.of(principal),
    )
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
    posted = read_as(NewDecision, body)
    found = _known(backend, principal, number)
    _require(principal, Action.APPROVE, found.institution, found.contract)
    decision = Decision(posted.kind, signed(posted.by, principal), backend.now(), posted.reason)
    decided = decide_adjustment(backend.ledger, number, decision, Actor.of(principal))
    return adjustment_row(decided, backend.institution(decided.institution))


@router.get(
    "/adjustments/{number}/evidence",
    response_class=Response,
    responses={200: {"content": {"application/octet-stream": {}}}},
)
def evidence(principal: AdjusterDep, backend: WholeBackendDep, number: NumberPath) -> Response:
    """The evidence file of an adjustment, as it was given · 依据文件."""
    found = _known(backend, principal, number)
    _require(principal, Action.ADJUST, found.institution, found.contract)
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


def _require(principal: Principal, action: Action, institution: str, contract: str) -> None:
    if not principal.may(action, institution=institution, contract=contract):
        raise ProblemError(403, "may_only_propose")


def _approver(given: str, principal: Principal) -> str:
    """Who approves what is just entered. Who enters it in their own name cannot."""
    if not given.strip():
        return ""
    own = own_name(principal)
    if own:
        raise ProblemError(403, "not_your_name", given=given[:100], person=own)
    return signed(given, principal)


def _known(backend: Backend, principal: Principal, number: int) -> Adjustment:
    """An adjustment that the principal may see. Raises ProblemError 404 otherwise."""
    for found in backend.ledger.adjustments():
        if found.number == number and principal.may(
            Action.READ, institution=found.institution, contract=found.contract
        ):
            return found
    raise ProblemError(404, "unknown_adjustment", number=number)


def _only_carrier(contract: Contract) -> str:
    if len(contract.carriers) == 1:
        return contract.carriers[0]
    offered = ", ".join(contract.carriers)
    reason = f"{contract.id} has several carriers: choose from {offered}"
    raise ProblemError(422, "bad_parameter", where="body.carrier", reason=reason)


def _digest(posted: NewAdjustment) -> str:
    if posted.evidence_sha256 is not None:
        return posted.evidence_sha256.lower()
    if posted.evidence_base64 is None:
        reason = "give the file's content as evidence_base64, or its digest as evidence_sha256"
        raise ProblemError(422, "bad_parameter", where="body.evidence_base64", reason=reason)
    return sha256(posted.evidence_base64).hexdigest()
