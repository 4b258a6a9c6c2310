"""How far the numbers can be trusted: completeness, findings, and what was kept aside."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.dependencies import BackendDep
from api.device_board import board_rows
from api.open_conflicts import open_conflicts
from api.query import ONE_MONTH_PATTERN, InstitutionsDep, LanguageDep, Owners, PageDep
from api.rows.conflicts import ConflictRow
from api.rows.quality import (
    READINGS_NAMES,
    AsideRow,
    BoardDeviceRow,
    DeviceQualityRow,
    DeviceState,
    FindingRow,
    QualityRow,
    aside_row,
    board_device_rows,
    device_quality_rows,
    finding_rows,
    quality_rows,
)
from api.standing_results import ResultsDep
from api.tables.route import OwnResultsRoute, TableRoute
from domain.calendar import Month
from domain.findings import Severity

router = APIRouter(route_class=TableRoute, prefix="/v1", tags=["quality"])
of_results = APIRouter(route_class=OwnResultsRoute)


@of_results.get("/quality")
def quality(query: ResultsDep, page: PageDep) -> list[QualityRow]:
    """Completeness and findings by institution and month · 数据完整性."""
    return page.cut(quality_rows(query.read()))


@of_results.get("/quality/devices")
def device_quality(backend: BackendDep, query: ResultsDep, page: PageDep) -> list[DeviceQualityRow]:
    """Readings expected and received by device and month · 各设备应收与实收读数."""
    return page.cut(device_quality_rows(query.read(READINGS_NAMES), backend.registry))


@router.get("/quality/board")
def quality_board(
    backend: BackendDep,
    institutions: InstitutionsDep,
    page: PageDep,
    month: Annotated[
        str | None,
        Query(
            pattern=ONE_MONTH_PATTERN, description="YYYY-MM; each institution's latest when absent."
        ),
    ] = None,
    state: Annotated[list[DeviceState] | None, Query(description="Only these.")] = None,
) -> list[BoardDeviceRow]:
    """The completeness board: each device as it stands, the worst first · 数据完整性总表."""
    rows = board_rows(
        backend.store,
        backend.ledger,
        backend.registry,
        backend.now(),
        institutions=institutions,
        month=Month.parse(month) if month else None,
    )
    return page.cut(
        board_device_rows([r for r in rows if not state or r.state in state], institutions)
    )


@of_results.get("/findings")
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


@router.get("/aside")
def aside(
    backend: BackendDep,
    institutions: InstitutionsDep,
    page: PageDep,
    institution: Annotated[list[str] | None, Query()] = None,
    code: Annotated[list[str] | None, Query(description="Only these reasons.")] = None,
) -> list[AsideRow]:
    """What was kept aside and why · 搁置的数据及原因.

    With `institution`, only what is known to be of its devices.
    """
    devices, owners = backend.registry.device_by_id, Owners(institutions, institution)
    found = []
    for e in backend.ledger.aside(code or (), samples=False):
        device = devices.get(e.device)
        owner = device.institution if device else ""
        if owner in owners:
            found.append((e, owner))
    found.sort(key=lambda f: (-f[0].count, f[0].source, f[0].code, f[0].device))
    return [aside_row(e, owner) for e, owner in page.cut(found)]


@router.get("/conflicts")
def conflicts(
    backend: BackendDep,
    institutions: InstitutionsDep,
    page: PageDep,
    institution: Annotated[list[str] | None, Query()] = None,
) -> list[ConflictRow]:
    """Two values for one time, of which somebody has to decide; the latest first · 冲突的读数.

    At most 1,000 are told. A correction of the reading (`take_command`, `keep_command`, or
    POST /v1/corrections) decides, and the conflict is gone from here.
    """
    return page.cut(open_conflicts(backend, Owners(institutions, institution)))


router.include_router(of_results)
