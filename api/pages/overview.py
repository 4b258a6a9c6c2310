"""GET /: the overview as one HTML page in zh and en; its charts' library is served from here.

The library (Vega, Vega-Lite, vega-embed) comes out of the installed vl-convert wheel: nothing
is loaded from the Internet, and no copy of it lives in the repository.
"""

import gzip
import json
from importlib.metadata import version
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse

from api.access.needs import NEEDS_READ, OPEN
from api.access.seen import BackendDep
from api.drawn import drawn
from api.language import language_of
from api.pages.html import HERE, answer, render
from api.pages.overview_data import Overview, build_overview
from reports.charts.look import Spec
from reports.charts.sections import Chart
from reports.drawing_queue import DrawingQueue, Prepared

router = APIRouter(include_in_schema=False)

TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8"}
FOREVER = "public, max-age=31536000, immutable"


@router.get("/", response_class=HTMLResponse, dependencies=[NEEDS_READ])
def overview(
    request: Request,
    backend: BackendDep,
    institution: str = "",
    month: str = "",
    page: Annotated[int | None, Query(ge=1)] = None,
) -> HTMLResponse:
    lang = language_of(request)
    shown = build_overview(
        backend.ledger,
        backend.registry,
        lang,
        institution=institution,
        month=month,
        page=page,
        known=backend.results,
        sees_all=backend.sees_all,
    )
    return answer(overview_html(shown), lang)


def overview_html(shown: Overview) -> str:
    """The page of an overview."""
    return render(
        "overview.html",
        **{k: getattr(shown, k) for k in Overview.__dataclass_fields__},
        library=f"/static/vega-{library_version()}.js",
        specs=_Specs(),
    )


class _Specs:
    """Collects the charts of a page in the order they are placed."""

    def __init__(self) -> None:
        self._specs: list[Spec] = []

    def add(self, chart: Chart) -> int:
        """The chart's number in the page."""
        self._specs.append({**chart.spec, "description": chart.alt})
        return len(self._specs) - 1

    def json(self) -> str:
        """All of them, safe inside a script element."""
        return json.dumps(self._specs, ensure_ascii=False).replace("<", "\\u003c")


@router.get("/static/{name}", dependencies=[OPEN])
async def static(request: Request, name: str) -> Response:
    """A file of the page. Addresses carry a version, so that browsers may keep them."""
    if name == f"vega-{library_version()}.js":
        queue: DrawingQueue[bytes] = request.app.state.library_queue
        return _library_response(request, await drawn(request, queue, name, chart_library))
    return await run_in_threadpool(_file, name)


def _file(name: str) -> Response:
    path = HERE / "static" / name
    if path.suffix not in TYPES or path.name != name or not path.is_file():
        raise HTTPException(404)
    return Response(
        path.read_bytes(), media_type=TYPES[path.suffix], headers={"Cache-Control": FOREVER}
    )


def library_version() -> str:
    """The version of the wheel that the charts' library comes from."""
    return version("vl-convert-python")


def _library_response(request: Request, packed: bytes) -> Response:
    headers = {"Cache-Control": FOREVER, "Vary": "Accept-Encoding"}
    if "gzip" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"] = "gzip"
        return Response(packed, media_type=TYPES[".js"], headers=headers)
    return Response(gzip.decompress(packed), media_type=TYPES[".js"], headers=headers)


def library_queue() -> DrawingQueue[bytes]:
    """Makes the charts' library at the first request, and keeps it (0.3 MB)."""
    return DrawingQueue(workers=1, waiting_max=1, kept_max=1, idle_s=0.0)


def chart_library() -> Prepared[bytes]:
    """The charts' JavaScript, gzipped: made in a process of its own because making it takes
    150 MB and two seconds."""
    return _bundle, None


def _bundle(_: None) -> bytes:
    import vl_convert

    # The stub has forgotten that `snippet` is optional.
    script: str = vl_convert.javascript_bundle()  # type: ignore[call-arg]
    return gzip.compress(script.encode(), mtime=0)
