"""Non-routine adjustments as people enter and decide on them: who may, in whose name, and kept."""

from collections.abc import Mapping
from hashlib import sha256

from api.access.names import own_name, signed
from api.dependencies import Backend
from api.problems import ProblemError
from api.query import only_one
from api.rows.adjustments import NewAdjustment, NewDecision
from domain.access import Action, Principal
from domain.adjustments import Adjustment, Decision
from domain.audit import Actor
from domain.places import Contract, Institution
from processing.months.bookkeeping import decide_adjustment, enter_adjustment
from processing.savings.entered_adjustments import approval, contract_of, formula_of


def seen_adjustments(backend: Backend, institutions: Mapping[str, Institution]) -> list[Adjustment]:
    """Those of `institutions` that whoever asks may see, withdrawn ones too."""
    seen = {c.id for c in backend.in_part.contracts}
    whole = backend.registry.institution_by_id
    return [
        a
        for a in backend.ledger.adjustments(only_one(institutions))
        if a.institution in institutions and (a.institution in whole or a.contract in seen)
    ]


def enter(backend: Backend, principal: Principal, posted: NewAdjustment) -> Adjustment:
    """Enter one; it waits unless its approver is named. Raises ProblemError 403 where they may not,
    422 where something is missing, ConfigError where it does not fit its contract."""
    backend.registries.fresh()
    seen = backend.through(principal.reach(Action.READ))
    contract = contract_of(seen.in_part, posted.contract)
    needed = [Action.ADJUST, Action.APPROVE] if posted.approver else [Action.ADJUST]
    for action in needed:
        require(principal, action, contract.institution, contract.id)
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
    return enter_adjustment(
        backend.ledger,
        backend.registry,
        adjustment,
        posted.evidence_base64,
        Actor.of(principal),
    )


def decide(backend: Backend, principal: Principal, number: int, posted: NewDecision) -> Adjustment:
    """Approve or withdraw one. Raises ProblemError 404 for one they may not see, 403 where they may
    not decide on it, ConfigError where its author would approve it."""
    found = known(backend, principal, number)
    require(principal, Action.APPROVE, found.institution, found.contract)
    decision = Decision(posted.kind, signed(posted.by, principal), backend.now(), posted.reason)
    return decide_adjustment(backend.ledger, number, decision, Actor.of(principal))


def require(principal: Principal, action: Action, institution: str, contract: str) -> None:
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


def known(backend: Backend, principal: Principal, number: int) -> Adjustment:
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
