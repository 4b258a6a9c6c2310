"""A month of a simulated institution: what its devices say, and what is true."""

from dataclasses import dataclass, field
from functools import cached_property, lru_cache

import numpy as np

from domain.calendar import Month
from domain.carriers import ELECTRICITY, EXPORT, GAS_VOLUME, HEAT, WATER
from domain.places import Carrier
from domain.subjects import OfContract
from simulators.devices.bins import BinMonth, BinSpec, bin_month, truth_of
from simulators.devices.block import Block, Carry, SiteMonth, TruthDays, register
from simulators.devices.building.load import Use, use
from simulators.devices.campus.plan import TIMEZONE, CampusPlan
from simulators.devices.climate import Climate
from simulators.devices.grid import Floats, Grid, grid, summed, total
from simulators.devices.randomness import stream
from simulators.devices.solar import Array, Plane, ac_of, plane_of

STEP_S = 900
HOURLY = 4
"""Steps in an hour."""


def month_of(plan: CampusPlan, month: Month, carry: Carry) -> SiteMonth:
    """Everything said and true in a month; `carry` is updated."""
    making = _Making(plan, grid(month, TIMEZONE, STEP_S), carry)
    pv_kwh = making.solar()
    making.meters(pv_kwh)
    making.weather()
    making.waste()
    making.savings()
    return making.made


@dataclass
class _Making:
    """A month in the making; each part adds its blocks and its truth."""

    plan: CampusPlan
    steps: Grid
    carry: Carry
    made: SiteMonth = field(default_factory=SiteMonth)

    @cached_property
    def uses(self) -> list[Use]:
        """What each house uses."""
        plan = self.plan
        return [use(h, self.steps, plan.climate, plan.seed) for h in plan.houses]

    def solar(self) -> Floats:
        """The PV system; gives its energy on each step."""
        roof = self.plan.roof
        if not roof:
            return np.zeros(self.steps.steps)
        array = roof.array
        plane = _plane_on(self.plan.climate, self.steps, array.tilt_deg, array.azimuth_deg)
        out = ac_of(array, plane)
        kwh = out.ac_w * STEP_S / 3_600_000
        new = f"{roof.id}/pv_energy_kwh" not in self.carry
        energy = self._registers(roof.id, HOURLY, {"pv_energy_kwh": kwh})
        extra = {
            "pv_power_w": _hourly_mean(out.ac_w),
            "irradiance_w_per_m2": _hourly_mean(out.poa_w_per_m2),
            "module_temperature_c": _hourly_mean(out.module_c),
        }
        lead = [np.nan] if new else []
        columns = {q: np.concatenate([lead, v]) for q, v in extra.items()}
        self.made.blocks.append(
            Block.of(roof.id, energy.at_ms, pv_energy_kwh=energy.values[:, 0], **columns)
        )
        return kwh

    def meters(self, pv_kwh: Floats) -> None:
        """Electricity from the grid beside what the roof gives, and all other carriers."""
        plan = self.plan
        load = total([u.total_kwh for u in self.uses])
        bought = np.maximum(load - pv_kwh, 0.0)
        sold = np.maximum(pv_kwh - load, 0.0)
        if plan.electricity:
            columns = {ELECTRICITY.register: bought / plan.multiplier}
            if plan.roof:
                columns[EXPORT.register] = sold / plan.multiplier
            self.made.blocks.append(self._registers(plan.electricity, 1, columns))
            self._true(ELECTRICITY.figure, bought, plan.electricity, "")
            self._true("gross_load_kwh", load, "")
        if plan.roof:
            self._true(EXPORT.figure, sold, "")
            self._true("pv_generation_kwh", pv_kwh, plan.roof.id)
            self._true("pv_self_use_kwh", pv_kwh - sold, plan.roof.id)
        cooling = [u.electricity_kwh["B"] for u in self.uses]
        for device, metered, parts, main in (
            (plan.air_conditioning, ELECTRICITY, cooling, False),
            (plan.water, WATER, [u.water_m3 for u in self.uses], True),
            (plan.heat, HEAT, [u.heat_gj for u in self.uses], True),
            (plan.gas, GAS_VOLUME, [u.gas_m3 for u in self.uses], True),
        ):
            if device:
                per_step = total(parts)
                columns = {metered.register: per_step}
                self.made.blocks.append(self._registers(device, HOURLY, columns))
                subjects = (device, "") if main else (device,)
                self._true(metered.figure, per_step, *subjects)

    def weather(self) -> None:
        """The weather station's readings, and the temperature where it stands."""
        plan, steps = self.plan, self.steps
        if not plan.weather:
            return
        weather, siting = plan.climate.on(steps), plan.siting
        noise = stream(plan.seed, plan.weather, "siting", steps.month)
        by_day = siting.warmer_c + siting.days_sd_c * noise.standard_normal(steps.days)
        there_c = weather.temperature_c + by_day[steps.day_index]
        hourly_c = _hourly_mean(there_c)
        self.made.blocks.append(
            Block.of(
                plan.weather,
                steps.edges_ms[HOURLY::HOURLY],
                outdoor_temperature_c=hourly_c
                + siting.sensor_sd_c * noise.standard_normal(len(hourly_c)),
                relative_humidity_pct=_hourly_mean(weather.humidity_pct),
                irradiance_w_per_m2=_hourly_mean(weather.ghi_w_per_m2),
            )
        )
        mean = steps.by_day(there_c) / np.bincount(steps.day_index)
        self.made.truth.append(
            TruthDays(plan.institution.id, "", "outdoor_temperature_mean_c", steps.month, mean)
        )

    def waste(self) -> None:
        """The bins, filled by the people who are there."""
        plan = self.plan
        if not plan.bins:
            return
        hourly = grid(self.steps.month, TIMEZONE, 3600)
        people_h = _hourly_mean(total([u.people for u in self.uses]))
        rate = plan.waste_kg_per_head_day / 9.0  # a working day is about nine hours long
        months: list[tuple[BinSpec, BinMonth]] = []
        for spec in plan.bins:
            done = bin_month(spec, hourly, people_h, rate, self.carry, plan.seed)
            months.append((spec, done))
            self.made.blocks += done.blocks
        self.made.truth += truth_of(plan.institution.id, hourly, months)

    def savings(self) -> None:
        """What the retrofits planted: the same month without them, minus with them."""
        plan, contract = self.plan, self.plan.contract
        if not contract or contract.reporting_start > self.steps.month.first_day:
            return
        if Carrier.ELECTRICITY not in contract.carriers:
            return
        without = [
            use(h.without_retrofits, self.steps, plan.climate, plan.seed) if h.retrofitted else u
            for h, u in zip(plan.houses, self.uses, strict=True)
        ]
        subject = str(OfContract(contract.id, Carrier.ELECTRICITY.value))
        seen, would = (total([u.total_kwh for u in uses]) for uses in (self.uses, without))
        self._true("observed_kwh", seen, subject)
        self._true("counterfactual_kwh", would, subject)
        self._true("avoided_energy_kwh", would - seen, subject)

    def _true(self, name: str, per_step: Floats, *subjects: str) -> None:
        per_day = self.steps.by_day(per_step)
        institution, month = self.plan.institution.id, self.steps.month
        self.made.truth += [TruthDays(institution, s, name, month, per_day) for s in subjects]

    def _registers(self, device: str, every: int, columns: dict[str, Floats]) -> Block:
        """Registers read after every so many steps; the first month also at its very start."""
        new = any(f"{device}/{q}" not in self.carry for q in columns)
        read = {
            q: register(self.carry, f"{device}/{q}", summed(v, every)) for q, v in columns.items()
        }
        at = self.steps.edges_ms[::every] if new else self.steps.edges_ms[every::every]
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
