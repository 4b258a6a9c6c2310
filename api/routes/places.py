"""What exists: institutions, buildings, meters, PV systems, bins, weather stations, contracts."""

from collections.abc import Callable, Iterable
from datetime import date
from typing import TypeVar

from fastapi import APIRouter

from api.dependencies import BackendDep
from api.query import InstitutionsDep, PageDep
from api.rows import registry as rows
from api.tables.route import TableRoute
from domain.places import AnyDevice, Bin, Institution, Meter, PvSystem, WeatherStation

router = APIRouter(route_class=TableRoute, prefix="/v1", tags=["registry"])
Device = TypeVar("Device", Meter, PvSystem, Bin, WeatherStation)
Item = TypeVar("Item")


def _today(backend: BackendDep) -> date:
    return backend.now().date()


def _devices(
    devices: Iterable[AnyDevice],
    kind: type[Device],
    institutions: dict[str, Institution],
    row: Callable[[Device, Institution], Item],
) -> list[Item]:
    return [
        row(d, institutions[d.institution])
        for d in devices
        if isinstance(d, kind) and d.institution in institutions
    ]


@router.get("/institutions")
def institutions(
    backend: BackendDep, institutions: InstitutionsDep, page: PageDep
) -> list[rows.InstitutionRow]:
    """Institutions · 机构."""
    today = _today(backend)
    return page.cut([rows.institution_row(i, today) for i in institutions.values()])


@router.get("/buildings")
def buildings(
    backend: BackendDep, institutions: InstitutionsDep, page: PageDep
) -> list[rows.BuildingRow]:
    """Buildings · 建筑."""
    return page.cut(
        [
            rows.building_row(b, institutions[b.institution])
            for b in backend.registry.buildings
            if b.institution in institutions
        ]
    )


@router.get("/meters")
def meters(
    backend: BackendDep, institutions: InstitutionsDep, page: PageDep
) -> list[rows.MeterRow]:
    """Meters · 计量表."""
    today = _today(backend)
    devices = backend.registry.devices
    return page.cut(
        _devices(devices, Meter, institutions, lambda m, i: rows.meter_row(m, i, today))
    )


@router.get("/pv-systems")
def pv_systems(
    backend: BackendDep, institutions: InstitutionsDep, page: PageDep
) -> list[rows.PvSystemRow]:
    """Rooftop PV systems · 屋顶光伏."""
    return page.cut(_devices(backend.registry.devices, PvSystem, institutions, rows.pv_row))


@router.get("/bins")
def bins(backend: BackendDep, institutions: InstitutionsDep, page: PageDep) -> list[rows.BinRow]:
    """Sorted-waste bins · 分类垃圾桶."""
    return page.cut(_devices(backend.registry.devices, Bin, institutions, rows.bin_row))


@router.get("/weather-stations")
def weather_stations(
    backend: BackendDep, institutions: InstitutionsDep, page: PageDep
) -> list[rows.DeviceRow]:
    """Weather stations · 气象站."""
    devices = backend.registry.devices
    return page.cut(_devices(devices, WeatherStation, institutions, rows.device_row))


@router.get("/contracts")
def contracts(
    backend: BackendDep, institutions: InstitutionsDep, page: PageDep
) -> list[rows.ContractRow]:
    """Contracts and savings projects · 节能合同与项目."""
    return page.cut(
        [
            rows.contract_row(c, institutions[c.institution])
            for c in backend.registry.contracts
            if c.institution in institutions
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
