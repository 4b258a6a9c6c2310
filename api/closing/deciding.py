"""What somebody decides about a month, once for the routes and for the pages' forms: who may, whose
name stands under it, and why not, in the reader's language."""

from collections.abc import Mapping

from fastapi import Request

from api.access.names import signed
from api.closing.diffs import changes_kept, diff_rows
from api.dependencies import Backend
from api.language import language_of
from api.problems import ProblemError
from domain.access import Action, Principal
from domain.audit import Actor
from domain.calendar import Month
from domain.places import Institution
from reports.words.closing import check_sentence, todo_sentence
from store.closing import (
    Closable,
    NotClosedError,
    closable,
    close_month,
    refuse_month,
    with_authors,
)
from store.ledger.port import ChangedMeanwhileError, Refusal, Revision


def place_of(
    backend: Backend, principal: Principal, institution: str, action: Action
) -> Institution:
    """The institution that somebody wants to decide about. Raises ProblemError 404 for one that they
    may not see, 403 where they may not do this."""
    found = backend.through(principal.reach(Action.READ)).institution(institution)
    if not principal.may(action, institution=institution):
        raise ProblemError(403, "may_not")
    return found


def closable_month(backend: Backend, institution: str, month: Month) -> Closable:
    """The month as it would be closed now, with who entered what of it."""
    found = closable(backend.ledger, backend.registry, [institution], month, backend.now())
    return with_authors(backend.ledger, backend.registry, found)[institution]


def require_open(request: Request, one: Closable) -> None:
    """Raises ProblemError 409 where a restatement waits: that is another decision."""
    if one.is_restatement:
        raise _not_closed(request, NotClosedError("waits"))


def require_waiting(request: Request, one: Closable) -> None:
    """Raises ProblemError 409 where no restatement waits."""
    if not one.is_restatement:
        where, month = one.institution, one.month
        raise _not_closed(request, NotClosedError("nothing_waits", institution=where, month=month))


def name_under(given: str, principal: Principal) -> str:
    """The name that stands under a decision. Raises ProblemError as `signed`, 422 without one."""
    name = signed(given, principal)
    if not name.strip():
        raise ProblemError(422, "name_needed")
    return name


def sign_month(
    request: Request,
    backend: Backend,
    principal: Principal,
    one: Closable,
    *,
    by: str,
    reason: str,
    waive: Mapping[str, str],
    digest: str,
) -> Revision:
    """Close or restate a month. `digest` is of what they looked at; empty: whatever is there now.
    Raises ProblemError 409 where it is not closed, with the checks that are in the way."""
    name = name_under(by, principal)
    _require_seen(request, one, digest)
    try:
        return close_month(
            backend.ledger,
            one,
            by=name,
            reason=reason,
            waive=waive,
            now=backend.now(),
            actor=Actor.of(principal),
        )
    except NotClosedError as error:
        raise _not_closed(request, error) from error
    except ChangedMeanwhileError as error:
        raise _not_closed(request, NotClosedError("changed")) from error


def refuse(
    request: Request,
    backend: Backend,
    principal: Principal,
    one: Closable,
    *,
    by: str,
    reason: str,
    digest: str,
) -> Refusal:
    """Refuse the restatement that waits. Raises ProblemError 409."""
    name = name_under(by, principal)
    _require_seen(request, one, digest)
    changes = changes_kept(diff_rows(backend, one, "en"))
    try:
        return refuse_month(
            backend.ledger, one, by=name, reason=reason, changes=changes, actor=Actor.of(principal)
        )
    except NotClosedError as error:
        raise _not_closed(request, error) from error
    except ChangedMeanwhileError as error:
        raise _not_closed(request, NotClosedError("changed")) from error


def _require_seen(request: Request, one: Closable, digest: str) -> None:
    if digest and digest != one.digest:
        raise _not_closed(request, NotClosedError("changed"))


def _not_closed(request: Request, error: NotClosedError) -> ProblemError:
    lang = language_of(request)
    checks = [
        {
            "code": check.code,
            "subject": check.subject,
            "sentence": check_sentence(check, lang),
            "todo": todo_sentence(check, lang),
        }
        for check in error.checks
    ]
    extra = {"why": error.code, "checks": checks}
    return ProblemError(409, "not_closed", extra=extra, reason=error.sentence(lang))
