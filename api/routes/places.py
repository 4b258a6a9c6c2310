"""What exists: institutions, buildings, meters, PV systems, bins, weather stations, contracts."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Protocol, TypeVar

from fastapi import APIRouter

from api.access.needs import NEEDS_READ
from api.access.seen import BackendDep
from api.query import CursorPage, CursorPageDep, InstitutionsDep, PageDep, PlacesDep
from api.rows import registry as rows
from api.tables.route import TableRoute
from domain.models import ModelRecord
from domain.places import Bin, Building, Contract, Institution, Meter, PvSystem, WeatherStation

router = APIRouter(
    route_class=TableRoute, prefix="/v1", tags=["registry"], dependencies=[NEEDS_READ]
)
Thing = TypeVar("Thing", Meter, PvSystem, Bin, WeatherStation, Building, Contract)
Device = TypeVar("Device", Meter, PvSystem, Bin, WeatherStation)
Item = TypeVar("Item")


def _today(backend: BackendDep) -> date:
    return backend.now().date()


def _rows(
    things: Iterable[Thing],
    institutions: Mapping[str, Institution],
    row: Callable[[Thing, Institution], Item],
) -> list[Item]:
    """A row a thing of the institutions asked for."""
    return [row(t, institutions[t.institution]) for t in things if t.institution in institutions]


class _Named(Protocol):
    id: str


Named = TypeVar("Named", bound=_Named)


def _page(page: CursorPage, found: list[Named]) -> list[Named]:
    return page.cut_by(found, lambda row: (row.id,))


def _devices(backend: BackendDep, kind: type[Device]) -> list[Device]:
    return [d for d in backend.in_part.devices if isinstance(d, kind)]


@router.get("/institutions")
def institutions(
    backend: BackendDep, institutions: InstitutionsDep, page: CursorPageDep
) -> list[rows.InstitutionRow]:
    """Institutions · 机构."""
    today = _today(backend)
    return _page(page, [rows.institution_row(i, today) for i in institutions.values()])


@router.get("/buildings")
def buildings(
    backend: BackendDep, institutions: InstitutionsDep, page: CursorPageDep
) -> list[rows.BuildingRow]:
    """Buildings · 建筑."""
    return _page(page, _rows(backend.registry.buildings, institutions, rows.building_row))


@router.get("/meters")
def meters(
    backend: BackendDep, institutions: PlacesDep, page: CursorPageDep
) -> list[rows.MeterRow]:
    """Meters · 计量表."""
    today, meters = _today(backend), _devices(backend, Meter)
    return _page(page, _rows(meters, institutions, lambda m, i: rows.meter_row(m, i, today)))


@router.get("/pv-systems")
def pv_systems(
    backend: BackendDep, institutions: PlacesDep, page: CursorPageDep
) -> list[rows.PvSystemRow]:
    """Rooftop PV systems · 屋顶光伏."""
    return _page(page, _rows(_devices(backend, PvSystem), institutions, rows.pv_row))


@router.get("/bins")
def bins(backend: BackendDep, institutions: PlacesDep, page: CursorPageDep) -> list[rows.BinRow]:
    """Sorted-waste bins · 分类垃圾桶."""
    return _page(page, _rows(_devices(backend, Bin), institutions, rows.bin_row))


@router.get("/weather-stations")
def weather_stations(
    backend: BackendDep, institutions: PlacesDep, page: CursorPageDep
) -> list[rows.DeviceRow]:
    """Weather stations · 气象站."""
    return _page(page, _rows(_devices(backend, WeatherStation), institutions, rows.device_row))


@router.get("/contracts")
def contracts(
    backend: BackendDep, institutions: PlacesDep, page: CursorPageDep
) -> list[rows.ContractRow]:
    """Contracts and savings projects · 节能合同与项目."""
    return _page(page, _rows(backend.in_part.contracts, institutions, rows.contract_row))


@router.get("/contracts/proof")
def contract_proofs(
    backend: BackendDep, institutions: PlacesDep, page: PageDep
) -> list[rows.ContractProofRow]:
    """What would prove the savings that contracts expect · 合同预期节能量如何证实."""
    today = _today(backend)
    kept: dict[str, list[ModelRecord]] = {}
    for record in backend.ledger.models():
        kept.setdefault(record.contract, []).append(record)
    return page.cut(
        [
            row
            for c in backend.in_part.contracts
            if c.institution in institutions
            for row in rows.contract_proof_rows(
                c, institutions[c.institution], kept.get(c.id, []), today
            )
        ]
    )


@router.get("/quantities")
def quantities() -> list[rows.QuantityRow]:
    """What a device can report, with units · 设备可上报的量."""
    return rows.quantity_rows()


@router.get("/figure-names")
def figure_names() -> list[rows.FigureNameRow]:
    """What is computed, with units · 计算结果的名称与单位."""
    return rows.figure_name_rows()
