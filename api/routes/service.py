"""Health, readiness and metrics, for whoever keeps the service running."""

import asyncio
import logging
from typing import TypeVar

from fastapi import APIRouter, Request, Response

from api.access.keys import is_stranger
from api.access.needs import OPEN
from api.apart import Apart
from api.dependencies import Backend
from api.problems import ProblemError
from domain.errors import StoreUnavailableError
from domain.readings import Series

router = APIRouter(tags=["service"], dependencies=[OPEN])
_NOBODY = "-"
_LATER = {"Retry-After": "5"}
_LIMIT_S = 3.0
"""A store that does not say so much in that time would not answer others either."""
_NO_THREADS: dict[str, str] = {"threads": "unavailable"}
_NO_STATUS: dict[str, object] = {}
Said = TypeVar("Said")
_log = logging.getLogger(__name__)


@router.head("/healthz", include_in_schema=False)
@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """The process answers · 进程存活."""
    return {"status": "ok"}


class Watch:
    """What is asked about the service itself, each part apart from the others."""

    def __init__(self, backend: Backend, limit_s: float = _LIMIT_S) -> None:
        self._parts: dict[str, Apart[str]] = {
            "store": Apart(lambda: _store(backend), limit_s),
            "ledger": Apart(lambda: _ledger(backend), limit_s),
        }
        self._beside = Apart(lambda: dict(backend.parts() if backend.parts else {}), limit_s)
        self._status = Apart(lambda: backend.status() if backend.status else {}, limit_s)
        self.metrics = Apart(backend.telemetry.text, limit_s)

    async def state(self) -> tuple[dict[str, str], dict[str, object]]:
        """Of each part ``ok`` or why it is not; and what else the operator wants to know."""
        parts = self._parts.items()
        said, beside, status = await asyncio.gather(
            asyncio.gather(*(_within(part, "unavailable", name) for name, part in parts)),
            _within(self._beside, _NO_THREADS, "threads"),
            _within(self._status, _NO_STATUS, "status"),
        )
        return dict(zip(self._parts, said, strict=True)) | beside, status


async def _within(part: Apart[Said], otherwise: Said, name: str) -> Said:
    try:
        return await part.answer()
    except TimeoutError:
        _log.warning("not ready: %s does not answer in time", name)
        return otherwise


@router.head("/readyz", include_in_schema=False)
@router.get("/readyz", responses={503: {"description": "A part is not ready."}})
async def readyz(request: Request) -> dict[str, object]:
    """The stores answer, the threads beside the service are well, and, to the holder of the
    installation's key, what else the operator wants to know · 是否就绪."""
    watch: Watch = request.app.state.watch
    state, status = await watch.state()
    if is_stranger(request):
        status = _NO_STATUS  # it names institutions
    not_ready = [name for name, value in state.items() if value != "ok"]
    if not_ready:
        raise ProblemError(
            503,
            "not_ready",
            parts=", ".join(not_ready),
            headers=_LATER,
            extra={"state": state, **status},
        )
    return {"status": "ok", **state, **status}


def _store(backend: Backend) -> str:
    try:
        backend.store.latest([Series(_NOBODY, "power_w")])
    except StoreUnavailableError as error:
        return _told(error)
    return "ok"


def _ledger(backend: Backend) -> str:
    try:
        backend.ledger.statuses(_NOBODY)
    except StoreUnavailableError as error:
        return _told(error)
    return "ok"


def _told(error: StoreUnavailableError) -> str:
    """Why is in the log: it names files and addresses."""
    _log.warning("not ready: %s", error)
    return "unavailable"


@router.get("/metrics", response_class=Response)
async def metrics(request: Request) -> Response:
    """Prometheus metrics of this process · 监控指标."""
    watch: Watch = request.app.state.watch
    try:
        text = await watch.metrics.answer()
    except TimeoutError:
        raise ProblemError(503, "not_ready", parts="metrics", headers=_LATER) from None
    return Response(text, media_type="text/plain; version=0.0.4; charset=utf-8")
