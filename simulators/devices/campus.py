"""A simulated institution: buildings, meters, rooftop PV, bins and a weather station."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

import numpy as np

from domain.calendar import Month
from domain.carriers import ELECTRICITY, EXPORT, GAS_VOLUME, HEAT, WATER
from domain.places import (
    AnyDevice,
    Bin,
    Building,
    Carrier,
    Contract,
    Dated,
    Institution,
    Meter,
    PvSystem,
    WeatherStation,
)
from domain.subjects import OfContract
from simulators.devices.bins import BinMonth, BinSpec, bin_month, truth_of
from simulators.devices.block import Block, Carry, Message, SiteMonth, TruthDays, register
from simulators.devices.climate import Climate
from simulators.devices.grid import Floats, Grid, grid, summed, total
from simulators.devices.load import Change, House, Use, use
from simulators.devices.payloads import native_messages
from simulators.devices.randomness import stream
from simulators.devices.solar import Array, Plane, ac_of, plane_of

TIMEZONE = "Asia/Shanghai"
STEP_S = 900
HOURLY = 4
"""Steps in an hour."""


@dataclass(frozen=True)
class Roof:
    """A PV array behind a device of its own."""

    id: str
    array: Array


@dataclass(frozen=True)
class Siting:
    """Where a weather station stands, against the city's climate: always so much warmer, on some
    days more than on others; and how its thermometer rocks. All in °C; a station of which
    nothing is said measures the climate itself.
    """

    warmer_c: float = 0.0
    days_sd_c: float = 0.0
    sensor_sd_c: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Campus:
    """An institution that is all simulated; a `Site`.

    Its main electricity meter reads import and export every 15 min, all else is hourly. Set a
    device id to "" to leave that device out.
    """

    institution: Institution
    houses: tuple[House, ...]
    climate: Climate
    seed: int
    first: Month
    end: Month | None = None
    contract: Contract | None = None
    roof: Roof | None = None
    bins: tuple[BinSpec, ...] = ()
    weather: str = ""
    siting: Siting = Siting()
    electricity: str = ""
    air_conditioning: str = ""
    water: str = ""
    heat: str = ""
    gas: str = ""
    multiplier: float = 1.0
    """Of the main electricity meter: what its register shows, times this, is the energy."""
    waste_kg_per_head_day: float = 0.4
    names: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Device or building id → its zh and en names."""

    @property
    def timezone(self) -> str:
        return TIMEZONE

    def messages(self, block: Block, live: bool = False) -> Iterable[Message]:
        return native_messages(f"gw-{self.institution.id}", block, live)

    @property
    def institutions(self) -> tuple[Institution, ...]:
        return (self.institution,)

    @property
    def contracts(self) -> tuple[Contract, ...]:
        return (self.contract,) if self.contract else ()

    @cached_property
    def buildings(self) -> tuple[Building, ...]:
        place = self.climate.place
        return tuple(
            Building(
                h.id,
                self.institution.id,
                *self._name(h.id),
                floor_area_m2=h.area_m2,
                latitude=place.latitude,
                longitude=place.longitude,
            )
            for h in self.houses
        )

    @cached_property
    def devices(self) -> tuple[AnyDevice, ...]:
        found: list[AnyDevice] = [
            *self._meters(),
            *(self._bin(b) for b in self.bins),
        ]
        if self.roof:
            place, array = self.climate.place, self.roof.array
            zh, en = self._name(self.roof.id)
            found.append(
                PvSystem(
                    id=self.roof.id,
                    institution=self.institution.id,
                    name_zh=zh,
                    name_en=en,
                    capacity_kwp=array.capacity_kwp,
                    gamma_per_c=array.gamma_per_c,
                    grid_meter=self.electricity,
                    latitude=place.latitude,
                    longitude=place.longitude,
                    tilt_deg=array.tilt_deg,
                    azimuth_deg=array.azimuth_deg,
                )
            )
        if self.weather:
            zh, en = self._name(self.weather)
            found.append(
                WeatherStation(
                    id=self.weather, institution=self.institution.id, name_zh=zh, name_en=en
                )
            )
        return tuple(found)

    def month(self, month: Month, carry: Carry) -> SiteMonth:
        steps = grid(month, TIMEZONE, STEP_S)
        uses = [use(h, steps, self.climate, self.seed) for h in self.houses]
        made = SiteMonth()
        pv_kwh = self._solar(steps, carry, made)
        self._metered(steps, uses, pv_kwh, carry, made)
        self._weather(steps, made)
        self._waste(steps, uses, carry, made)
        self._savings(steps, uses, made)
        return made

    # -- the parts of a month ------------------------------------------------------------

    def _metered(
        self, steps: Grid, uses: list[Use], pv_kwh: Floats, carry: Carry, made: SiteMonth
    ) -> None:
        load = total([u.total_kwh for u in uses])
        bought = np.maximum(load - pv_kwh, 0.0)
        sold = np.maximum(pv_kwh - load, 0.0)
        if self.electricity:
            columns = {ELECTRICITY.register: bought / self.multiplier}
            if self.roof:
                columns[EXPORT.register] = sold / self.multiplier
            made.blocks.append(_registers(self.electricity, steps, 1, columns, carry))
            self._truth(steps, made, ELECTRICITY.figure, bought, self.electricity, "")
            self._truth(steps, made, "gross_load_kwh", load, "")
        if self.roof:
            self._truth(steps, made, EXPORT.figure, sold, "")
            self._truth(steps, made, "pv_generation_kwh", pv_kwh, self.roof.id)
            self._truth(steps, made, "pv_self_use_kwh", pv_kwh - sold, self.roof.id)
        cooling = [u.electricity_kwh["B"] for u in uses]
        for device, metered, parts, main in (
            (self.air_conditioning, ELECTRICITY, cooling, False),
            (self.water, WATER, [u.water_m3 for u in uses], True),
            (self.heat, HEAT, [u.heat_gj for u in uses], True),
            (self.gas, GAS_VOLUME, [u.gas_m3 for u in uses], True),
        ):
            if device:
                per_step = total(parts)
                columns = {metered.register: per_step}
                made.blocks.append(_registers(device, steps, HOURLY, columns, carry))
                subjects = (device, "") if main else (device,)
                self._truth(steps, made, metered.figure, per_step, *subjects)

    def _solar(self, steps: Grid, carry: Carry, made: SiteMonth) -> Floats:
        if not self.roof:
            return np.zeros(steps.steps)
        array = self.roof.array
        plane = _plane_on(self.climate, steps, array.tilt_deg, array.azimuth_deg)
        out = ac_of(array, plane)
        kwh = out.ac_w * STEP_S / 3_600_000
        new = f"{self.roof.id}/pv_energy_kwh" not in carry
        energy = _registers(self.roof.id, steps, HOURLY, {"pv_energy_kwh": kwh}, carry)
        extra = {
            "pv_power_w": _hourly_mean(out.ac_w),
            "irradiance_w_per_m2": _hourly_mean(out.poa_w_per_m2),
            "module_temperature_c": _hourly_mean(out.module_c),
        }
        lead = [np.nan] if new else []
        columns = {q: np.concatenate([lead, v]) for q, v in extra.items()}
        made.blocks.append(
            Block.of(self.roof.id, energy.at_ms, pv_energy_kwh=energy.values[:, 0], **columns)
        )
        return kwh

    def _weather(self, steps: Grid, made: SiteMonth) -> None:
        if not self.weather:
            return
        weather = self.climate.on(steps)
        noise = stream(self.seed, self.weather, "siting", steps.month)
        by_day = self.siting.warmer_c + self.siting.days_sd_c * noise.standard_normal(steps.days)
        there_c = weather.temperature_c + by_day[steps.day_index]
        hourly_c = _hourly_mean(there_c)
        made.blocks.append(
            Block.of(
                self.weather,
                steps.edges_ms[HOURLY::HOURLY],
                outdoor_temperature_c=hourly_c
                + self.siting.sensor_sd_c * noise.standard_normal(len(hourly_c)),
                relative_humidity_pct=_hourly_mean(weather.humidity_pct),
                irradiance_w_per_m2=_hourly_mean(weather.ghi_w_per_m2),
            )
        )
        days = np.bincount(steps.day_index)
        mean = steps.by_day(there_c) / days
        made.truth.append(
            TruthDays(self.institution.id, "", "outdoor_temperature_mean_c", steps.month, mean)
        )

    def _waste(self, steps: Grid, uses: list[Use], carry: Carry, made: SiteMonth) -> None:
        hourly = grid(steps.month, TIMEZONE, 3600)
        if not self.bins:
            return
        people_h = _hourly_mean(total([u.people for u in uses]))
        rate = self.waste_kg_per_head_day / 9.0  # a working day is about nine hours long
        months: list[tuple[BinSpec, BinMonth]] = []
        for spec in self.bins:
            done = bin_month(spec, hourly, people_h, rate, carry, self.seed)
            months.append((spec, done))
            made.blocks += done.blocks
        made.truth += truth_of(self.institution.id, hourly, months)

    def _savings(self, steps: Grid, uses: list[Use], made: SiteMonth) -> None:
        """What the retrofits planted: the same month without them, minus with them."""
        if not self.contract or self.contract.reporting_start > steps.month.first_day:
            return
        without = [
            use(_without_retrofits(h), steps, self.climate, self.seed) if _retrofits(h) else u
            for h, u in zip(self.houses, uses, strict=True)
        ]
        for carrier, observed, counterfactual in (
            (Carrier.ELECTRICITY, [u.total_kwh for u in uses], [u.total_kwh for u in without]),
        ):
            if carrier in self.contract.carriers:
                subject = str(OfContract(self.contract.id, carrier.value))
                seen, would = total(observed), total(counterfactual)
                self._truth(steps, made, "observed_kwh", seen, subject)
                self._truth(steps, made, "counterfactual_kwh", would, subject)
                self._truth(steps, made, "avoided_energy_kwh", would - seen, subject)

    def _truth(
        self, steps: Grid, made: SiteMonth, name: str, per_step: Floats, *subjects: str
    ) -> None:
        per_day = steps.by_day(per_step)
        made.truth += [
            TruthDays(self.institution.id, s, name, steps.month, per_day) for s in subjects
        ]

    # -- the registry's records -----------------------------------------------------------

    def _meters(self) -> list[Meter]:
        connected_kw = 60.0 * sum(h.area_m2 for h in self.houses) / 1000.0 + 20.0
        table: tuple[tuple[str, Carrier, str, str, int, str, float | None], ...] = (
            (
                self.electricity,
                Carrier.ELECTRICITY,
                "energy_import_kwh",
                "01000",
                900,
                "",
                connected_kw,
            ),
            (
                self.air_conditioning,
                Carrier.ELECTRICITY,
                "energy_import_kwh",
                "01B00",
                3600,
                self.electricity,
                connected_kw,
            ),
            (self.water, Carrier.WATER, "water_m3", "02000", 3600, "", None),
            (self.heat, Carrier.HEAT, "heat_gj", "04000", 3600, "", None),
            (self.gas, Carrier.NATURAL_GAS, "gas_m3", "03A00", 3600, "", None),
        )
        return [
            Meter(
                id=device,
                institution=self.institution.id,
                name_zh=self._name(device)[0],
                name_en=self._name(device)[1],
                carrier=carrier,
                register=quantity,
                item_code=code,
                expected_interval_s=interval,
                parent=parent,
                max_rate_per_h=rate,
                multiplier=self._multiplier(device),
            )
            for device, carrier, quantity, code, interval, parent, rate in table
            if device
        ]

    def _multiplier(self, device: str) -> tuple[Dated, ...]:
        main = device == self.electricity and self.multiplier != 1.0
        return dated(self.first, self.multiplier) if main else ()

    def _bin(self, spec: BinSpec) -> Bin:
        zh, en = self._name(spec.id)
        return Bin(
            id=spec.id,
            institution=self.institution.id,
            name_zh=zh,
            name_en=en,
            stream=spec.stream,
            tare_kg=spec.tare_kg,
            capacity_kg=spec.capacity_kg,
        )

    def _name(self, record: str) -> tuple[str, str]:
        return self.names.get(record, (record, record))


def dated(day: Month, value: float) -> tuple[Dated, ...]:
    """A value that holds from a month's first day."""
    return (Dated(day.first_day, value),)


def _registers(
    device: str, grid: Grid, every: int, columns: dict[str, Floats], carry: Carry
) -> Block:
    """Registers read after every so many steps; the first month also at its very start."""
    new = any(f"{device}/{q}" not in carry for q in columns)
    read = {q: register(carry, f"{device}/{q}", summed(v, every)) for q, v in columns.items()}
    at = grid.edges_ms[::every] if new else grid.edges_ms[every::every]
    return Block.of(device, at, **read)


def _hourly_mean(per_step: Floats) -> Floats:
    return summed(per_step, HOURLY) / HOURLY


@lru_cache(maxsize=16)
def _plane_on(climate: Climate, steps: Grid, tilt_deg: float, azimuth_deg: float) -> Plane:
    """What all roofs of a city that are tilted alike meet in a month."""
    weather = climate.on(steps)
    return plane_of(
        Array(1.0, tilt_deg, azimuth_deg),
        climate.place,
        steps.middles_ms,
        weather.ghi_w_per_m2,
        weather.temperature_c,
    )


def _retrofits(house: House) -> tuple[Change, ...]:
    return tuple(c for c in house.changes if c.kind == "retrofit")


def _without_retrofits(house: House) -> House:
    left = tuple(c for c in house.changes if c.kind != "retrofit")
    return House(
        house.id,
        house.archetype,
        house.area_m2,
        house.heads,
        left,
        house.calendar,
        house.heating_season,
    )
