"""Rows of what there is: institutions, buildings, devices, contracts, quantities, figures."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from pydantic import Field

from api.rows.base import PlaceRow, Row, number_field, place_fields
from config.limits import VALUE_LIMITS
from domain.figures.names import FIGURE_NAMES
from domain.models import ModelRecord
from domain.places import (
    AnyDevice,
    Bin,
    Building,
    CalendarName,
    Carrier,
    Contract,
    Institution,
    Measure,
    Meter,
    PvSystem,
    WasteStream,
    service_until,
    value_on,
)
from domain.quantities import QUANTITIES, Kind
from reports.words.proof import proof_lines, proofs


class InstitutionRow(Row):
    id: str = Field(description="Institution id.")
    name_zh: str = Field(description="Name in Chinese.")
    name_en: str = Field(description="Name in English.")
    origin: str = Field(description="measured, simulated or live.")
    building_type: str = Field(description="MOHURD letter, A office … H other.")
    timezone: str = Field(description="Zone of its days and months.")
    calendar: CalendarName = Field(description="Whose working days count.")
    weather_device: str = Field(description="Weather station used for its models.")
    credit_code: str = Field(description="Unified social credit code.")
    district_code: str = Field(description="Six-digit district code.")
    floor_area_m2: float | None = number_field("Floor area that holds today", "m²")
    headcount: float | None = number_field("People using energy, as of today", "1")
    kind: str = Field(description="office, hospital, school, library …; empty: not registered.")
    level: str = Field(description="province, city, county (below city); hospitals III, II, I.")
    heat_source: str = Field(description="district_heat, air_conditioning or gas_or_oil.")
    heated_area_m2: float | None = number_field("Heated area that holds today", "m²")
    staff: float | None = number_field("People on post, as of today", "1")
    beds: float | None = number_field("Beds of a hospital, as of today", "1")
    provenance: str = Field(description="Where replayed or simulated data comes from.")
    provenance_zh: str = Field(description="The same in Chinese.")
    in_service_until: date | None = Field(
        description="Local day from which it is no longer watched; null: it goes on."
    )


def institution_row(i: Institution, today: date) -> InstitutionRow:
    return InstitutionRow(
        id=i.id,
        name_zh=i.name_zh,
        name_en=i.name_en,
        origin=i.origin,
        building_type=i.building_type,
        timezone=i.timezone,
        calendar=i.calendar,
        weather_device=i.weather_device,
        credit_code=i.credit_code,
        district_code=i.district_code,
        floor_area_m2=value_on(i.floor_area_m2, today),
        headcount=value_on(i.headcount, today),
        kind=i.kind,
        level=i.level,
        heat_source=i.heat_source,
        heated_area_m2=value_on(i.heated_area_m2, today),
        staff=value_on(i.staff, today),
        beds=value_on(i.beds, today),
        provenance=i.provenance,
        provenance_zh=i.provenance_in("zh"),
        in_service_until=i.in_service_until,
    )


class BuildingRow(PlaceRow):
    id: str = Field(description="Building id.")
    name_zh: str = Field(description="Name in Chinese.")
    name_en: str = Field(description="Name in English.")
    floor_area_m2: float | None = number_field("Floor area", "m²")
    latitude_deg: float | None = number_field("Latitude, north positive", "°")
    longitude_deg: float | None = number_field("Longitude, east positive", "°")


def building_row(b: Building, institution: Institution) -> BuildingRow:
    return BuildingRow(
        **place_fields(institution),
        id=b.id,
        name_zh=b.name_zh,
        name_en=b.name_en,
        floor_area_m2=b.floor_area_m2,
        latitude_deg=b.latitude,
        longitude_deg=b.longitude,
    )


class DeviceRow(PlaceRow):
    id: str = Field(description="Device id.")
    name_zh: str = Field(description="Name in Chinese.")
    name_en: str = Field(description="Name in English.")
    building: str = Field(description="Building id, where given.")
    expected_interval_s: int = number_field("How often it is expected to report", "s", 3600)
    in_service_from: date | None = Field(
        None, description="Local day from which it has to report; null: from its first reading on."
    )
    in_service_until: date | None = Field(
        None, description="Local day from which it is out of service; null: it goes on."
    )


def _device_fields(d: AnyDevice, institution: Institution) -> dict[str, Any]:
    return {
        **place_fields(institution),
        "id": d.id,
        "name_zh": d.name_zh,
        "name_en": d.name_en,
        "building": d.building,
        "expected_interval_s": d.expected_interval_s,
        "in_service_from": d.in_service_from,
        "in_service_until": service_until(d, institution),
    }


def device_row(d: AnyDevice, institution: Institution) -> DeviceRow:
    return DeviceRow(**_device_fields(d, institution))


class MeterRow(DeviceRow):
    carrier: Carrier = Field(description="What it meters.")
    register_quantity: str = Field(description="Quantity of its main register.")
    parent: str = Field(description="Meter upstream; empty: a main meter.")
    item_code: str = Field(description="MOHURD energy-item code.")
    multiplier: float | None = number_field("Factor on register differences, as of today", "1")
    register_size: float | None = Field(
        None, description="Value at which the register starts again at 0, in the register's unit."
    )
    max_rate_per_h: float | None = Field(
        None, description="Most the branch can carry, in the register's unit per hour."
    )


def meter_row(m: Meter, institution: Institution, today: date) -> MeterRow:
    return MeterRow(
        **_device_fields(m, institution),
        carrier=m.carrier,
        register_quantity=m.register,
        parent=m.parent,
        item_code=m.item_code,
        multiplier=value_on(m.multiplier, today),
        register_size=m.register_size,
        max_rate_per_h=m.max_rate_per_h,
    )


class PvSystemRow(DeviceRow):
    capacity_kwp: float = number_field("Capacity P0 at standard test conditions", "kWp", ...)
    gamma_per_c: float = number_field("Power temperature coefficient", "1/°C", ...)
    grid_meter: str = Field(description="Meter whose export register it feeds.")
    latitude_deg: float | None = number_field("Latitude, north positive", "°")
    longitude_deg: float | None = number_field("Longitude, east positive", "°")
    tilt_deg: float | None = number_field("Tilt from the horizontal", "°")
    azimuth_deg: float | None = number_field("Azimuth, clockwise from north", "°")


def pv_row(p: PvSystem, institution: Institution) -> PvSystemRow:
    return PvSystemRow(
        **_device_fields(p, institution),
        capacity_kwp=p.capacity_kwp,
        gamma_per_c=p.gamma_per_c,
        grid_meter=p.grid_meter,
        latitude_deg=p.latitude,
        longitude_deg=p.longitude,
        tilt_deg=p.tilt_deg,
        azimuth_deg=p.azimuth_deg,
    )


class BinRow(DeviceRow):
    stream: WasteStream = Field(description="Stream of GB/T 19095-2019.")
    tare_kg: float = number_field("Mass of the empty bin", "kg", ...)
    capacity_kg: float | None = number_field("Most it may hold", "kg")
    depth_mm: float | None = number_field("Inner depth", "mm")


def bin_row(b: Bin, institution: Institution) -> BinRow:
    return BinRow(
        **_device_fields(b, institution),
        stream=b.stream,
        tare_kg=b.tare_kg,
        capacity_kg=b.capacity_kg,
        depth_mm=b.depth_mm,
    )


class ContractRow(PlaceRow):
    id: str = Field(description="Contract id.")
    name_zh: str = Field(description="Name in Chinese.")
    name_en: str = Field(description="Name in English.")
    form: str = Field(description="shared, guaranteed, entrusted (GB/T 24915-2020) or none.")
    vendor: str = Field(description="Contract-energy vendor.")
    carriers: str = Field(description="Carriers whose avoided energy counts, by ', '.")
    baseline_start: date = Field(description="First day of the baseline period.")
    baseline_end: date = Field(description="End of the baseline period, excluded.")
    reporting_start: date = Field(description="First day of the reporting period.")
    reporting_end: date | None = Field(None, description="Its end, excluded; null: runs on.")
    confidence: float = number_field("Level at which a saving is called proven", "1", ...)
    option: str = Field(
        description="IPMVP option: C measures the whole facility, B the equipment by its meters."
    )
    meters: str = Field(description="The equipment's meters, by ', '; empty: the main meters.")
    claim: str = Field(description="How it is settled: yearly or monthly.")
    measures: str = Field(
        description="What was done, by '; ': the day from which it saves, its kind, the carrier."
    )
    expected_saving_ratio: float | None = number_field(
        "Share of a year's use that is expected to be saved; null: not registered", "1"
    )


def contract_row(c: Contract, institution: Institution) -> ContractRow:
    return ContractRow(
        **place_fields(institution),
        id=c.id,
        name_zh=c.name_zh,
        name_en=c.name_en,
        form=c.form,
        vendor=c.vendor,
        carriers=", ".join(c.carriers),
        baseline_start=c.baseline_start,
        baseline_end=c.baseline_end,
        reporting_start=c.reporting_start,
        reporting_end=c.reporting_end,
        confidence=c.confidence,
        option=c.option,
        meters=", ".join(c.meters),
        claim=c.claim,
        measures="; ".join(_measure_text(m) for m in c.measures),
        expected_saving_ratio=c.expected_saving_ratio,
    )


def _measure_text(measure: Measure) -> str:
    parts = (measure.finished_on.isoformat(), measure.kind, measure.carrier, measure.note)
    return " ".join(str(p) for p in parts if p)


class ContractProofRow(PlaceRow):
    contract: str = Field(description="Contract id.")
    carrier: str = Field(description="Carrier of the frozen baseline.")
    answer: str = Field(
        description="enough, submeter, test (on/off), none, baseline (its findings withhold every "
        "verdict), or unknown (no expected_saving_ratio is registered)."
    )
    year_kwh: float = number_field("A year's use by the baseline", "kWh", ...)
    expected_saving_kwh: float | None = number_field("Saving of a year that is expected", "kWh")
    provable_saving_kwh: float | None = number_field(
        "Smallest saving of a year that the present meters prove; null: none", "kWh"
    )
    half_width_kwh: float = number_field("Half-width of its interval, of a year", "kWh", ...)
    submeter_least_share: float | None = number_field(
        "Least share of the load that a sub-meter must hold to prove it", "1"
    )
    submeter_most_share: float | None = number_field("Largest share at which it proves it", "1")
    submeter_half_width_kwh: float | None = number_field(
        "Half-width of a sub-meter of the largest share, of a year", "kWh"
    )
    switching_days: int | None = number_field("Days of an on/off test, in weeks in turn", "d")
    sample_count: int | None = number_field("Alike devices that stand for many, to 10 %", "1")
    zh_text: str = Field(description="The same in Chinese sentences.")
    en_text: str = Field(description="The same in English sentences.")


def contract_proof_rows(
    c: Contract, institution: Institution, kept: Iterable[ModelRecord], on: date
) -> list[ContractProofRow]:
    """A row a carrier whose baseline is frozen."""
    return [
        ContractProofRow(
            **place_fields(institution),
            contract=c.id,
            carrier=carrier,
            answer=p.answer,
            year_kwh=p.year_kwh,
            expected_saving_kwh=p.expected_kwh,
            provable_saving_kwh=None if p.provable_ratio is None else p.provable_ratio * p.year_kwh,
            half_width_kwh=p.half_width_kwh(1.0),
            submeter_least_share=p.least_share,
            submeter_most_share=p.most_share,
            submeter_half_width_kwh=p.most_share and p.half_width_kwh(p.most_share),
            switching_days=p.switching_days,
            sample_count=p.sample,
            zh_text="".join(proof_lines(p, "zh")),
            en_text=" ".join(proof_lines(p, "en")),
        )
        for carrier, p in proofs(c, kept, on)
    ]


class QuantityRow(Row):
    name: str = Field(description="Name, as in payloads.")
    unit: str = Field(description="Unit; 1 means none.")
    kind: Kind = Field(description="measurement, or total_increasing (a register).")
    name_zh: str = Field(description="Meaning in Chinese.")
    name_en: str = Field(description="Meaning in English.")
    minimum: float = Field(description="Least physical value, in `unit`.")
    maximum: float = Field(description="Greatest physical value, in `unit`.")


def quantity_rows() -> list[QuantityRow]:
    return [
        QuantityRow(
            name=q.name,
            unit=q.unit,
            kind=q.kind,
            name_zh=q.zh,
            name_en=q.en,
            minimum=VALUE_LIMITS[q.name][0],
            maximum=VALUE_LIMITS[q.name][1],
        )
        for q in QUANTITIES.values()
    ]


class FigureNameRow(Row):
    name: str = Field(description="Name of the figure.")
    unit: str = Field(description="Unit; 1 means none.")
    name_zh: str = Field(description="Meaning in Chinese.")
    name_en: str = Field(description="Meaning in English.")


def figure_name_rows() -> list[FigureNameRow]:
    return [
        FigureNameRow(name=f.name, unit=f.unit, name_zh=f.zh, name_en=f.en)
        for f in FIGURE_NAMES.values()
    ]
