"""The registry's workbook, down and up."""

import tempfile
from io import BytesIO
from pathlib import Path
from threading import Lock
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request, Response

from api.dependencies import WholeBackendDep
from api.intake.body import body_of
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
from api.tables.route import TableRoute
from api.tables.workbook import XLSX
from domain.errors import ConfigError
from registry.importing import Difference
from registry.reading import read_with_places
from registry.writing import write_xlsx

router = APIRouter(
    route_class=TableRoute, prefix="/v1/registry", tags=["registry"], dependencies=[ADMINISTRATORS]
)
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {XLSX: {"schema": {"type": "string", "format": "binary"}}},
    }
}
_WAIT_S = 10
_reading = Lock()
"""Reading a workbook may take 2 GiB: one at a time."""


@router.get(
    "/workbook",
    response_class=Response,
    responses={200: {"content": {XLSX: {}}, "description": "The workbook; ETag: its version."}},
)
def registry_workbook(
    backend: WholeBackendDep,
    headings: Annotated[
        Literal["zh", "en"] | None,
        Query(description="Language of the names of sheets and columns; else their short names."),
    ] = None,
) -> Response:
    """The whole registry as a workbook · 台账工作簿."""
    version, registry = backend.registries.versioned()
    file = BytesIO()
    write_xlsx(registry, file, lang=headings or "")
    named = {"Content-Disposition": 'attachment; filename="registry.xlsx"'}
    return Response(file.getvalue(), media_type=XLSX, headers={**named, "ETag": f'"{version}"'})


async def _xlsx(request: Request) -> bytes:
    """A body that calls itself a workbook. Raises ProblemError 415."""
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media != XLSX:
        raise ProblemError(415, "unsupported_media", given=media or "–", offered=XLSX)
    return await body_of(request)


@router.put(
    "/workbook",
    openapi_extra=_BODY,
    responses={
        **REFUSED,
        413: {"description": "The workbook is too large."},
        415: {"description": "Not a workbook."},
        503: {"description": "Another workbook is being read: try again."},
    },
)
def put_registry_workbook(
    backend: WholeBackendDep,
    principal: AdministratorDep,
    response: Response,
    body: Annotated[bytes, Depends(_xlsx)],
    lang: LanguageDep,
    if_match: IfMatch = "",
    dry_run: Annotated[
        bool, Query(description="Tell what would change, and do nothing; needs no If-Match.")
    ] = False,
) -> list[RegistryChangeRow]:
    """Take in a workbook, all of it or nothing, and tell row by row what changes · 导入台账工作簿.

    The ETag of the answer is the registry's version: of a dry run the one compared with, to be sent
    as If-Match, else the one made.
    """
    if not if_match and not dry_run:
        raise ProblemError(428, "needs_match")
    found = _compared(backend, body, lang, if_match)
    if not dry_run:
        taken_in(backend, found, principal)
    version = found.version if dry_run else backend.registries.versioned()[0]
    response.headers["ETag"] = f'"{version}"'
    return [change_row(c) for c in found.changes]


def _compared(backend: WholeBackendDep, body: bytes, lang: str, if_match: str) -> Difference:
    tags = tags_of(if_match)
    version = None
    if if_match and tags != ["*"]:
        now = backend.registries.versioned()[0]
        version = now if now in tags else ""  # of none, a version that never is
    if not _reading.acquire(timeout=_WAIT_S):
        raise ProblemError(503, "registry_busy", headers={"Retry-After": "5"})
    try:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "workbook.xlsx"
            path.write_bytes(body)
            return compared(backend, lambda known: read_with_places(path, known), lang, version)
    except ConfigError as error:  # it names a file of ours
        reason = str(error).replace(str(path), "workbook")
        raise ProblemError(422, "bad_value", reason=reason) from None
    finally:
        _reading.release()
