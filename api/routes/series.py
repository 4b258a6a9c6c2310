"""Raw readings and what series there are."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.access.needs import NEEDS_READ
from api.access.seen import BackendDep
from api.problems import ProblemError
from api.query import OwnedDep, PageDep, PlacesDep, instant_of
from api.rows.readings import ReadingRow, SeriesRow, reading_rows, series_row
from api.tables.route import TableRoute
from domain.places import AnyDevice
from domain.quantities import QUANTITIES
from domain.readings import Series

router = APIRouter(
    route_class=TableRoute, prefix="/v1", tags=["readings"], dependencies=[NEEDS_READ]
)
MAX_READINGS = 200_000
_MAX_SERIES = 200


@router.get("/series/list")
def series_list(
    backend: BackendDep,
    owned: OwnedDep,
    page: PageDep,
) -> list[SeriesRow]:
    """Which series there are and how far they reach · 已有序列."""
    devices = backend.in_part.device_by_id
    there = backend.store.latest()[["device", "quantity"]].itertuples(index=False, name=None)
    wanted = [Series(device, quantity) for device, quantity in there if owned(device)]
    # Counting reads whole series: only those of the page.
    counted = backend.store.series(page.cut(wanted)).itertuples(index=False, name=None)
    return [series_row(d, q, n, first, last, devices.get(d)) for d, q, n, first, last in counted]


@router.get("/series/latest")
def series_latest(
    backend: BackendDep,
    institutions: PlacesDep,
    page: PageDep,
    device: Annotated[
        list[str] | None, Query(description="Only these devices; all of `institution` if absent.")
    ] = None,
) -> list[ReadingRow]:
    """The last reading of every series · 最新读数."""
    devices = _devices(backend, device) if device else backend.in_part.devices
    wanted = {d.id for d in devices if d.institution in institutions}
    if device:
        frame = backend.store.latest([Series(d, q) for d in sorted(wanted) for q in QUANTITIES])
    else:
        frame = backend.store.latest()
    return page.cut(reading_rows(frame[frame["device"].isin(wanted)]))


@router.get("/series")
def series(
    backend: BackendDep,
    response: Response,
    device: Annotated[
        list[str], Query(min_length=1, description="Device (repeat the parameter for several).")
    ],
    quantity: Annotated[
        list[str], Query(min_length=1, description="Quantity (repeat for several).")
    ],
    start: Annotated[
        str | None, Query(description="First instant: ms, or RFC 3339; default: a day before end.")
    ] = None,
    end: Annotated[
        str | None, Query(description="End, excluded: ms, or RFC 3339; default: now.")
    ] = None,
) -> list[ReadingRow]:
    """Raw readings as the devices reported them · 原始读数.

    Bounded: an interval that holds more than 200,000 readings is refused with 422.
    """
    wanted = [Series(d.id, q) for d in _devices(backend, device) for q in _quantities(quantity)]
    end_at = instant_of(end, "end") if end else backend.now()
    start_at = instant_of(start, "start") if start else end_at - timedelta(days=1)
    if start_at >= end_at:
        raise ProblemError(422, "bad_interval", start=start_at.isoformat(), end=end_at.isoformat())
    if len(wanted) > _MAX_SERIES:
        raise ProblemError(422, "too_many_series", asked=len(wanted), limit=_MAX_SERIES)
    if backend.store.count(wanted, start_at, end_at, MAX_READINGS) > MAX_READINGS:
        raise ProblemError(422, "too_much", limit=MAX_READINGS)
    rows = reading_rows(backend.store.read(wanted, start_at, end_at))
    response.headers["X-Total-Count"] = str(len(rows))
    return rows


def _devices(backend: BackendDep, ids: list[str]) -> list[AnyDevice]:
    known = backend.in_part.device_by_id
    for i in ids:
        if i not in known:
            raise ProblemError(404, "unknown_device", id=i)
    return [known[i] for i in dict.fromkeys(ids)]


def _quantities(names: list[str]) -> list[str]:
    for name in names:
        if name not in QUANTITIES:
            raise ProblemError(
                422, "bad_parameter", where="query.quantity", reason=f"there is no {name!r}"
            )
    return list(dict.fromkeys(names))
