"""The HTTP service: builds the application from its parts."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from importlib.metadata import version

from fastapi import Depends, FastAPI
from fastapi.middleware.gzip import GZipMiddleware
from fastapi.routing import APIRoute

from api.access.door import Door
from api.access.forms import large_forms
from api.access.keys import AnyIssued
from api.access.oidc import Oidc
from api.access.passwords import password_threads
from api.access.rates import Rates
from api.dependencies import Backend, Settling, utc_now
from api.drawn import report_queue
from api.headers import Protected
from api.intake.posting import posting_threads
from api.intake.turns import Turns
from api.kept_answers import AskedVersions, KeptAnswers
from api.overview import route as overview
from api.pages import audit as audit_page
from api.pages import board as board_page
from api.pages import closing as closing_page
from api.pages import overview as page
from api.pages import place as place_page
from api.pages import reference, trying
from api.pages import settlements as settlements_page
from api.pages import verify as verify_page
from api.pages.entered import adjustments as adjustments_page
from api.pages.entered import corrections as corrections_page
from api.pages.people import by_provider, own, own_changes, signing_in
from api.pages.people.waiting import Accept
from api.problems import MEDIA_TYPE, add_problem_handlers
from api.query import only_known_parameters
from api.routes import (
    adjustments,
    audit,
    board,
    closing,
    comparisons,
    completeness,
    corrections,
    figures,
    months,
    places,
    quality,
    reports,
    series,
    service,
    settlements,
)
from api.routes.posted import as_influx, readings
from api.routes.registry import single as registry_record
from api.routes.registry import workbook as registry_workbook
from api.telemetry import CountRequests, Telemetry
from reports.drawing_queue import DrawingQueue
from reports.render import ReportFile
from store.known_registry import KnownRegistry
from store.ledger.port import Ledger
from store.readings.port import ReadingStore

_DESCRIPTION = """\
Readings in, monthly figures with their evidence out · 上传读数，读取带依据的月度结果。

Lists are flat arrays of rows, as CSV, XLSX or Parquet with `?format=`. Months are local calendar months of the institution, intervals
are half-open (`end` is excluded), instants are UTC. A value that could not be said is null;
missing is never 0. Errors are problem details (RFC 9457) in zh or en by `?lang` or
Accept-Language.
"""
_V1 = (
    places,
    registry_workbook,
    registry_record,
    overview,
    figures,
    adjustments,
    comparisons,
    completeness,
    board,
    quality,
    months,
    closing,
    series,
    readings,
    corrections,
    audit,
    settlements,
    reports,
)


def create_app(
    *,
    store: ReadingStore,
    ledger: Ledger,
    status: Callable[[], dict[str, object]] | None = None,
    parts: Callable[[], Mapping[str, str]] | None = None,
    api_key: str = "",
    read_key: str = "",
    hosts: Sequence[str] = (),
    proxies: Sequence[str] = (),
    rates: Rates | None = None,
    accept: Accept | None = None,
    oidc: Oidc | None = None,
    registries: KnownRegistry | None = None,
    reports_drawn: DrawingQueue[ReportFile] | None = None,
    now: Callable[[], datetime] | None = None,
    settling: Settling | None = None,
) -> FastAPI:
    """The application over open stores, which it neither opens nor closes.

    `status` adds what the operator should see in /readyz; `parts` tells of each thread beside the
    service ``ok`` or why it is not, which makes the service not ready. With `api_key` set, whoever
    asks needs it, or `read_key` to read, or a key that was issued, or signs in; without, what changes
    something has to come from this machine. `hosts` are names the service is asked under besides
    those of the loopback (see Door), `proxies` the addresses of those who are believed whom they
    speak for (see address_of), `rates` how often who may ask
    (any number when None), `accept` what accepts a device that waits (None: no page does), `oidc` who else says
    who somebody is. `registries` is the registry as
    the process knows it already, `reports_drawn` what draws reports and how many wait for it; it
    ends with the service. `now` tells the time (UTC), for tests. `settling` settles contracts;
    without, no statement is issued here and no restatement told in money.
    """
    telemetry = Telemetry()
    backend = Backend(
        store=store,
        ledger=ledger,
        registries=registries or KnownRegistry(ledger),
        telemetry=telemetry,
        status=status,
        parts=parts,
        api_key=api_key,
        read_key=read_key,
        now=now or utc_now,
        settling=settling,
    )
    app = FastAPI(
        title="Civicmeter",
        version=version("civicmeter"),
        description=_DESCRIPTION,
        docs_url=None,  # FastAPI's own page loads its scripts from the Internet
        redoc_url=None,
        openapi_url="/openapi.json",
        lifespan=_lifespan,
        generate_unique_id_function=_operation_id,
        responses={
            "4XX": {"description": "Problem details (RFC 9457).", "content": {MEDIA_TYPE: {}}}
        },
    )
    app.state.backend = backend
    app.state.any_issued = AnyIssued(ledger)
    app.state.answers = KeptAnswers()
    app.state.versions = AskedVersions(ledger, backend.registries)
    app.state.watch = service.Watch(backend)
    app.state.report_queue = reports_drawn or report_queue()
    _open_queues(app)
    app.state.proxies = frozenset(proxies)
    app.state.accept = accept
    app.state.oidc = oidc
    app.state.rates = rates or Rates("", "")
    app.state.library_queue = page.library_queue()
    for room in _V1:
        app.include_router(room.router, dependencies=[Depends(only_known_parameters)])
    app.include_router(as_influx.router)
    app.include_router(service.router)
    app.include_router(reference.router)
    app.include_router(page.router)
    app.include_router(board_page.router)
    app.include_router(audit_page.router)
    app.include_router(settlements_page.router)
    app.include_router(adjustments_page.router)
    app.include_router(corrections_page.router)
    app.include_router(verify_page.router)
    app.include_router(trying.router)
    app.include_router(closing_page.router)
    app.include_router(place_page.router)
    app.include_router(signing_in.router)
    app.include_router(by_provider.router)
    app.include_router(own.router)
    app.include_router(own_changes.router)
    add_problem_handlers(app)
    app.add_middleware(GZipMiddleware, minimum_size=1_000)
    app.add_middleware(Door, hosts=hosts, open_to_all=not api_key)
    app.add_middleware(CountRequests, telemetry=telemetry)
    app.add_middleware(Protected)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Before the first request: what every request is compared with, which the first ones would all
    make at once. At the end: what is drawn for nobody is not finished."""
    app.openapi()
    yield
    app.state.report_queue.close()
    _open_queues(app)
    app.state.library_queue.close()


def _open_queues(app: FastAPI) -> None:
    """Where requests wait for each other, each kind for its own; of one event loop."""
    app.state.posting = posting_threads()
    app.state.turns = Turns()
    app.state.passwords = password_threads()
    app.state.asking_provider = by_provider.provider_threads()
    app.state.large_forms = large_forms()


def _operation_id(route: APIRoute) -> str:
    return route.name
