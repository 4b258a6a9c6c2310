"""Corrections of readings: what was entered, by whom and why; and entering them."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic_core import from_json

from api.access.needs import NEEDS_READ, Needs
from api.access.seen import BackendDep
from api.dependencies import WholeBackendDep
from api.entering.correcting import enter, rows_of, seen_corrections
from api.intake.body import JsonBodyDep
from api.problems import ProblemError
from api.query import LanguageDep, OwnedDep, PageDep
from api.rows.corrections import CorrectionRow, CorrectionsEntered
from api.tables.route import TableRoute
from domain.access import Action, Principal

router = APIRouter(
    route_class=TableRoute, prefix="/v1", tags=["readings"], dependencies=[NEEDS_READ]
)
CorrectorDep = Annotated[Principal, Depends(Needs(Action.CORRECT))]
_EXAMPLE = [
    {
        "device": "b7-elec",
        "quantity": "energy_import_kwh",
        "at": "2019-03-05T14:00:00Z",
        "value": 104211.5,
        "author": "Wang",
        "reason": "photo of the display, 5 March",
    },
    {
        "device": "b7-elec",
        "quantity": "energy_import_kwh",
        "at": "2019-03-05T14:30:00Z",
        "leave_out": True,
        "author": "Wang",
        "reason": "the gateway was being tested",
    },
]
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {"type": "array", "items": {"type": "object"}},
                "example": _EXAMPLE,
            }
        },
    }
}


@router.get("/corrections")
def corrections(
    backend: BackendDep,
    owned: OwnedDep,
    page: PageDep,
    device: Annotated[list[str] | None, Query(description="Only these devices.")] = None,
) -> list[CorrectionRow]:
    """Corrections of readings in the order entered · 读数更正记录."""
    return rows_of(backend, page.cut(seen_corrections(backend, owned, device or [])))


@router.post(
    "/corrections",
    openapi_extra=_BODY,
    responses={
        400: {"description": "The body is not JSON."},
        401: {"description": "A key is needed."},
        422: {"description": "Nothing was entered; `rows` says which is wrong and why."},
        503: {"description": "The store is not available: post again."},
    },
)
def post_corrections(
    backend: WholeBackendDep, principal: CorrectorDep, body: JsonBodyDep, lang: LanguageDep
) -> CorrectionsEntered:
    """Correct readings · 更正读数.

    One object or an array of them: `device`, `quantity`, `at` (ms since the epoch, or RFC 3339
    with a zone; exactly that of the reading), `value` or `leave_out: true`, `author`, `reason`.
    What is computed rests on them from then on; the raw readings stay. A value where no reading
    was adds one. All are entered or none; entering the same again adds nothing.
    """
    return enter(backend, principal, _read(body), lang)


def _read(body: bytes) -> list[object]:
    try:
        found = from_json(body, allow_inf_nan=False)
    except ValueError as error:
        raise ProblemError(400, "unreadable_body", reason=str(error)) from error
    return found if isinstance(found, list) else [found]
