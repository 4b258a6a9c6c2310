"""What was kept aside, and what somebody has to decide."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.dependencies import BackendDep
from api.open_conflicts import open_conflicts
from api.query import InstitutionsDep, Owners, PageDep
from api.rows.conflicts import ConflictRow
from api.rows.quality import (
    AsideRow,
    aside_row,
)
from api.tables.route import TableRoute

router = APIRouter(route_class=TableRoute, prefix="/v1", tags=["quality"])


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
