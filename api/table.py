"""The same rows as CSV, for spreadsheets: ``?format=csv`` or ``Accept: text/csv``."""

import csv
import io
import json
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute

from api.problems import ProblemError

_FORMATS = ("json", "csv")
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r")


class TableRoute(APIRoute):
    """A route whose list of rows may also be had as CSV."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        json_handler = super().get_route_handler()

        async def handler(request: Request) -> Response:
            wanted = _format_of(request)
            response = await json_handler(request)
            if wanted == "csv" and response.media_type == "application/json":
                rows = json.loads(bytes(response.body))
                if isinstance(rows, list) and response.status_code == 200:
                    return _csv_response(rows, response)
            return response

        return handler


def _format_of(request: Request) -> str:
    asked = request.query_params.get("format")
    if asked is None or "format" in request.path_params:
        accepts = request.headers.get("accept", "")
        return (
            "csv" if accepts.partition(",")[0].partition(";")[0].strip() == "text/csv" else "json"
        )
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
    if isinstance(value, str) and value.startswith(_DANGEROUS):
        return f"'{value}"
    return "" if value is None else value


def _csv_response(rows: list[dict[str, Any]], answer: Response) -> Response:
    kept = {k: v for k, v in answer.headers.items() if k in ("x-total-count", "link")}
    # The mark at the beginning tells spreadsheets that it is UTF-8.
    content = "\ufeff" + csv_text(rows)
    return Response(
        content, media_type="text/csv; charset=utf-8", headers={**kept, "Vary": "Accept"}
    )
