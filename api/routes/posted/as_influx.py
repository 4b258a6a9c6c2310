"""Readings as clients of InfluxDB send them: Telegraf, influxdb-client and loggers that speak line
protocol need nothing but our address.

The paths, status codes and bodies are those of InfluxDB 1 and 2 (their HTTP API references), so
that a client retries what it should and gives up what it must: 204 all stored or known; 400 some or
all values refused, the good ones are in (``partial write``: who sent them must not send them
again); 401, 403 for the key; 413 too much at once; 429 and 503 later. Which bucket, database or
organisation is named is of no consequence.
"""

from typing import Annotated, Any, Literal

from anyio import to_thread
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse

from api.access.needs import OPEN
from api.dependencies import Backend, WholeBackendDep
from api.intake.blocks import line_blocks
from api.intake.posting import MAX_VALUES, Posting
from api.intake.store_body import Taken
from api.intake.turns import BodyInTurnDep
from api.problems import ProblemError
from api.query import LanguageDep
from api.routes.posted.readings import PosterDep
from api.routes.service import Watch
from config.texts import Language
from domain.access import Principal

router = APIRouter(tags=["readings"])
_UNIT_NS = {"ns": 1, "n": 1, "us": 1_000, "u": 1_000, "ms": 1_000_000}
_UNIT_NS |= {"s": 10**9, "m": 60 * 10**9, "h": 3_600 * 10**9}
_TOLD = 5
"""So many refused values are named in the message, which a client writes into its log."""
_REFUSED: dict[int | str, dict[str, Any]] = {
    400: {"description": "Values were refused; the good ones are stored."}
}
_LINES = {
    "requestBody": {
        "required": True,
        "content": {
            "text/plain": {
                "schema": {"type": "string"},
                "example": "meter,device=b7-elec energy_import_kwh=1.5 1451649600512000000\n",
            }
        },
    }
}


@router.post("/api/v2/write", status_code=204, responses=_REFUSED, openapi_extra=_LINES)
async def write_v2(
    request: Request,
    backend: WholeBackendDep,
    principal: PosterDep,
    body: BodyInTurnDep,
    lang: LanguageDep,
    precision: Annotated[
        Literal["ns", "us", "ms", "s"], Query(description="What times count.")
    ] = "ns",
) -> Response:
    """Write line protocol as to InfluxDB 2 · 按 InfluxDB 2 的方式写入."""
    said = await _write(request, body, backend, principal, lang, precision)
    if said is None:
        return Response(status_code=204)
    return JSONResponse({"code": "invalid", "message": said}, 400)


@router.post("/write", status_code=204, responses=_REFUSED, openapi_extra=_LINES)
async def write_v1(
    request: Request,
    backend: WholeBackendDep,
    principal: PosterDep,
    body: BodyInTurnDep,
    lang: LanguageDep,
    precision: Annotated[
        Literal["ns", "n", "us", "u", "ms", "s", "m", "h"], Query(description="What times count.")
    ] = "ns",
) -> Response:
    """Write line protocol as to InfluxDB 1 · 按 InfluxDB 1 的方式写入."""
    said = await _write(request, body, backend, principal, lang, precision)
    if said is None:
        return Response(status_code=204)
    return JSONResponse({"error": said}, 400)


async def _write(
    request: Request,
    body: bytes,
    backend: Backend,
    principal: Principal,
    lang: Language,
    precision: str,
) -> str | None:
    """Store a body; what was refused of it, as a sentence that InfluxDB's clients know by its
    beginning."""
    unit_ns = _UNIT_NS[precision]
    posting = Posting(lambda: line_blocks(body, unit_ns), body, backend, principal, lang)
    taken, more = await to_thread.run_sync(posting.stored, limiter=request.app.state.posting)
    if more:
        raise ProblemError(413, "too_many_posted", limit=MAX_VALUES)
    return _partial(taken) if taken.refused else None


def _partial(taken: Taken) -> str:
    told = [f"line {r.row}: {r.device} {r.quantity}: {r.reason}" for r in taken.rows[:_TOLD]]
    if taken.refused > len(told):
        told.append("…")
    return f"partial write: {'; '.join(told)} dropped={taken.refused}"


@router.api_route(
    "/ping", methods=["GET", "HEAD"], status_code=204, include_in_schema=False, dependencies=[OPEN]
)
async def ping(request: Request) -> Response:
    """As InfluxDB's clients ask whether anybody is there."""
    said = {"X-Influxdb-Build": "Civicmeter", "X-Influxdb-Version": request.app.version}
    return Response(status_code=204, headers=said)


@router.get("/health", include_in_schema=False, dependencies=[OPEN])
async def health(request: Request, response: Response) -> dict[str, str]:
    """As InfluxDB 2's clients ask: ``pass``, or 503 and ``fail``; which part it is says /readyz."""
    watch: Watch = request.app.state.watch
    state, _ = await watch.state()
    ready = all(value == "ok" for value in state.values())
    response.status_code = 200 if ready else 503
    return {
        "name": "civicmeter",
        "message": "ready for writes" if ready else "not ready: ask /readyz",
        "status": "pass" if ready else "fail",
        "version": request.app.version,
    }
