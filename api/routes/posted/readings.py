"""POST /v1/readings: readings from vendors' gateways, five formats."""

from functools import partial
from typing import Annotated, Any, Literal

from anyio import to_thread
from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse

from api.access.needs import Needs
from api.dependencies import Backend, WholeBackendDep
from api.intake.blocks import BLOCKS
from api.intake.body import require_readable_size
from api.intake.once import IdempotencyKeyHeader, Once
from api.intake.posted import UnreadableBodyError
from api.intake.posting import MAX_VALUES, Posting
from api.intake.reading import reader_of
from api.intake.store_body import Taken, keep_unreadable
from api.intake.told.verdicts import Verdicts
from api.intake.turns import BodyInTurnDep
from api.intake.workbook import XLSX, table_of_workbook
from api.problems import ProblemError
from api.query import LanguageDep
from api.routes.posted.judged_table import csv_bytes, judged_rows, xlsx_bytes
from api.tables.route import CSV
from domain.access import Action, Principal

router = APIRouter(prefix="/v1", tags=["readings"])

PosterDep = Annotated[Principal, Depends(Needs(Action.POST))]

_NO_TABLE = "only a posted table (text/csv, or a workbook) is answered as one: leave format out"
_NO_WORKBOOK = "only a workbook (.xlsx) has sheets: leave sheet out"
_TOLD_BY_ROW = ("nothing_stored", "not_all_good", "too_many_posted")
"""Errors of a table that its rows tell as well."""
_EXAMPLES = {
    "application/json": [
        {"device": "b7-elec", "ts": 1451649600512, "values": {"energy_import_kwh": 1.5}}
    ],
    "application/x-ndjson": '{"device":"b7-elec","ts":1451649600512,"values":{"power_w":12}}\n',
    "text/csv": "device,ts,quantity,value\nb7-elec,2016-01-01T12:00:00Z,energy_import_kwh,1.5\n",
    "text/plain": "meter,device=b7-elec energy_import_kwh=1.5 1451649600512000000\n",
}
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            media: {
                "schema": {"type": "array", "items": {"type": "object"}}
                if media == "application/json"
                else {"type": "string"},
                "example": example,
            }
            for media, example in _EXAMPLES.items()
        }
        | {XLSX: {"schema": {"type": "string", "format": "binary"}}},
    }
}
_TABLE: dict[str, Any] = {
    CSV: {"schema": {"type": "string"}},
    XLSX: {"schema": {"type": "string", "format": "binary"}},
}
_TABLES = dict.fromkeys(("csv", CSV), (csv_bytes, f"{CSV}; charset=utf-8"))
_TABLES |= dict.fromkeys(("xlsx", XLSX), (xlsx_bytes, XLSX))


@router.post(
    "/readings",
    response_model=Taken,
    openapi_extra=_BODY,
    responses={
        200: {"description": "All stored or known.", "content": _TABLE},
        207: {
            "model": Taken,
            "content": _TABLE,
            "description": "Some values were refused; `rows` says why.",
        },
        400: {"description": "The body as a whole cannot be read."},
        401: {"description": "A key is needed."},
        409: {"description": "The Idempotency-Key stands for another request."},
        413: {"description": "The body is too large, or holds more than 250,000 values."},
        415: {"description": "Content type not supported."},
        422: {"description": "No value could be stored."},
        429: {"description": "Too many requests, or too many that wait: after `Retry-After`."},
        503: {"description": "The store is not available: post again."},
    },
)
async def post_readings(
    request: Request,
    backend: WholeBackendDep,
    principal: PosterDep,
    body: BodyInTurnDep,
    lang: LanguageDep,
    dry_run: Annotated[
        bool, Query(description="Tell what would become of the body, and do nothing.")
    ] = False,
    tz: Annotated[
        str,
        Query(
            description="Of a table: times without a zone are local there.",
            examples=["Asia/Shanghai"],
        ),
    ] = "",
    atomic: Annotated[
        bool, Query(description="Store all values, or none if any would be refused.")
    ] = False,
    form: Annotated[
        Literal["json", "csv", "xlsx"] | None,
        Query(
            alias="format",
            description="csv, xlsx: the posted table again with a verdict beside each row, to mend and "
            "post again; of text/csv and workbooks only. Also by the media type as `Accept`.",
        ),
    ] = None,
    sheet: Annotated[
        str, Query(description="Of a workbook: the sheet to read; without it the first.")
    ] = "",
    idempotency_key: IdempotencyKeyHeader = None,
) -> Response:
    """Post readings · 上传读数.

    Each good value is stored, once however often it is posted; each bad one is kept aside and
    reported with its reason. 200: all stored or known. 207: some refused. 422: all refused.
    Registers (total_increasing) are posted as indices; times are ms since the epoch (UTC) or
    RFC 3339 with a zone; line protocol in ns. Bodies may be compressed (Content-Encoding: gzip).
    Of a workbook (.xlsx) one sheet is read as a table; its dates are local in `tz`.
    Of a body of more than 250,000 values the first ones are taken as always, and the answer is 413.
    With `dry_run` the answer is the same, and nothing is stored nor kept aside; with `atomic` a body
    of which any value would be refused, or of too many, is refused whole (422, 413).
    With `Idempotency-Key` the same request is answered the same, without work (not a `dry_run`,
    which leaves nothing to remember).
    """
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    _require_fitting(media, form, sheet)
    is_table = media in _TABLE
    read = reader_of(CSV if media == XLSX else media, tz)
    accepted = request.headers.get("accept", "").partition(",")[0].partition(";")[0].strip()
    wanted = _TABLES.get(form or accepted) if is_table else None
    verdicts = Verdicts(lang) if wanted else None

    async def made() -> Response:
        plain = body
        if media == XLSX:
            plain = await _table_in(request, backend, body, sheet, tried=dry_run or atomic)
        posting = Posting(lambda: read(plain), plain, backend, principal, lang, verdicts)
        try:
            taken = await _taken(request, posting, dry_run=dry_run, atomic=atomic)
            status, code = 207 if taken.refused else 200, ""
        except ProblemError as error:
            if verdicts is None or error.code not in _TOLD_BY_ROW:
                raise
            status, code = error.status, error.code
        if verdicts is None or wanted is None:
            return JSONResponse(taken.model_dump(mode="json"), status)
        stored, more = code != "not_all_good", code == "too_many_posted"
        write, kind = wanted

        def table() -> bytes:
            return write(judged_rows(plain, verdicts, stored=stored, more=more))

        content = await run_in_threadpool(table)
        headers = {"Content-Language": lang, "Vary": "Accept, Accept-Language"}
        return Response(content, status, headers, kind)

    if idempotency_key is None or dry_run:
        return await made()
    return await Once(backend, principal, idempotency_key).answer(request, body, made)


def _require_fitting(media: str, form: str | None, sheet: str) -> None:
    """Raises ProblemError 415 for a body nobody reads, 422 for what is asked of another kind of body."""
    offered = (*BLOCKS, XLSX)
    if media not in offered:
        raise ProblemError(415, "unsupported_media", given=media or "–", offered=", ".join(offered))
    if form not in (None, "json") and media not in _TABLE:
        raise ProblemError(422, "bad_parameter", where="query.format", reason=_NO_TABLE)
    if sheet and media != XLSX:
        raise ProblemError(422, "bad_parameter", where="query.sheet", reason=_NO_WORKBOOK)


async def _table_in(
    request: Request, backend: Backend, body: bytes, sheet: str, *, tried: bool
) -> bytes:
    """A workbook's sheet as CSV. Raises ProblemError 400, which is counted unless it is only
    `tried`, and 413."""
    limiter = request.app.state.posting
    try:
        plain = await to_thread.run_sync(table_of_workbook, body, sheet, limiter=limiter)
    except UnreadableBodyError as error:
        if not tried:
            # A workbook's own bytes would show nobody anything.
            keep = partial(keep_unreadable, backend, b"", str(error))
            await to_thread.run_sync(keep, limiter=limiter)
        raise ProblemError(400, "unreadable_body", reason=str(error)) from error
    require_readable_size(plain)
    return plain


async def _taken(request: Request, posting: Posting, *, dry_run: bool, atomic: bool) -> Taken:
    """What became of a body. Raises ProblemError where that is an error as a whole."""
    limiter = request.app.state.posting
    if dry_run or atomic:
        taken, more = await to_thread.run_sync(posting.tried, limiter=limiter)
        if atomic and not dry_run and taken.refused and not more:
            told = {**taken.model_dump(mode="json"), "stored": 0, "repeated": 0}
            raise ProblemError(
                422, "not_all_good", refused=taken.refused, received=taken.received, extra=told
            )
        if atomic and more:
            raise ProblemError(413, "too_many_atomic", limit=MAX_VALUES)
    if not dry_run:
        taken, more = await to_thread.run_sync(posting.stored, limiter=limiter)
    if more:
        raise ProblemError(
            413, "too_many_posted", limit=MAX_VALUES, extra=taken.model_dump(mode="json")
        )
    if taken.refused and taken.refused == taken.received:
        raise ProblemError(
            422, "nothing_stored", received=taken.received, extra=taken.model_dump(mode="json")
        )
    return taken
