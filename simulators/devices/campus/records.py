"""A simulated institution's records in the registry: its buildings and devices."""

from typing import Any

from domain.carriers import ELECTRICITY, GAS_VOLUME, HEAT, WATER, Metered
from domain.places import AnyDevice, Bin, Building, Meter, PvSystem, WeatherStation
from simulators.devices.campus.plan import CampusPlan, dated


def buildings_of(plan: CampusPlan) -> tuple[Building, ...]:
    """One for each house."""
    place = plan.climate.place
    return tuple(
        Building(
            h.id,
            plan.institution.id,
            *plan.name(h.id),
            floor_area_m2=h.area_m2,
            latitude=place.latitude,
            longitude=place.longitude,
        )
        for h in plan.houses
    )


def devices_of(plan: CampusPlan) -> tuple[AnyDevice, ...]:
    """Meters, bins, the PV system and the weather station, as far as there are any."""
    return (*_meters(plan), *_bins(plan), *_pv_system(plan), *_weather_station(plan))


def _identity(plan: CampusPlan, device: str) -> dict[str, Any]:
    """What every device's record begins with."""
    zh, en = plan.name(device)
    return {"id": device, "institution": plan.institution.id, "name_zh": zh, "name_en": en}


def _meters(plan: CampusPlan) -> list[Meter]:
    connected_kw = 60.0 * sum(h.area_m2 for h in plan.houses) / 1000.0 + 20.0
    main = plan.electricity
    table: tuple[tuple[str, Metered, str, int, str, float | None], ...] = (
        (main, ELECTRICITY, "01000", 900, "", connected_kw),
        (plan.air_conditioning, ELECTRICITY, "01B00", 3600, main, connected_kw),
        (plan.water, WATER, "02000", 3600, "", None),
        (plan.heat, HEAT, "04000", 3600, "", None),
        (plan.gas, GAS_VOLUME, "03A00", 3600, "", None),
    )
    return [
        Meter(
            **_identity(plan, device),
            carrier=metered.carrier,
            register=metered.register,
            item_code=code,
            expected_interval_s=interval,
            parent=parent,
            max_rate_per_h=rate,
            multiplier=dated(plan.first, plan.multiplier)
            if device == main and plan.multiplier != 1.0
            else (),
        )
        for device, metered, code, interval, parent, rate in table
        if device
    ]


def _bins(plan: CampusPlan) -> list[Bin]:
    return [
        Bin(
            **_identity(plan, spec.id),
            stream=spec.stream,
            tare_kg=spec.tare_kg,
            capacity_kg=spec.capacity_kg,
        )
        for spec in plan.bins
    ]


def _pv_system(plan: CampusPlan) -> list[PvSystem]:
    if not plan.roof:
        return []
    place, array = plan.climate.place, plan.roof.array
    return [
        PvSystem(
            **_identity(plan, plan.roof.id),
            capacity_kwp=array.capacity_kwp,
            gamma_per_c=array.gamma_per_c,
            grid_meter=plan.electricity,
            latitude=place.latitude,
            longitude=place.longitude,
            tilt_deg=array.tilt_deg,
            azimuth_deg=array.azimuth_deg,
        )
    ]


def _weather_station(plan: CampusPlan) -> list[WeatherStation]:
    return [WeatherStation(**_identity(plan, plan.weather))] if plan.weather else []
