"""Monthly reports: which there are, and each as a file."""

import threading
from collections import OrderedDict
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Path, Query, Request, Response

from api.dependencies import BackendDep
from api.problems import ProblemError
from api.query import LanguageDep, MonthPath, PageDep
from api.rows.months import ReportRow, report_row
from api.standing_results import ResultsDep, month_status
from api.tables.route import TableRoute
from config.texts import LANGUAGES
from domain.calendar import Month
from reports.model import build_report
from reports.render import FORMATS, MEDIA_TYPES, file_name, render

router = APIRouter(route_class=TableRoute, prefix="/v1", tags=["reports"])


class Rendered:
    """The last few reports rendered, so that two readers do not wait for the same drawing.

    Keyed by the result's digest and revision: a changed month is drawn anew. One at a time,
    because a drawing takes a process and its memory.
    """

    def __init__(self, size: int = 24) -> None:
        self._size = size
        self._kept: OrderedDict[tuple[str, ...], bytes] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: tuple[str, ...], model: object, lang: str, format: str) -> bytes:
        with self._lock:
            if key not in self._kept:
                self._kept[key] = render(model, lang, format)  # type: ignore[arg-type]
                while len(self._kept) > self._size:
                    self._kept.popitem(last=False)
            self._kept.move_to_end(key)
            return self._kept[key]


@router.get("/reports")
def reports(
    query: ResultsDep,
    page: PageDep,
    lang: Annotated[str | None, Query(pattern="^(zh|en)$", description="Only zh or en.")] = None,
) -> list[ReportRow]:
    """Reports that can be fetched, newest month first · 可下载的报告."""
    months = query.statuses()
    months.sort(key=lambda m: (-m[1].month.year, -m[1].month.month, m[0].id))
    return page.cut(
        [
            report_row(institution, status, language, format)
            for institution, status in months
            for language in ([lang] if lang else LANGUAGES)
            for format in FORMATS
        ]
    )


@router.get(
    "/reports/{institution}/{month}.{format}",
    response_class=Response,
    responses={
        200: {
            "description": "The report.",
            "content": {m.partition(";")[0]: {} for m in MEDIA_TYPES.values()},
        }
    },
)
def report(
    request: Request,
    backend: BackendDep,
    lang: LanguageDep,
    institution: str,
    month: MonthPath,
    format: Annotated[str, Path(examples=["pdf"])],
) -> Response:
    """One report as a file · 下载报告."""
    if format not in FORMATS:
        raise ProblemError(404, "unknown_report", format=format, formats=", ".join(FORMATS))
    backend.institution(institution)
    status = month_status(backend.ledger, institution, Month.parse(month))
    model = build_report(backend.ledger, institution, status.month)
    rendered: Rendered = request.app.state.rendered
    key = (institution, month, status.state, str(status.revision), status.digest, lang, format)
    content = rendered.get(key, model, lang, format)
    name = quote(file_name(model, lang, format))
    disposition = "inline" if format in ("html", "pdf") else "attachment"
    return Response(
        content,
        media_type=MEDIA_TYPES[format],
        headers={
            "Content-Disposition": f"{disposition}; filename*=UTF-8''{name}",
            "Content-Language": lang,
            "Vary": "Accept-Language",
        },
    )
