"""How complete results are, and what there is to know of them."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.access.needs import NEEDS_READ
from api.access.seen import BackendDep
from api.query import LanguageDep, PageDep
from api.rows.quality import (
    READINGS_NAMES,
    DeviceQualityRow,
    FindingRow,
    QualityRow,
    device_quality_rows,
    finding_rows,
    quality_rows,
)
from api.standing_results import ResultsDep
from api.tables.route import OwnResultsRoute
from domain.findings import Severity

router = APIRouter(
    route_class=OwnResultsRoute, prefix="/v1", tags=["quality"], dependencies=[NEEDS_READ]
)


@router.get("/quality")
def quality(query: ResultsDep, page: PageDep) -> list[QualityRow]:
    """Completeness and findings by institution and month · 数据完整性."""
    return page.cut(quality_rows(query.read()))


@router.get("/quality/devices")
def device_quality(backend: BackendDep, query: ResultsDep, page: PageDep) -> list[DeviceQualityRow]:
    """Readings expected and received by device and month · 各设备应收与实收读数."""
    return page.cut(device_quality_rows(query.read(READINGS_NAMES), backend.registry))


@router.get("/findings")
def findings(
    query: ResultsDep,
    page: PageDep,
    lang: LanguageDep,
    severity: Annotated[list[Severity] | None, Query(description="Only these.")] = None,
    once: Annotated[
        bool, Query(description="Each once, of its cause; else beside every figure it concerns.")
    ] = False,
) -> list[FindingRow]:
    """What a reader of the numbers should know, in words · 需要注意的事项."""
    return page.cut(finding_rows(query.read(), lang, severity or (), once=once))
