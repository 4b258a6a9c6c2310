"""Raw readings and what series there are."""

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.access.needs import NEEDS_READ
from api.access.seen import BackendDep
from api.problems import ProblemError
from api.query import MAX_ROWS, CursorPageDep, OwnedDep, PageDep, PlacesDep, instant_of
from api.rows.readings import (
    ReadingRow,
    SeriesRow,
    SummaryRow,
    reading_rows,
    series_row,
    summary_rows,
)
from api.tables.route import TableRoute
from domain.places import AnyDevice
from domain.quantities import QUANTITIES
from domain.readings import Series

router = APIRouter(
    route_class=TableRoute, prefix="/v1", tags=["readings"], dependencies=[NEEDS_READ]
)
MAX_READINGS = 200_000
MAX_SUMMED_UP = 2_000_000
_MAX_SERIES = 200
_SECONDS = {"s": 1, "m": 60, "h": 3_600}

DeviceQuery = Annotated[
    list[str], Query(min_length=1, description="Device (repeat the parameter for several).")
]
QuantityQuery = Annotated[
    list[str], Query(min_length=1, description="Quantity (repeat for several).")
]
StartQuery = Annotated[
    str | None, Query(description="First instant: ms, or RFC 3339; default: a day before end.")
]
EndQuery = Annotated[str | None, Query(description="End, excluded: ms, or RFC 3339; default: now.")]


@router.get("/series/list")
def series_list(
    backend: BackendDep,
    owned: OwnedDep,
    page: CursorPageDep,
) -> list[SeriesRow]:
    """Which series there are and how far they reach · 已有序列."""
    devices = backend.in_part.device_by_id
    there = backend.store.latest()[["device", "quantity"]].itertuples(index=False, name=None)
    wanted = [Series(device, quantity) for device, quantity in there if owned(device)]
    # Counting reads whole series: only those of the page.
    asked = page.cut_by(wanted, lambda s: (s.device, s.quantity))
    counted = backend.store.series(asked).itertuples(index=False, name=None)
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
    device: DeviceQuery,
    quantity: QuantityQuery,
    start: StartQuery = None,
    end: EndQuery = None,
) -> list[ReadingRow]:
    """Raw readings as the devices reported them · 原始读数.

    Bounded: an interval that holds more than 200,000 readings is refused with 422.
    """
    wanted, start_at, end_at = _asked(backend, device, quantity, start, end)
    if backend.store.count(wanted, start_at, end_at, MAX_READINGS) > MAX_READINGS:
        raise ProblemError(422, "too_much", limit=MAX_READINGS)
    rows = reading_rows(backend.store.read(wanted, start_at, end_at))
    response.headers["X-Total-Count"] = str(len(rows))
    return rows


@router.get("/series/summary")
def series_summary(
    backend: BackendDep,
    response: Response,
    device: DeviceQuery,
    quantity: QuantityQuery,
    every: Annotated[
        str,
        Query(
            pattern=r"^([1-9]\d{0,4}[smh]|1d)$",
            description="Length of a span: seconds, minutes or hours from the epoch on (`15m`), or "
            "`1d`, a local day of the device's institution.",
            examples=["1h"],
        ),
    ] = "1h",
    start: StartQuery = None,
    end: EndQuery = None,
) -> list[SummaryRow]:
    """Readings summed up span by span, with the least and the greatest of each · 分段汇总读数.

    What is drawn from `minimum` and `maximum` hides no spike. Readings outside of [start, end) count
    in no span. Bounded: more than 2,000,000 readings, or 50,000 rows, are refused with 422.
    """
    wanted, start_at, end_at = _asked(backend, device, quantity, start, end)
    every_s = None if every == "1d" else int(every[:-1]) * _SECONDS[every[-1]]
    count = backend.store.count(wanted, start_at, end_at, MAX_SUMMED_UP)
    spans = len(wanted) * ((end_at - start_at).total_seconds() / (every_s or 86_400) + 2)
    if count > MAX_SUMMED_UP or min(count, spans) > MAX_ROWS:
        limit = MAX_SUMMED_UP if count > MAX_SUMMED_UP else MAX_ROWS
        raise ProblemError(422, "too_much", limit=limit)
    known = backend.in_part
    zones = {i.id: i.timezone for i in known.institutions}
    rows = [
        row
        for found in backend.store.scan(wanted, start_at, end_at)
        for zone in [zones[known.device_by_id[found.series.device].institution]]
        for row in summary_rows(found, every_s, zone)
    ]
    response.headers["X-Total-Count"] = str(len(rows))
    return rows


def _asked(
    backend: BackendDep, device: list[str], quantity: list[str], start: str | None, end: str | None
) -> tuple[list[Series], datetime, datetime]:
    """The series and the interval asked for. Raises ProblemError 404 and 422."""
    wanted = [Series(d.id, q) for d in _devices(backend, device) for q in _quantities(quantity)]
    end_at = instant_of(end, "end") if end else backend.now()
    start_at = instant_of(start, "start") if start else end_at - timedelta(days=1)
    if start_at >= end_at:
        raise ProblemError(422, "bad_interval", start=start_at.isoformat(), end=end_at.isoformat())
    if len(wanted) > _MAX_SERIES:
        raise ProblemError(422, "too_many_series", asked=len(wanted), limit=_MAX_SERIES)
    return wanted, start_at, end_at


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
