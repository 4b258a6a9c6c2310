"""What was kept aside, and what somebody has to decide."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.access.needs import NEEDS_READ
from api.access.seen import BackendDep
from api.open_conflicts import open_conflicts
from api.query import OwnedDep, PageDep, PlacesDep
from api.rows.conflicts import ConflictRow
from api.rows.quality import (
    AsideRow,
    aside_row,
)
from api.tables.route import TableRoute

router = APIRouter(
    route_class=TableRoute, prefix="/v1", tags=["quality"], dependencies=[NEEDS_READ]
)


@router.get("/aside")
def aside(
    backend: BackendDep,
    owned: OwnedDep,
    page: PageDep,
    code: Annotated[list[str] | None, Query(description="Only these reasons.")] = None,
) -> list[AsideRow]:
    """What was kept aside and why · 搁置的数据及原因.

    With `institution`, only what is known to be of its devices.
    """
    devices = backend.in_part.device_by_id
    found = []
    for e in backend.ledger.aside(code or (), samples=False):
        if owned(e.device):
            device = devices.get(e.device)
            found.append((e, device.institution if device else ""))
    found.sort(key=lambda f: (-f[0].count, f[0].source, f[0].code, f[0].device))
    return [aside_row(e, owner) for e, owner in page.cut(found)]


@router.get("/conflicts")
def conflicts(
    backend: BackendDep,
    institutions: PlacesDep,
    page: PageDep,
) -> list[ConflictRow]:
    """Two values for one time, of which somebody has to decide; the latest first · 冲突的读数.

    At most 1,000 are told. A correction of the reading (`take_command`, `keep_command`, or
    POST /v1/corrections) decides, and the conflict is gone from here.
    """
    return page.cut(open_conflicts(backend, institutions))
