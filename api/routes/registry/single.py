"""Single records of the registry, as rows of its sheets."""

import json
from hashlib import sha256
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Query, Response

from api.dependencies import WholeBackendDep
from api.intake.body import JsonBodyDep
from api.problems import ProblemError
from api.query import LanguageDep
from api.routes.registry.changing import (
    ADMINISTRATORS,
    REFUSED,
    AdministratorDep,
    IfMatch,
    change_row,
    compared,
    tags_of,
    taken_in,
)
from api.rows.trail.changes import RegistryChangeRow
from domain.registry import Registry
from domain.registry.records import Record
from registry.reading import Places, Problem
from registry.sheets import DEVICE_SHEETS, SHEETS
from registry.single import plain_of, read_plain, record_of

router = APIRouter(prefix="/v1/registry", tags=["registry"], dependencies=[ADMINISTRATORS])
SheetPath = Annotated[str, Path(description=f"One of {', '.join(SHEETS)}.", examples=["meters"])]
NamePath = Annotated[str, Path(description="Id of the record.", examples=["b7-elec"])]
_TRIES = 5
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {"type": "object"},
                "example": {
                    "max_rate_per_h": 400,
                    "dated": [{"field": "multiplier", "valid_from": "2026-01-01", "value": 40}],
                },
            }
        },
    }
}


@router.get(
    "/{sheet}/{id}",
    responses={200: {"description": "Its columns, and rows of its history sheets; ETag."}},
)
def registry_record(
    backend: WholeBackendDep, response: Response, sheet: SheetPath, id: NamePath
) -> dict[str, Any]:
    """A record as its row in the workbook · 台账单条记录."""
    record = record_of(backend.registries.versioned()[1], _known(sheet), id)
    if record is None:
        raise ProblemError(404, "unknown_record", sheet=sheet, id=id)
    response.headers["ETag"] = f'"{_tag(record)}"'
    return plain_of(record)


@router.put(
    "/{sheet}/{id}",
    openapi_extra=_BODY,
    responses={**REFUSED, 404: {"description": "No such record."}},
)
def put_registry_record(
    backend: WholeBackendDep,
    principal: AdministratorDep,
    response: Response,
    sheet: SheetPath,
    id: NamePath,
    body: JsonBodyDep,
    lang: LanguageDep,
    if_match: IfMatch = "",
    if_none_match: Annotated[str, Header(description="`*`: it is a new record.")] = "",
    dry_run: Annotated[bool, Query(description="Tell what would change, and do nothing.")] = False,
) -> list[RegistryChangeRow]:
    """Add or change a record by the checks of the workbook, and tell what changes · 修改台账单条记录.

    What the body leaves out stays as it is registered; null empties it. Rows of a history sheet that
    is given are all the rows the record has there.
    """
    _known(sheet)
    if not if_match and if_none_match.strip() != "*" and not dry_run:
        raise ProblemError(428, "needs_match")
    plain = _object(body)
    if plain.get("id", id) != id:
        raise ProblemError(
            422, "bad_value", reason=f"id: {id!r} in the address, another in the body"
        )

    def read(known: Registry) -> tuple[Registry, list[Problem], Places]:
        old = record_of(known, sheet, id)
        taken = old is not None or (sheet in DEVICE_SHEETS and id in known.device_by_id)
        if if_none_match.strip() == "*" and taken:
            raise ProblemError(412, "changed_meanwhile")
        _require_match(old, sheet, id, if_match)
        return read_plain(sheet, id, plain, known)

    for left in reversed(range(_TRIES)):
        found = compared(backend, read, lang)
        if not dry_run:
            try:
                taken_in(backend, found, principal)
            except ProblemError:
                if left:
                    continue  # another record was changed: this one is looked at again
                raise
        break
    record = record_of(found.read, sheet, id)
    assert record is not None
    response.headers["ETag"] = f'"{_tag(record)}"'
    return [change_row(c) for c in found.changes]


def _require_match(old: Record | None, sheet: str, name: str, if_match: str) -> None:
    if not if_match:
        return
    if old is None:
        raise ProblemError(404, "unknown_record", sheet=sheet, id=name)
    if not {"*", _tag(old)} & set(tags_of(if_match)):
        raise ProblemError(412, "changed_meanwhile")


def _known(sheet: str) -> str:
    if sheet not in SHEETS:
        raise ProblemError(404, "unknown_sheet", sheet=sheet, known=", ".join(SHEETS))
    return sheet


def _object(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ProblemError(400, "unreadable_body", reason=str(error)) from error
    if not isinstance(found, dict):
        raise ProblemError(400, "unreadable_body", reason="it must be one JSON object")
    return found


def _tag(record: Record) -> str:
    """Another for everything a record may say."""
    return sha256(json.dumps(plain_of(record), sort_keys=True).encode()).hexdigest()[:32]
