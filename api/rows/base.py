"""The rows of the answers. Units and meanings come from the domain's tables, never retyped.

Every field that carries a physical number says its unit in its description. A value that
could not be said is null; missing is never 0.
"""

from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from domain.carriers import EXPORT, WATER
from domain.figure_names import FIGURE_NAMES
from domain.figures import Verdict
from domain.findings import Severity
from domain.places import Carrier, Origin, WasteStream
from domain.quality import QUALITIES
from domain.quantities import QUANTITIES, DeviceClass, Kind
from store.ledger.port import MonthState

DeviceState = Literal["never", "stale", "zero", "ok"]
_UNITS = "see /v1/figure-names for the unit of every name"


def unit_text(unit: str) -> str:
    """A unit for a description; the unit "1" is spelled out."""
    return "no unit (a ratio or count)" if unit == "1" else f"in {unit}"


def figure_field(name: str, note: str = "") -> Any:
    """A field that holds the figure `name`: meaning and unit from the table."""
    entry = FIGURE_NAMES[name]
    tail = f" {note}" if note else ""
    return Field(
        None,
        description=f"{entry.en} · {entry.zh}, {unit_text(entry.unit)}.{tail} null: not known.",
        json_schema_extra={"unit": entry.unit},
    )


def number_field(meaning: str, unit: str, default: Any = None) -> Any:
    """A field that holds a number the tables do not name, e.g. a device's capacity."""
    return Field(
        default,
        description=f"{meaning}, {unit_text(unit)}.",
        json_schema_extra={"unit": unit},
    )


class Row(BaseModel):
    model_config = ConfigDict(frozen=True, ser_json_inf_nan="null")


class PlaceRow(Row):
    institution: str = Field(description="Institution id.", examples=["cam-b7"])
    institution_name_zh: str = Field(description="Institution name in Chinese.")
    institution_name_en: str = Field(description="Institution name in English.")
    origin: Origin = Field(
        description="Where the institution's data comes from: measured (a replayed archive), "
        "simulated, or live devices."
    )


class MonthRow(PlaceRow):
    month: str = Field(description="Local calendar month.", examples=["2019-03"])
    start_at: datetime = Field(description="Start of the month, UTC.")
    end_at: datetime = Field(description="End of the month, UTC, excluded.")
    state: MonthState = Field(
        description="open: recomputed as data comes; closed: frozen as `revision`; "
        "restatement_pending: closed, and a correction waits for approval."
    )
    revision: int = Field(description="Number of the signed revision; 0 means never closed.")


class EvidenceRow(MonthRow):
    measured_share: float | None = number_field("Share of the time that was measured, 0 to 1", "1")
    estimated_share: float | None = number_field(
        "Share of the time that was estimated, 0 to 1", "1"
    )
    missing_share: float | None = number_field("Share of the time without a value, 0 to 1", "1")
    method: str = Field(description="How it was computed, with a version; several by '; '.")
    findings: str = Field(description="Codes of what to know, by ', '; texts: /v1/findings.")


class FigureRow(EvidenceRow):
    name: str = Field(description=f"Name of the figure; {_UNITS}.", examples=[WATER.figure])
    subject: str = Field(description="Device, contract/carrier or stream; empty: institution.")
    value: float | None = Field(description="The value, in `unit`; null: could not be said.")
    unit: str = Field(description="Unit of value, low and high.", examples=["kWh"])
    low: float | None = Field(None, description="Lower bound of the interval, in `unit`.")
    high: float | None = Field(None, description="Upper bound of the interval, in `unit`.")
    confidence: float | None = number_field("Confidence of the interval, 0 to 1", "1")
    verdict: Verdict | None = Field(None, description="What the interval allows to say.")
    factors: str = Field(
        "",
        description="Dated factors it was computed with, by '; ': name = value unit (from day); "
        "sources: /v1/factors.",
    )


class ConsumptionRow(FigureRow):
    carrier: Carrier = Field(description="What is used.")


class DayRow(PlaceRow):
    """One local day of one series behind the figures."""

    day: date = Field(description="Local calendar day.", examples=["2019-03-14"])
    start_at: datetime = Field(description="Start of the day, UTC.")
    name: str = Field(description=f"Name of the figure; {_UNITS}.")
    subject: str = Field(description="Device, contract/carrier or stream; empty: institution.")
    value: float | None = Field(description="The value, in `unit`; null: could not be said.")
    unit: str = Field(description="Unit of value, low and high.")
    low: float | None = Field(None, description="Lower bound, in `unit`.")
    high: float | None = Field(None, description="Upper bound, in `unit`.")
    quality: str = Field(description="Quality code: " + ", ".join(QUALITIES) + ".")
    state: MonthState = Field(description="State of the month the day is in.")
    revision: int = Field(description="Signed revision of that month; 0 means never closed.")


class PvRow(EvidenceRow):
    """Shares are those of the generation; /v1/figures has those of every figure."""

    system: str = Field(description="PV device id; empty: the institution as a whole.")
    pv_generation_kwh: float | None = figure_field("pv_generation_kwh")
    electricity_export_kwh: float | None = figure_field(
        EXPORT.figure, "At the grid meter the system feeds."
    )
    pv_self_use_kwh: float | None = figure_field("pv_self_use_kwh")
    pv_self_use_ratio: float | None = figure_field("pv_self_use_ratio")
    pv_self_sufficiency_ratio: float | None = figure_field("pv_self_sufficiency_ratio")
    pv_final_yield_kwh_per_kwp: float | None = figure_field("pv_final_yield_kwh_per_kwp")
    pv_reference_yield_h: float | None = figure_field("pv_reference_yield_h")
    pv_performance_ratio: float | None = figure_field("pv_performance_ratio")
    pv_performance_ratio_stc: float | None = figure_field("pv_performance_ratio_stc")


class WasteRow(EvidenceRow):
    """Shares are those of the mass; /v1/figures has those of every figure."""

    stream: WasteStream | Literal["total"] = Field(
        description="Stream of GB/T 19095-2019, or total."
    )
    waste_mass_kg: float | None = figure_field("waste_mass_kg")
    waste_share_ratio: float | None = figure_field("waste_share_ratio")
    waste_collections_count: float | None = figure_field("waste_collections_count")
    waste_bin_coverage_ratio: float | None = figure_field("waste_bin_coverage_ratio")
    waste_sorting_accuracy_ratio: float | None = figure_field("waste_sorting_accuracy_ratio")
    waste_sorting_accuracy_low_ratio: float | None = figure_field(
        "waste_sorting_accuracy_ratio", "Lower bound (/v1/figures has its confidence)."
    )
    waste_sorting_accuracy_high_ratio: float | None = figure_field(
        "waste_sorting_accuracy_ratio", "Upper bound."
    )
    waste_inspected_count: float | None = figure_field("waste_inspected_count")
    waste_recycling_ratio: float | None = figure_field("waste_recycling_ratio")


class IndicatorRow(EvidenceRow):
    """Shares are the worst of the figures in the row."""

    standard_coal_kgce: float | None = figure_field("standard_coal_kgce")
    standard_coal_shandong_kgce: float | None = figure_field("standard_coal_shandong_kgce")
    co2_kg: float | None = figure_field("co2_kg")
    standard_coal_heating_kgce: float | None = figure_field("standard_coal_heating_kgce")
    standard_coal_non_heating_kgce: float | None = figure_field("standard_coal_non_heating_kgce")
    standard_coal_non_heating_shandong_kgce: float | None = figure_field(
        "standard_coal_non_heating_shandong_kgce"
    )
    co2_heating_kg: float | None = figure_field("co2_heating_kg")
    co2_non_heating_kg: float | None = figure_field("co2_non_heating_kg")
    electricity_non_heating_kwh: float | None = figure_field("electricity_non_heating_kwh")
    electricity_cost_cny: float | None = figure_field("electricity_cost_cny")
    gross_load_kwh: float | None = figure_field("gross_load_kwh")
    out_of_hours_use_kwh: float | None = figure_field("out_of_hours_use_kwh")
    out_of_hours_use_ratio: float | None = figure_field("out_of_hours_use_ratio")
    energy_per_area_kgce_per_m2: float | None = figure_field("energy_per_area_kgce_per_m2")
    energy_per_area_heating_kgce_per_m2: float | None = figure_field(
        "energy_per_area_heating_kgce_per_m2"
    )
    energy_per_area_non_heating_kgce_per_m2: float | None = figure_field(
        "energy_per_area_non_heating_kgce_per_m2"
    )
    energy_per_head_kgce: float | None = figure_field("energy_per_head_kgce")
    water_per_head_m3: float | None = figure_field("water_per_head_m3")
    outdoor_temperature_mean_c: float | None = figure_field("outdoor_temperature_mean_c")


class CostRow(EvidenceRow):
    """Electricity by tariff period. Shares are the worst of the figures in the row."""

    period: str = Field(description="sharp, peak, flat, valley, deep_valley, or total.")
    electricity_period_kwh: float | None = figure_field("electricity_period_kwh")
    electricity_cost_cny: float | None = figure_field("electricity_cost_cny")


class DeviceQualityRow(MonthRow):
    """How much of what a device had to report came."""

    device: str = Field(description="Device id.")
    device_name_zh: str = Field(description="Its name in Chinese.")
    device_name_en: str = Field(description="Its name in English.")
    readings_expected_count: float | None = figure_field("readings_expected_count")
    readings_received_count: float | None = figure_field("readings_received_count")
    received_share: float | None = number_field("Received / expected, 0 to 1", "1")


class BoardDeviceRow(PlaceRow):
    """One device on the completeness board."""

    month: str | None = Field(
        description="Month the counts and shares are of; null: nothing computed."
    )
    device: str = Field(description="Device id.")
    device_name_zh: str = Field(description="Its name in Chinese.")
    device_name_en: str = Field(description="Its name in English.")
    device_class: DeviceClass = Field(description="meter, pv, bin or weather.")
    device_state: DeviceState = Field(
        description="never: no reading ever came; stale: the last is older than three of its "
        "intervals, at the month's end or now while it runs; zero: goes on reporting, but its use "
        "newly stopped; ok: reports, however low its use."
    )
    last_at: datetime | None = Field(description="Its last reading, UTC; null: none ever came.")
    readings_expected_count: float | None = figure_field("readings_expected_count")
    readings_received_count: float | None = figure_field("readings_received_count")
    received_share: float | None = number_field("Received / expected, may exceed 1", "1")
    measured_share: float | None = number_field("Share of its use's time measured, 0 to 1", "1")
    estimated_share: float | None = number_field("Share of its use's time estimated, 0 to 1", "1")
    missing_share: float | None = number_field("Share of its use's time missing, 0 to 1", "1")
    findings: str = Field(description="Codes of what to know, by ', '; texts: /v1/findings.")


class QualityRow(MonthRow):
    """How complete the figures of one institution and month are."""

    figures: int = Field(description="Figures computed.")
    figures_without_value: int = Field(description="Figures that could not be said.")
    measured_share: float | None = number_field(
        "Share of the time measured, mean over the use, PV and waste figures with a subject", "1"
    )
    estimated_share: float | None = number_field("Share estimated, same mean", "1")
    missing_share: float | None = number_field("Share missing, same mean", "1")
    findings_serious: int = Field(description="Serious findings.")
    findings_warning: int = Field(description="Warnings.")
    findings_info: int = Field(description="Notes.")


class FindingRow(MonthRow):
    figure: str = Field(description="Name of the figure meant; empty: the month as a whole.")
    subject: str = Field(description="Device, contract or stream meant; empty: institution.")
    code: str = Field(description="Stable code of the finding.")
    severity: Severity = Field(description="info, warning or serious.")
    text: str = Field(description="The finding as a sentence, by ?lang or Accept-Language.")


class FactorRow(MonthRow):
    figure: str = Field(description="Name of the figure computed with the factor.")
    subject: str = Field(description="Subject of that figure.")
    factor: str = Field(description="Name of the factor.")
    value: float = Field(description="Value of the factor, in `unit`.")
    unit: str = Field(description="Unit of the value.")
    source: str = Field(description="Where the factor was published.")
    valid_from: date = Field(description="Local day from which it holds.")


class AsideRow(Row):
    """What was kept aside and why, counted together by source, code and device."""

    source: str = Field(description="MQTT topic or HTTP route it came by.")
    code: str = Field(description="Reason, a stable word.")
    device: str = Field(description="Device meant, where known.")
    institution: str = Field(description="Its institution, where known.")
    count: int = Field(description="How many.")
    first_at: datetime = Field(description="First seen, UTC.")
    last_at: datetime = Field(description="Last seen, UTC.")
    detail: str = Field(description="The reason in words, of the last one.")


class MonthStateRow(MonthRow):
    digest: str = Field(description="Digest of the result's canonical JSON.")
    computed_at: datetime = Field(description="When it was last computed, UTC.")
    closed_at: datetime | None = Field(None, description="When it was last closed, UTC.")


class RevisionRow(MonthRow):
    number: int = Field(description="Number of this revision, from 1.")
    digest: str = Field(description="Digest of the frozen result.")
    code_version: str = Field(description="Version of Civicmeter that computed it.")
    signed_by: str = Field(description="Who signed it.")
    reason: str = Field(description="Why, for a restatement.")
    closed_at: datetime = Field(description="When it was signed, UTC.")


class ChangeRow(MonthRow):
    """One figure that a waiting restatement would change: its value or its evidence."""

    name: str = Field(description=f"Name of the figure, or empty for the month; {_UNITS}.")
    subject: str = Field(description="Subject of the figure.")
    unit: str = Field(description="Unit of the values.")
    standing_value: float | None = Field(description="The signed value, in `unit`.")
    pending_value: float | None = Field(description="The value that waits, in `unit`.")
    change: float | None = Field(description="pending − standing, in `unit`.")
    standing_measured_share: float | None = number_field("Measured share as signed, 0 to 1", "1")
    pending_measured_share: float | None = number_field("Measured share that waits, 0 to 1", "1")
    standing_findings: str = Field(description="Codes of what was to know, by ', '.")
    pending_findings: str = Field(description="Codes of what there is to know then, by ', '.")
    days_changed: int = Field(description="Day values behind the figure that would change.")


class SeriesRow(Row):
    device: str = Field(description="Device id.")
    device_class: DeviceClass | Literal[""] = Field(description="meter, pv, bin or weather.")
    institution: str = Field(description="Institution id.")
    quantity: str = Field(description="What is reported; /v1/quantities has the meanings.")
    unit: str = Field(description="Unit of the values.")
    readings: int = Field(description="Readings stored.")
    first_at: datetime = Field(description="First reading, UTC.")
    last_at: datetime = Field(description="Last reading, UTC.")


class ReadingRow(Row):
    device: str = Field(description="Device id.")
    quantity: str = Field(description="What is reported.")
    at: datetime = Field(description="Instant of the reading, UTC.")
    value: float = Field(description="The value as the device reported it, in `unit`.")
    unit: str = Field(description="Unit of the value.")


def unit_of_quantity(quantity: str) -> str:
    """The unit of a quantity; "1" for one that is not in the table (stored by an older version)."""
    return QUANTITIES[quantity].unit if quantity in QUANTITIES else "1"


class QuantityRow(Row):
    name: str = Field(description="Name, as in payloads.")
    unit: str = Field(description="Unit; 1 means none.")
    kind: Kind = Field(description="measurement, or total_increasing (a register).")
    name_zh: str = Field(description="Meaning in Chinese.")
    name_en: str = Field(description="Meaning in English.")
    minimum: float | None = Field(description="Least physical value, in `unit`.")
    maximum: float | None = Field(description="Greatest physical value, in `unit`.")


class FigureNameRow(Row):
    name: str = Field(description="Name of the figure.")
    unit: str = Field(description="Unit; 1 means none.")
    name_zh: str = Field(description="Meaning in Chinese.")
    name_en: str = Field(description="Meaning in English.")


def quantity_rows() -> list[QuantityRow]:
    return [
        QuantityRow(
            name=q.name,
            unit=q.unit,
            kind=q.kind,
            name_zh=q.zh,
            name_en=q.en,
            minimum=q.minimum,
            maximum=q.maximum,
        )
        for q in QUANTITIES.values()
    ]


def figure_name_rows() -> list[FigureNameRow]:
    return [
        FigureNameRow(name=f.name, unit=f.unit, name_zh=f.zh, name_en=f.en)
        for f in FIGURE_NAMES.values()
    ]
