"""The same rows as a table: XLSX and CSV for spreadsheets, Parquet for those who compute.

``?format=csv``, ``xlsx`` or ``parquet``, or the media type of one as ``Accept``.
"""

import csv
import io
import json
import re
from collections.abc import Callable, Coroutine
from typing import Any, get_args

from fastapi import Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.routing import APIRoute

from api.access.seen import sight_of
from api.dependencies import Backend
from api.kept_answers import KeptAnswers, tag_of
from api.language import language_of
from api.problems import ProblemError
from api.rows.base import Row
from api.tables.columns import PARQUET, parquet_bytes, table_of
from api.tables.workbook import XLSX, xlsx_bytes

CSV = "text/csv"
_MOMENT_S = 10
_FORMATS = ("json", "csv", "xlsx", "parquet")
_BY_MEDIA = {CSV: "csv", XLSX: "xlsx", PARQUET: "parquet"}
_UNSEEN = "\x01-\x20\u00a0\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u2064\u3000\ufeff"
FORMULA = f"^(?:[\t\r\n]|[{_UNSEEN}]*[-=+@\uff1d\uff0b\uff0d\uff20\ufe62\ufe63\ufe66\ufe6b\u2212])"
"""How a text begins that a spreadsheet would take for a formula, also behind spaces and in the
wide signs of East Asian keyboards."""


class TableRoute(APIRoute):
    """A route whose list of rows may also be had as CSV, XLSX and Parquet."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        json_handler = super().get_route_handler()
        model = next(iter(get_args(self.response_model)), None)

        async def handler(request: Request) -> Response:
            wanted = _format_of(request)
            response = await json_handler(request)
            if wanted != "json" and response.media_type == "application/json":
                # Not on the event loop: a large table takes seconds, and all others would wait.
                return await run_in_threadpool(_as_table, response, model, wanted)
            return response

        return handler


class ResultsRoute(TableRoute):
    """A route whose answer rests on what was computed and on the registry, on nothing else, and
    so holds as long as their versions stay. `of_all`: also when one institution is asked for, it
    may rest on those of others."""

    of_all = True

    def moment(self, _: Request) -> str:
        """What else an answer rests on: of these nothing."""
        return ""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        make = super().get_route_handler()

        async def handler(request: Request) -> Response:
            answers: KeptAnswers = request.app.state.answers
            # Who asks comes first: what is kept is told to those only who see the same.
            sight = await sight_of(request)
            asked_for = (request.url.path, request.url.query)
            key = "\n".join((*asked_for, _format_of(request), language_of(request), sight))
            asked = set(request.query_params.getlist("institution"))
            own = "" if self.of_all or len(asked) != 1 else next(iter(asked))
            tag = tag_of(key, *await request.app.state.versions.of(own), self.moment(request))

            async def made() -> Response:
                # Of one institution it is quick: few at a time are sooner done than fifty threads
                # that wait for each other, and nobody is slow in front of them.
                if not own:
                    return await make(request)
                async with answers.quick:
                    return await make(request)

            return await answers.answer(request, key, tag, made)

        return handler


class OwnResultsRoute(ResultsRoute):
    """One whose answer on an institution rests on that one's results alone."""

    of_all = False


class MomentsRoute(ResultsRoute):
    """One whose answer rests on the time and on what was heard as well, and holds for ten seconds."""

    def moment(self, request: Request) -> str:
        backend: Backend = request.app.state.backend
        return str(int(backend.now().timestamp()) // _MOMENT_S)


def _format_of(request: Request) -> str:
    asked = request.query_params.get("format")
    if asked is None or "format" in request.path_params:
        accepts = request.headers.get("accept", "")
        return _BY_MEDIA.get(accepts.partition(",")[0].partition(";")[0].strip(), "json")
    if asked not in _FORMATS:
        reason = f"choose from {', '.join(_FORMATS)}"
        raise ProblemError(422, "bad_parameter", where="query.format", reason=reason)
    return asked


def csv_text(rows: list[dict[str, Any]]) -> str:
    """Rows as CSV with a header (RFC 4180). A value that is not known is an empty cell.

    Text that a spreadsheet would take for a formula is marked as text by an apostrophe: some of
    it was sent by devices.
    """
    out = io.StringIO(newline="")
    if rows:
        writer = csv.writer(out)
        writer.writerow(rows[0])
        writer.writerows([[_cell(v) for v in row.values()] for row in rows])
    return out.getvalue()


def _cell(value: object) -> object:
    if isinstance(value, str) and re.match(FORMULA, value):
        return f"'{value}"
    return "" if value is None else value


def _as_table(answer: Response, model: type[Row] | None, wanted: str) -> Response:
    rows = json.loads(bytes(answer.body))
    if isinstance(rows, list) and answer.status_code == 200:
        return _table_response(rows, model, wanted, answer)
    return answer


def _table_response(
    rows: list[dict[str, Any]], model: type[Row] | None, wanted: str, answer: Response
) -> Response:
    kept = {k: v for k, v in answer.headers.items() if k in ("x-total-count", "link", "etag")}
    headers = {**kept, "Vary": "Accept"}
    if wanted == "parquet" and model is not None:
        content = parquet_bytes(table_of(rows, model))
        return Response(content, media_type=PARQUET, headers=headers)
    if wanted == "xlsx" and model is not None:
        return Response(xlsx_bytes(rows, model), media_type=XLSX, headers=headers)
    # The mark at the beginning tells spreadsheets that it is UTF-8.
    return Response("\ufeff" + csv_text(rows), media_type=f"{CSV}; charset=utf-8", headers=headers)
