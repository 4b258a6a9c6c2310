"""How the registry is changed over HTTP: by whom, based on what, and what is answered."""

from typing import Annotated, Any

from fastapi import Depends, Header

from api.access.needs import Needs
from api.dependencies import Backend
from api.problems import ProblemError
from api.rows.trail.changes import RegistryChangeRow
from domain.access import Action, Principal
from domain.audit import Actor
from domain.errors import ChangedMeanwhileError
from registry.comparing import Change
from registry.importing import Difference, Read, compare, take_in
from registry.problem_words import problem_text, reason_text
from registry.reading import Problem
from registry.told import change_text

_MOST_PROBLEMS = 1_000
REFUSED: dict[int | str, dict[str, Any]] = {
    401: {"description": "A key is needed."},
    403: {"description": "Not allowed."},
    412: {"description": "It was changed meanwhile; nothing is done."},
    422: {"description": "It has problems; `problems` lists them, nothing is done."},
    428: {"description": "Say with If-Match which version it is based on."},
}
IfMatch = Annotated[str, Header(description="The ETag of what the change is based on.")]


async def _administrator(
    principal: Annotated[Principal, Depends(Needs(Action.ADMINISTER))],
) -> Principal:
    """Who may administer everything: records refer to each other across institutions. Raises
    ProblemError 403."""
    if principal.reach(Action.ADMINISTER) is not None:
        raise ProblemError(403, "wrong_key")
    return principal


ADMINISTRATORS = Depends(_administrator)
AdministratorDep = Annotated[Principal, ADMINISTRATORS]


def compared(backend: Backend, read: Read, lang: str, if_version: str | None = None) -> Difference:
    """What would change. Raises ProblemError 412, and 422 with every problem."""
    try:
        found = compare(read, backend.ledger, backend.registries, if_version)
    except ChangedMeanwhileError:
        raise ProblemError(412, "changed_meanwhile") from None
    if found.problems:
        problems = [_problem(p, lang) for p in found.problems[:_MOST_PROBLEMS]]
        count, first = len(found.problems), problem_text(found.problems[0], lang)
        raise ProblemError(
            422, "registry_refused", extra={"problems": problems}, count=count, first=first
        )
    return found


def taken_in(backend: Backend, found: Difference, principal: Principal) -> None:
    """Keep what was compared. Raises ProblemError 412."""
    try:
        take_in(found, backend.ledger, backend.registries, Actor.of(principal))
    except ChangedMeanwhileError:
        raise ProblemError(412, "changed_meanwhile") from None


def change_row(change: Change) -> RegistryChangeRow:
    months = change.months
    return RegistryChangeRow(
        change=change.kind,
        sheet=change.sheet,
        record=change.record,
        institution=change.institution,
        column=change.column,
        item=change.item,
        before=change.before,
        after=change.after,
        closed_months=len(months),
        first_closed=str(months[0]) if months else None,
        last_closed=str(months[-1]) if months else None,
        zh_text=change_text(change, "zh"),
        en_text=change_text(change, "en"),
    )


def tags_of(header: str) -> list[str]:
    """The tags of an If-Match header, without their quotes; a weak one never matches (RFC 9110)."""
    return [t.strip('"') for t in map(str.strip, header.split(",")) if not t.startswith("W/") and t]


def _problem(problem: Problem, lang: str) -> dict[str, object]:
    return {
        "sheet": problem.sheet,
        "row": problem.row or None,
        "column": problem.column,
        "reason": reason_text(problem.reason, lang),
    }
