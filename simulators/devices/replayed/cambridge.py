"""Measured buildings of Cambridge, replayed: hourly use becomes an ever-growing register.

What the archive measured is the truth here. See `simulators/data/PROVENANCE.md`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np

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
    WeatherStation,
)
from simulators.devices.block import Block, Carry, Message, SiteMonth, TruthDays
from simulators.devices.grid import Floats, Grid, grid
from simulators.devices.payloads import native_messages
from simulators.devices.replayed.archives import hourly, replayed

BEDFORD = "bedford-weather"
WEATHER_TABLE = "bedford_weather"
_FIRST, _END = Month(2018, 1), Month(2020, 1)
_AREAS_M2 = {"b20": 628.0, "b31": 10241.2, "b64": 3258.6, "b105": 9745.0}
_FUELS = (
    ("electricity", ELECTRICITY, "01000"),
    ("gas", GAS_ENERGY, "03A00"),
)
_FUEL_NAMES = {"electricity": ("总电表", "electricity"), "gas": ("燃气表", "gas")}
_SOURCE = (
    "Measured: Cambridge University Estates building energy usage archive 2.1 (Langtry and "
    "Choudhary, MIT licence), hourly use 2018–2019 replayed as meter registers; outage hours "
    "are sent as gaps and add nothing. Weather: Met Office MIDAS Open, Bedford (OGL). "
    "Known retrofits are not recorded."
)
_SOURCE_ZH = (
    "实测：剑桥大学校方建筑能耗档案 2.1（Langtry 与 Choudhary，MIT 许可），2018–2019 年逐时用量，"
    "按表计示数回放；中断的小时作为缺口发送，不计入用量。气象：英国气象局 MIDAS Open，"
    "贝德福德站（OGL）。已知的改造未见记录。"
)


@dataclass(frozen=True)
class CambridgeBuilding:
    """One measured building, 2018–2019, with electricity and gas; a `Site`.

    `with_weather` makes it also the owner of the weather station all of them use.
    """

    building: str
    with_weather: bool = False
    first: Month = _FIRST
    end: Month | None = _END

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
                kind="university",
                origin="measured",
                timezone=self.timezone,
                calendar="gb",
                weather_device=BEDFORD,
                floor_area_m2=(Dated(date(2018, 1, 1), _AREAS_M2[self.building]),),
                provenance=_SOURCE,
                provenance_zh=_SOURCE_ZH,
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
            made.blocks.append(replayed(device, use.register, steps, kwh, carry))
            per_day = steps.by_day(np.nan_to_num(kwh))
            for subject in (device, ""):
                made.truth.append(TruthDays(self.id, subject, use.figure, month, per_day))
        if self.with_weather:
            made.blocks.append(
                Block.of(
                    BEDFORD,
                    steps.edges_ms[:-1],
                    **{
                        q: hourly(WEATHER_TABLE, q, steps)
                        for q in (
                            "outdoor_temperature_c",
                            "relative_humidity_pct",
                            "irradiance_w_per_m2",
                        )
                    },
                )
            )
        return made


def cambridge_hours(building: str, fuel: str, grid: Grid) -> Floats:
    """A building's measured use in kWh on each hour of a grid; NaN where unknown."""
    return hourly("cambridge_use", f"{building}_{fuel}", grid)
