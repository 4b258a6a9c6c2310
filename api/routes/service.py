"""Health, readiness and metrics, for whoever keeps the service running."""

import logging

from fastapi import APIRouter, Response

from api.dependencies import Backend, BackendDep
from api.problems import ProblemError
from domain.errors import StoreUnavailableError
from domain.readings import Series

router = APIRouter(tags=["service"])
_NOBODY = "-"
_log = logging.getLogger(__name__)


@router.head("/healthz", include_in_schema=False)
@router.get("/healthz")
def healthz() -> dict[str, str]:
    """The process answers · 进程存活."""
    return {"status": "ok"}


@router.head("/readyz", include_in_schema=False)
@router.get("/readyz", responses={503: {"description": "A part is not ready."}})
def readyz(backend: BackendDep) -> dict[str, object]:
    """The stores answer, the threads beside the service are well, and what else the operator wants
    to know · 是否就绪."""
    state: dict[str, object] = {
        "store": _store(backend),
        "ledger": _ledger(backend),
        **(backend.parts() if backend.parts else {}),
    }
    not_ready = [name for name, value in state.items() if value != "ok"]
    if not_ready:
        raise ProblemError(
            503,
            "not_ready",
            parts=", ".join(not_ready),
            headers={"Retry-After": "5"},
            extra={"state": state, **(backend.status() if backend.status else {})},
        )
    return {"status": "ok", **state, **(backend.status() if backend.status else {})}


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
def metrics(backend: BackendDep) -> Response:
    """Prometheus metrics of this process · 监控指标."""
    return Response(backend.telemetry.text(), media_type="text/plain; version=0.0.4; charset=utf-8")
