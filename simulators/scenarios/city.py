"""A whole city, and a whole province: institutions made from their number, when needed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import overload

import numpy as np

from domain.calendar import Month
from domain.places import Carrier, Contract, Dated, Institution, WasteStream
from simulators.devices.bins import BinSpec
from simulators.devices.block import Site
from simulators.devices.building.archetypes import (
    ARCHETYPES,
    CANTEEN,
    HOSPITAL,
    OFFICE,
    SCHOOL,
    SERVICE_HALL,
    Archetype,
)
from simulators.devices.building.house import Change, House
from simulators.devices.campus import TIMEZONE, Campus, Roof, Siting, dated
from simulators.devices.climate import Climate
from simulators.devices.randomness import stream
from simulators.devices.solar import Array
from simulators.scenarios.grading import graded_by

CITY_INSTITUTIONS = 1_500
PROVINCE_INSTITUTIONS = 100_000
STATION_EVERY = 500
"""One weather station serves so many institutions."""
_HEATING = ((11, 15), (3, 15))
_KINDS = ((OFFICE, 0.46), (SCHOOL, 0.27), (SERVICE_HALL, 0.13), (HOSPITAL, 0.08), (CANTEEN, 0.06))
_NAMES = {
    "office": ("机关", "office"),
    "school": ("学校", "school"),
    "service_hall": ("政务服务大厅", "service hall"),
    "hospital": ("医院", "hospital"),
    "canteen": ("机关食堂", "canteen"),
}
_STREAMS = tuple(WasteStream)
assert {k.name for k, _ in _KINDS} <= set(ARCHETYPES)


@dataclass(frozen=True)
class Places(Sequence[Site]):
    """`size` institutions over `[first, end)`, each made when asked for and not kept.

    Every institution has five meters; every fifth has PV; 34 of 75 have a bin of each stream,
    which makes a city of 1,500 institutions, 7,500 meters, 300 PV plants and 2,720 bins. Over
    more than 12 months every institution has a contract and a retrofit after the first 12.
    """

    size: int
    seed: int
    first: Month
    end: Month
    station_every: int = STATION_EVERY
    """One weather station for so many institutions. The first stands where the city's climate
    is told; others, if `sited`, in places of their own."""
    sited: bool = False

    def __len__(self) -> int:
        return self.size

    @overload
    def __getitem__(self, index: int) -> Site: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Site]: ...
    def __getitem__(self, index: int | slice) -> Site | Sequence[Site]:
        if isinstance(index, slice):
            return [self.campus(i) for i in range(self.size)[index]]
        return self.campus(range(self.size)[index])

    def campus(self, number: int) -> Campus:
        """The institution of a number; always the same one."""
        noise = stream(self.seed, "place", number)
        kind = _drawn_kind(float(noise.random()))
        area = float(np.round(np.exp(noise.normal(8.3, 0.7)), 0))  # around 4,000 m²
        heads = float(np.ceil(area / noise.uniform(20, 45)))
        name = f"i{number:06d}"
        multiplier = (1.0, 20.0, 40.0)[int(np.searchsorted([2_000.0, 8_000.0], area))]
        reporting = self.first.plus(12)
        contracted = reporting < self.end
        changes = _changes(reporting, noise) if contracted else ()
        return Campus(
            institution=self._institution(number, name, kind, area, heads, changes),
            houses=(House(f"{name}-main", kind, area, heads, changes, heating_season=_HEATING),),
            climate=Climate(self.seed),
            seed=self.seed,
            first=self.first,
            end=self.end,
            contract=_contract(name, self.first, reporting) if contracted else None,
            roof=Roof(f"{name}-pv", Array(float(np.round(area / 60, 1))))
            if number % 5 == 2
            else None,
            bins=_bins(name, heads) if number % 75 < 34 else (),
            weather=f"{name}-weather" if number % self.station_every == 0 else "",
            siting=_siting(self.seed, number) if self.sited and number else Siting(),
            electricity=f"{name}-elec",
            air_conditioning=f"{name}-ac",
            water=f"{name}-water",
            heat=f"{name}-heat",
            gas=f"{name}-gas",
            multiplier=multiplier,
            waste_kg_per_head_day=kind.waste_kg_per_head_day,
        )

    def _institution(
        self,
        number: int,
        name: str,
        kind: Archetype,
        area: float,
        heads: float,
        changes: tuple[Change, ...],
    ) -> Institution:
        zh, en = _NAMES[kind.name]
        station = number - number % self.station_every
        return Institution(
            id=name,
            name_zh=f"东营市第 {number + 1} {zh}（模拟）",
            name_en=f"Dongying {en} no. {number + 1} (simulated)",
            building_type=kind.building_type,
            **graded_by(kind.kind, number, self.first, area, heads),
            origin="simulated",
            timezone=TIMEZONE,
            calendar="cn",
            weather_device=f"i{station:06d}-weather",
            district_code="370502",
            floor_area_m2=dated(self.first, area)
            + tuple(Dated(c.on, float(np.round(area * c.area))) for c in changes if c.area != 1.0),
            headcount=dated(self.first, heads)
            + tuple(
                Dated(c.on, float(np.round(heads * c.people)))
                for c in changes
                if c.until is None and c.people != 1.0
            ),
            heating_season=_HEATING,
            provenance="Simulated: load model and synthetic Dongying climate.",
            provenance_zh="模拟：负荷模型与合成的东营气候。",
        )


def city(size: int, seed: int, now_month: Month, months: int) -> Places:
    """The last `months` full months before `now_month`."""
    return Places(size, seed, now_month.plus(-months), now_month)


def _siting(seed: int, number: int) -> Siting:
    """Within a city stations differ by about a degree, and from day to day by some tenths."""
    noise = stream(seed, "siting", number)
    return Siting(float(noise.normal(0.0, 0.8)), float(noise.uniform(0.1, 0.4)), 0.1)


def _drawn_kind(at: float) -> Archetype:
    for kind, share in _KINDS:
        if at < share:
            return kind
        at -= share
    return OFFICE


def _changes(reporting: Month, noise: np.random.Generator) -> tuple[Change, ...]:
    """A retrofit; beside it, in one of sixteen each, a month's closure, more people, a new wing
    that some more people move into, or a wing given up.
    """
    retrofit = _retrofit(reporting.first_day, noise)
    after = reporting.plus(int(noise.integers(1, 6))).first_day
    chance = noise.random()
    if chance < 1 / 16:
        return (retrofit, Change("closure", after, people=0.05, until=after + timedelta(days=30)))
    if chance < 2 / 16:
        return (retrofit, Change("occupancy", after, people=1.25))
    if chance < 3 / 16:
        return (retrofit, Change("area", after, area=1.3, people=1.2))
    if chance < 4 / 16:
        return (retrofit, Change("area", after, area=0.8))
    return (retrofit,)


def _retrofit(on: date, noise: np.random.Generator) -> Change:
    """Some save much, some little, every fifth nothing at all."""
    if noise.random() < 0.2:
        return Change("retrofit", on)
    lighting, cooling = noise.uniform(0.6, 0.95), noise.uniform(0.65, 0.95)
    return Change("retrofit", on, lighting=float(lighting), cooling=float(cooling))


def _contract(name: str, first: Month, reporting: Month) -> Contract:
    return Contract(
        id=f"{name}-saving",
        institution=name,
        name_zh="节能改造",
        name_en="Retrofit",
        form="shared",
        baseline_start=first.first_day,
        baseline_end=reporting.first_day,
        reporting_start=reporting.first_day,
        carriers=(Carrier.ELECTRICITY,),
    )


def _bins(name: str, heads: float) -> tuple[BinSpec, ...]:
    return tuple(
        BinSpec(f"{name}-bin-{s.value}", s, 1.0, 13.5, max(60.0, heads * 0.35), 6.0 + i)
        for i, s in enumerate(_STREAMS)
    )
