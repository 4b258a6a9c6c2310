"""Monthly reports: which there are, and each as a file."""

import logging
from collections.abc import Callable
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.concurrency import run_in_threadpool

from api.access.needs import NEEDS_READ
from api.access.seen import BackendDep
from api.dependencies import Backend
from api.drawn import drawn
from api.problems import ProblemError
from api.query import LanguageDep, MonthPath, PageDep
from api.rows.months import ReportRow, report_row
from api.standing_results import ResultsDep, month_status
from api.tables.route import TableRoute
from config.texts import LANGUAGES
from domain.calendar import Month
from reports.model import build_report
from reports.render import FORMATS, MEDIA_TYPES, Job, ReportFile, missing_text, report_file

router = APIRouter(
    route_class=TableRoute, prefix="/v1", tags=["reports"], dependencies=[NEEDS_READ]
)
_log = logging.getLogger(__name__)


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
        },
        503: {"description": "Too many are being drawn, or this one was ended: ask again."},
    },
)
async def report(
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
    key = await run_in_threadpool(_standing, backend, institution, Month.parse(month))

    def prepare() -> tuple[Callable[[Job], ReportFile], Job]:
        known = backend.registries.fresh()
        model = build_report(backend.ledger, institution, Month.parse(month), known)
        return report_file, (model, lang, format)

    made = await drawn(request, request.app.state.report_queue, (*key, lang, format), prepare)
    if made.missing:
        _log.warning("%s: %s", made.name, missing_text(made.missing))
    disposition = "inline" if format in ("html", "pdf") else "attachment"
    return Response(
        made.content,
        media_type=MEDIA_TYPES[format],
        headers={
            "Content-Disposition": f"{disposition}; filename*=UTF-8''{quote(made.name)}",
            "Content-Language": lang,
            "Vary": "Accept-Language",
        },
    )


def _standing(backend: Backend, institution: str, month: Month) -> tuple[str, ...]:
    """What a report's content hangs on: a month, or a registry, that changed is drawn anew.

    Raises ProblemError 404 where there is none.
    """
    backend.registries.fresh()
    backend.institution(institution)
    version = backend.registries.version()
    status = month_status(backend.ledger, institution, month)
    standing = (status.state, str(status.revision), status.digest)
    return (institution, str(month), *standing, version)
