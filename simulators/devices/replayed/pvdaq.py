"""A measured PV system and its weather, replayed: power becomes an ever-growing register.

What the archive measured is the truth here. See `simulators/data/PROVENANCE.md`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from domain.calendar import Month
from domain.places import (
    AnyDevice,
    Building,
    Contract,
    Institution,
    PvSystem,
    WeatherStation,
)
from simulators.devices.block import Block, Carry, Message, SiteMonth, TruthDays
from simulators.devices.grid import grid
from simulators.devices.payloads import native_messages
from simulators.devices.replayed.archives import every_minutes, replayed

GOLDEN = "golden-weather"
_FIRST, _END = Month(2012, 1), Month(2013, 1)
LATITUDE, LONGITUDE = 39.742, -105.1727
_SOURCE = (
    "Measured: PVDAQ system 50 (SERF East, Golden, Colorado), AC power of 2012 (CC-BY). "
    "Irradiance is global horizontal, from satellite; the capacity was estimated from "
    "clear-sky hours."
)
_SOURCE_ZH = (
    "实测：PVDAQ 50 号系统（美国科罗拉多州戈尔登，SERF East），2012 年交流功率（CC-BY）。"
    "辐照度为卫星反演的水平面总辐照度；装机容量由晴空时段估计。"
)


@dataclass(frozen=True)
class MeasuredPv:
    """PVDAQ system 50 in 2012: AC power every 15 min, weather every 30 min; a `Site`."""

    first: Month = _FIRST
    end: Month | None = _END

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
                kind="other",
                origin="measured",
                timezone=self.timezone,
                calendar="weekdays",
                weather_device=GOLDEN,
                provenance=_SOURCE,
                provenance_zh=_SOURCE_ZH,
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
                latitude=LATITUDE,
                longitude=LONGITUDE,
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
                latitude=LATITUDE,
                longitude=LONGITUDE,
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
        watts = every_minutes("pvdaq_50_power", 15, "ac_power_w", steps)
        kwh = watts * 0.25 / 1000.0
        energy = replayed(f"{self.id}-array", "pv_energy_kwh", steps, kwh, carry)
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
        columns = {
            q: every_minutes("pvdaq_50_weather", 30, q, half)
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
