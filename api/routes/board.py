"""The completeness board: how each device stands."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.access.needs import NEEDS_READ
from api.access.seen import BackendDep
from api.device_board import board_rows
from api.query import ONE_MONTH_PATTERN, InstitutionsDep, PageDep
from api.rows.quality import BoardDeviceRow, DeviceState, board_device_rows
from api.tables.route import MomentsRoute
from domain.calendar import Month

router = APIRouter(
    route_class=MomentsRoute, prefix="/v1", tags=["quality"], dependencies=[NEEDS_READ]
)


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
    """The completeness board: each device as it stands, the worst first · 数据完整性总表.

    Results are those of now; last readings are asked for every ten seconds, and an answer holds for
    as long.
    """
    rows = board_rows(backend, institutions, Month.parse(month) if month else None)
    return board_device_rows(page.cut(rows.only(state) if state else rows), institutions)
