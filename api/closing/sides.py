"""Who speaks for which side of a statement, and their word: signed, or refused with a reason."""

from api.access.keys import INSTALLATION
from api.access.seen import sees_statement
from api.closing.deciding import name_under
from api.dependencies import Backend
from api.problems import ProblemError
from domain.access import Action, Principal
from domain.audit import Actor
from domain.calendar import Month
from domain.contracts.issued import SIDES, Issued, Side


def sides_of(principal: Principal, one: Issued) -> list[Side]:
    """The sides that somebody may sign for. The installation's key signs as the command line does,
    on the word of whom it names. The holder of an issued key who is the contract's vendor signs for
    the vendor, and never for the owner; the owner's signer is who may sign for all of each institution
    that pays."""
    owners, vendor = one.content["owners"], one.content["vendor"]
    if principal is INSTALLATION:
        return list(SIDES)
    if vendor and principal.name == vendor:
        about = [{"institution": owner, "contract": one.agreement} for owner in owners]
        return ["vendor"] if all(principal.may(Action.SIGN, **a) for a in about) else []
    whole = all(principal.may(Action.SIGN, institution=owner) for owner in owners)
    return ["owner"] if whole else []


def statement_of(
    backend: Backend, principal: Principal, contract: str, month: Month, number: int
) -> Issued:
    """A statement that somebody may see. Raises ProblemError 404 otherwise."""
    return seen_statement(backend.through(principal.reach(Action.READ)), contract, month, number)


def seen_statement(seen: Backend, contract: str, month: Month, number: int) -> Issued:
    """A statement of what is seen. Raises ProblemError 404 for one that is not."""
    found = seen.ledger.statements([contract], month=month, number=number)
    if not found or not sees_statement(seen, found[0]):
        raise ProblemError(404, "no_statement", contract=contract, month=month, number=number)
    return found[0]


def say(
    backend: Backend,
    principal: Principal,
    one: Issued,
    side: Side,
    *,
    signs: bool,
    by: str,
    reason: str,
) -> Issued:
    """Sign a statement for a side, or refuse to. Raises ProblemError 403 for another's side,
    ConfigError as the ledger does."""
    if side not in sides_of(principal, one):
        raise ProblemError(403, "not_your_side", side=side)
    name, actor = name_under(by, principal), Actor.of(principal)
    where = (one.agreement, one.month, one.number)
    if signs:
        return backend.ledger.sign_statement(*where, side=side, by=name, actor=actor)
    return backend.ledger.refuse_statement(*where, side=side, by=name, reason=reason, actor=actor)


def issue(backend: Backend, principal: Principal, contract: str, month: Month, by: str) -> Issued:
    """Issue the statement of a contract's month. Raises ProblemError 404 for a contract that they may
    not see, 403 where they may not close the months of each institution that pays, ConfigError
    where it is not its turn."""
    seen = backend.through(principal.reach(Action.READ)).in_part
    members = [c for c in seen.contracts if contract in (c.id, c.bundle)]
    if not members or backend.settling is None:
        raise ProblemError(404, "unknown_contract", id=contract)
    every = [c for c in backend.registry.contracts if c.bundle == members[0].bundle]
    if not all(principal.may(Action.CLOSE, institution=c.institution) for c in every):
        raise ProblemError(403, "may_not")
    name = name_under(by, principal)
    return backend.settling.issue(members[0].bundle, month, name, Actor.of(principal))
