"""Measured data replayed as devices: hourly use becomes an ever-growing register.

What the archives measured is the truth here. See `simulators/data/PROVENANCE.md`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache, cached_property
from importlib.resources import files

import numpy as np
import pyarrow.parquet as pq

from domain.calendar import Month
from domain.carriers import ELECTRICITY, GAS_ENERGY
from domain.places import (
    AnyDevice,
    Building,
    Carrier,
    Contract,
    Dated,
    Institution,
    Meter,
    PvSystem,
    WeatherStation,
)
from simulators.devices.block import Block, Carry, Message, SiteMonth, TruthDays, register
from simulators.devices.grid import Floats, Grid, Ints, grid
from simulators.devices.payloads import native_messages

BEDFORD = "bedford-weather"
GOLDEN = "golden-weather"
BEDFORD_TABLE = "bedford_weather"
_ARCHIVE_FIRST, _ARCHIVE_END = Month(2018, 1), Month(2020, 1)
_PVDAQ_FIRST, _PVDAQ_END = Month(2012, 1), Month(2013, 1)
_AREAS_M2 = {"b20": 628.0, "b31": 10241.2, "b64": 3258.6, "b105": 9745.0}
_FUELS = (
    ("electricity", ELECTRICITY, "01000"),
    ("gas", GAS_ENERGY, "03A00"),
)
_FUEL_NAMES = {"electricity": ("总电表", "electricity"), "gas": ("燃气表", "gas")}
_CAMBRIDGE_SOURCE = (
    "Measured: Cambridge University Estates building energy usage archive 2.1 (Langtry and "
    "Choudhary, MIT licence), hourly use 2018–2019 replayed as meter registers; outage hours "
    "are sent as gaps and add nothing. Weather: Met Office MIDAS Open, Bedford (OGL). "
    "Known retrofits are not recorded."
)
_CAMBRIDGE_SOURCE_ZH = (
    "实测：剑桥大学校方建筑能耗档案 2.1（Langtry 与 Choudhary，MIT 许可），2018–2019 年逐时用量，"
    "按表计示数回放；中断的小时作为缺口发送，不计入用量。气象：英国气象局 MIDAS Open，"
    "贝德福德站（OGL）。已知的改造未见记录。"
)
_PVDAQ_SOURCE = (
    "Measured: PVDAQ system 50 (SERF East, Golden, Colorado), AC power of 2012 (CC-BY). "
    "Irradiance is global horizontal, from satellite; the capacity was estimated from "
    "clear-sky hours."
)
_PVDAQ_SOURCE_ZH = (
    "实测：PVDAQ 50 号系统（美国科罗拉多州戈尔登，SERF East），2012 年交流功率（CC-BY）。"
    "辐照度为卫星反演的水平面总辐照度；装机容量由晴空时段估计。"
)


@dataclass(frozen=True)
class CambridgeBuilding:
    """One measured building, 2018–2019, with electricity and gas; a `Site`.

    `with_weather` makes it also the owner of the weather station all of them use.
    """

    building: str
    with_weather: bool = False
    first: Month = _ARCHIVE_FIRST
    end: Month | None = _ARCHIVE_END

    timezone = "Europe/London"

    @property
    def id(self) -> str:
        return f"cam-{self.building}"

    @cached_property
    def institutions(self) -> tuple[Institution, ...]:
        return (
            Institution(
                id=self.id,
                name_zh=f"剑桥大学 {self.building} 号楼（实测）",
                name_en=f"Cambridge building {self.building} (measured)",
                building_type="D",
                origin="measured",
                timezone=self.timezone,
                calendar="gb",
                weather_device=BEDFORD,
                floor_area_m2=(Dated(date(2018, 1, 1), _AREAS_M2[self.building]),),
                provenance=_CAMBRIDGE_SOURCE,
                provenance_zh=_CAMBRIDGE_SOURCE_ZH,
            ),
        )

    @cached_property
    def buildings(self) -> tuple[Building, ...]:
        inst = self.institutions[0]
        area = _AREAS_M2[self.building]
        return (
            Building(f"{self.id}-main", inst.id, inst.name_zh, inst.name_en, floor_area_m2=area),
        )

    @cached_property
    def devices(self) -> tuple[AnyDevice, ...]:
        found: list[AnyDevice] = []
        for fuel, use, code in _FUELS:
            zh, en = _FUEL_NAMES[fuel]
            found.append(
                Meter(
                    id=f"{self.id}-{fuel}",
                    institution=self.id,
                    building=f"{self.id}-main",
                    name_zh=f"{self.building} {zh}",
                    name_en=f"{self.building} {en}",
                    carrier=use.carrier,
                    register=use.register,
                    item_code=code,
                )
            )
        if self.with_weather:
            found.append(
                WeatherStation(
                    id=BEDFORD,
                    institution=self.id,
                    name_zh="贝德福德气象站（实测）",
                    name_en="Bedford weather station (measured)",
                )
            )
        return tuple(found)

    @cached_property
    def contracts(self) -> tuple[Contract, ...]:
        return (
            Contract(
                id=f"{self.id}-2019",
                institution=self.id,
                name_zh=f"{self.building} 2019 年与 2018 年对比（无已知项目）",
                name_en=f"{self.building}: 2019 against 2018 (no known project)",
                form="none",
                baseline_start=date(2018, 1, 1),
                baseline_end=date(2019, 1, 1),
                reporting_start=date(2019, 1, 1),
                reporting_end=date(2020, 1, 1),
                carriers=(Carrier.ELECTRICITY, Carrier.NATURAL_GAS),
            ),
        )

    def messages(self, block: Block, live: bool = False) -> Iterable[Message]:
        return native_messages("gw-cambridge", block, live)

    def month(self, month: Month, carry: Carry) -> SiteMonth:
        steps = grid(month, self.timezone, 3600)
        made = SiteMonth()
        for fuel, use, _ in _FUELS:
            device = f"{self.id}-{fuel}"
            kwh = cambridge_hours(self.building, fuel, steps)
            made.blocks.append(_replayed(device, use.register, steps, kwh, carry))
            per_day = steps.by_day(np.nan_to_num(kwh))
            for subject in (device, ""):
                made.truth.append(TruthDays(self.id, subject, use.figure, month, per_day))
        if self.with_weather:
            made.blocks.append(
                Block.of(
                    BEDFORD,
                    steps.edges_ms[:-1],
                    **{
                        q: _hours(BEDFORD_TABLE, q, steps) / 10.0
                        for q in (
                            "outdoor_temperature_c",
                            "relative_humidity_pct",
                            "irradiance_w_per_m2",
                        )
                    },
                )
            )
        return made


@dataclass(frozen=True)
class MeasuredPv:
    """PVDAQ system 50 in 2012: AC power every 15 min, weather every 30 min; a `Site`."""

    first: Month = _PVDAQ_FIRST
    end: Month | None = _PVDAQ_END

    timezone = "Etc/GMT+7"
    contracts: tuple[Contract, ...] = ()
    id = "pvdaq-50"

    @cached_property
    def institutions(self) -> tuple[Institution, ...]:
        return (
            Institution(
                id=self.id,
                name_zh="PVDAQ 50 号光伏系统（实测）",
                name_en="PVDAQ system 50 (measured)",
                building_type="H",
                origin="measured",
                timezone=self.timezone,
                calendar="weekdays",
                weather_device=GOLDEN,
                provenance=_PVDAQ_SOURCE,
                provenance_zh=_PVDAQ_SOURCE_ZH,
            ),
        )

    @cached_property
    def buildings(self) -> tuple[Building, ...]:
        inst = self.institutions[0]
        return (
            Building(
                f"{self.id}-main",
                inst.id,
                inst.name_zh,
                inst.name_en,
                latitude=39.742,
                longitude=-105.1727,
            ),
        )

    @cached_property
    def devices(self) -> tuple[AnyDevice, ...]:
        return (
            PvSystem(
                id=f"{self.id}-array",
                institution=self.id,
                building=f"{self.id}-main",
                name_zh="50 号光伏阵列",
                name_en="Array of system 50",
                expected_interval_s=900,
                capacity_kwp=3.2,
                latitude=39.742,
                longitude=-105.1727,
                tilt_deg=45.0,
                azimuth_deg=158.0,
            ),
            WeatherStation(
                id=GOLDEN,
                institution=self.id,
                name_zh="戈尔登气象（卫星数据）",
                name_en="Golden weather (satellite)",
                expected_interval_s=1800,
            ),
        )

    def messages(self, block: Block, live: bool = False) -> Iterable[Message]:
        return native_messages("gw-pvdaq", block, live)

    def month(self, month: Month, carry: Carry) -> SiteMonth:
        steps = grid(month, self.timezone, 900)
        watts = _column("pvdaq_50_power", "ac_power_w", _steps(steps, "pvdaq_50_power", 15)) / 10.0
        kwh = watts * 0.25 / 1000.0
        energy = _replayed(f"{self.id}-array", "pv_energy_kwh", steps, kwh, carry)
        power = np.full(len(energy.at_ms), np.nan)
        power[-len(watts) :] = watts  # a power is stamped, like the register, where its step ends
        made = SiteMonth()
        made.blocks.append(
            Block.of(
                f"{self.id}-array",
                energy.at_ms,
                pv_energy_kwh=energy.values[:, 0],
                pv_power_w=power,
            )
        )
        half = grid(month, self.timezone, 1800)
        rows = _steps(half, "pvdaq_50_weather", 30)
        columns = {
            q: _column("pvdaq_50_weather", q, rows) / 10.0
            for q in ("outdoor_temperature_c", "irradiance_w_per_m2")
        }
        made.blocks.append(Block.of(GOLDEN, half.edges_ms[:-1], **columns))
        made.truth.append(
            TruthDays(
                self.id,
                f"{self.id}-array",
                "pv_generation_kwh",
                month,
                steps.by_day(np.nan_to_num(kwh)),
            )
        )
        return made


def _replayed(device: str, quantity: str, grid: Grid, use: Floats, carry: Carry) -> Block:
    """A register over steps; one whose use is unknown (NaN) adds nothing and is not sent."""
    name = f"{device}/{quantity}"
    values = register(carry, name, np.nan_to_num(use))
    at = grid.edges_ms[-len(values) :]
    values[-len(use) :][np.isnan(use)] = np.nan
    return Block.of(device, at, **{quantity: values})


def cambridge_hours(building: str, fuel: str, grid: Grid) -> Floats:
    """A building's measured use in kWh on each hour of a grid; NaN where unknown."""
    return _hours("cambridge_use", f"{building}_{fuel}", grid) / 10.0


def measured_hours(table: str, column: str) -> tuple[Ints, Floats]:
    """A whole shipped column with the hours since 1970 it is of, as stored (tenths)."""
    return _whole(table, "hour").astype(np.int64), _whole(table, column)


def _hours(table: str, column: str, grid: Grid) -> Floats:
    first = int(_whole(table, "hour")[0])
    return _column(table, column, grid.edges_ms[:-1] // 3_600_000 - first)


def _steps(grid: Grid, table: str, minutes: int) -> Ints:
    first = int(_whole(table, "minute")[0])
    return (grid.edges_ms[:-1] // 60_000 - first) // minutes


def _column(table: str, column: str, rows: Ints) -> Floats:
    """Chosen rows; NaN where there is no value or the row is outside of the file."""
    whole = _whole(table, column)
    inside = (rows >= 0) & (rows < len(whole))
    return np.where(inside, whole[np.clip(rows, 0, len(whole) - 1)], np.nan)


@cache
def _whole(table: str, column: str) -> Floats:
    source = files("simulators.data") / f"{table}.parquet"
    with source.open("rb") as file:
        read = pq.read_table(file, columns=[column])
    return np.asarray(read[column].cast("float64").to_numpy(), dtype=np.float64)
