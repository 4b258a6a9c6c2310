"""A figure: one monthly number with its evidence. And the table of all figure names."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from domain.calendar import Month
from domain.findings import Finding

Verdict = Literal["proven", "not_proven", "proven_increase"]


@dataclass(frozen=True, slots=True)
class FactorUse:
    """A dated factor a figure was computed with, e.g. the grid's CO₂ per kWh."""

    name: str
    value: float
    unit: str
    source: str
    valid_from: date


@dataclass(frozen=True, slots=True)
class Shares:
    """How much of a figure's time was measured, estimated and missing; they sum to 1."""

    measured: float
    estimated: float
    missing: float

    @classmethod
    def none(cls) -> "Shares":
        """Nothing is there."""
        return cls(0.0, 0.0, 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One number of one institution and month, with its evidence.

    `name` is a key of FIGURE_NAMES. `subject` is the device, contract or waste stream meant,
    empty for the institution. `value` None means: it could not be said (the findings say why);
    missing is never zero. `low` and `high` bound the value at `confidence` where an interval
    exists. `method` names how it was computed, with a version.
    """

    name: str
    subject: str = ""
    value: float | None
    shares: Shares
    method: str
    low: float | None = None
    high: float | None = None
    confidence: float | None = None
    verdict: Verdict | None = None
    factors: tuple[FactorUse, ...] = ()
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DayValue:
    """One local day of one series behind the figures, for charts and for audit.

    `name` and `subject` as in Figure. `quality` is a code of `domain.quality`.
    """

    day: date
    name: str
    subject: str
    value: float | None
    quality: str
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthResult:
    """Everything computed for one institution and month."""

    institution: str
    month: Month
    figures: tuple[Figure, ...]
    days: tuple[DayValue, ...] = ()
    findings: tuple[Finding, ...] = ()
    models: tuple[str, ...] = ()
    """Digests of the frozen baseline models used (see the ledger's models)."""


@dataclass(frozen=True, slots=True)
class FigureName:
    """What a figure name means, in both languages, with its unit as people write it."""

    name: str
    unit: str
    zh: str
    en: str


_NAMES = (
    FigureName("electricity_use_kwh", "kWh", "用电量", "Electricity use (purchased)"),
    FigureName(
        "electricity_non_heating_kwh", "kWh", "非供暖用电量", "Electricity use without heating"
    ),
    FigureName("electricity_export_kwh", "kWh", "上网电量", "Electricity export"),
    FigureName("gross_load_kwh", "kWh", "总用电负荷", "Gross load (import + PV − export)"),
    FigureName("water_use_m3", "m³", "用水量", "Water use"),
    FigureName("natural_gas_use_m3", "m³", "天然气用量", "Natural gas use"),
    FigureName("natural_gas_use_kwh", "kWh", "天然气用量（热量）", "Natural gas use (energy)"),
    FigureName("heat_use_gj", "GJ", "热力用量", "Heat use"),
    FigureName("cooling_use_gj", "GJ", "冷量用量", "Cooling use"),
    FigureName("counterfactual_kwh", "kWh", "校准能耗", "Counterfactual (adjusted baseline) use"),
    FigureName("observed_kwh", "kWh", "实际能耗", "Observed use"),
    FigureName("avoided_energy_kwh", "kWh", "节能量", "Avoided energy"),
    FigureName(
        "avoided_energy_nominal_kwh",
        "kWh",
        "节能量（名义区间，仅供对照）",
        "Avoided energy with the nominal (Guideline 14) interval, for comparison",
    ),
    FigureName("avoided_energy_ratio", "1", "节能率", "Avoided energy share of counterfactual"),
    FigureName(
        "avoided_energy_year_to_date_kwh", "kWh", "本年累计节能量", "Avoided energy, year to date"
    ),
    FigureName(
        "avoided_energy_unadjusted_kwh",
        "kWh",
        "节能量（不计非常规调整）",
        "Avoided energy without the non-routine adjustments",
    ),
    FigureName("adjustment_kwh", "kWh", "非常规调整量", "Non-routine adjustment"),
    FigureName(
        "normalised_saving_kwh",
        "kWh",
        "标准年条件下的年节能量",
        "Saving a year under typical-year conditions",
    ),
    FigureName(
        "counterfactual_part_kwh",
        "kWh",
        "校准能耗的组成部分",
        "Part of the counterfactual",
    ),
    FigureName(
        "standard_coal_kgce", "kgce", "标准煤（国家当量值）", "Standard coal (national set)"
    ),
    FigureName(
        "standard_coal_shandong_kgce",
        "kgce",
        "标准煤（山东定额口径）",
        "Standard coal (Shandong quota set)",
    ),
    FigureName(
        "standard_coal_heating_kgce",
        "kgce",
        "供暖标准煤（国家当量值）",
        "Standard coal of heating (national set)",
    ),
    FigureName(
        "standard_coal_non_heating_kgce",
        "kgce",
        "非供暖标准煤（国家当量值）",
        "Standard coal without heating (national set)",
    ),
    FigureName(
        "standard_coal_non_heating_shandong_kgce",
        "kgce",
        "非供暖标准煤（山东定额口径）",
        "Standard coal without heating (Shandong quota set)",
    ),
    FigureName("co2_kg", "kg", "二氧化碳排放量", "CO₂ emissions"),
    FigureName("co2_heating_kg", "kg", "供暖二氧化碳排放量", "CO₂ emissions of heating"),
    FigureName("co2_non_heating_kg", "kg", "非供暖二氧化碳排放量", "CO₂ emissions without heating"),
    FigureName("pv_generation_kwh", "kWh", "光伏发电量", "PV generation"),
    FigureName("pv_self_use_kwh", "kWh", "光伏自用电量", "PV self-use"),
    FigureName("pv_self_use_ratio", "1", "自发自用率", "PV self-use rate"),
    FigureName("pv_self_sufficiency_ratio", "1", "自给率", "Self-sufficiency"),
    FigureName("pv_final_yield_kwh_per_kwp", "kWh/kWp", "等效利用小时", "Final yield Yf"),
    FigureName("pv_reference_yield_h", "h", "参考等效小时", "Reference yield Yr"),
    FigureName("pv_performance_ratio", "1", "性能比 PR", "Performance ratio"),
    FigureName("pv_performance_ratio_stc", "1", "温度修正性能比", "PR, temperature-corrected"),
    FigureName("waste_mass_kg", "kg", "垃圾产生量", "Waste mass"),
    FigureName("waste_share_ratio", "1", "分出率", "Weight share of stream in total"),
    FigureName("waste_collections_count", "1", "收运次数", "Collections"),
    FigureName("waste_bin_coverage_ratio", "1", "桶上报率", "Bins that reported / registered"),
    FigureName("waste_sorting_accuracy_ratio", "1", "分类准确率", "Sorting accuracy (inspections)"),
    FigureName("waste_inspected_count", "1", "检查件数", "Items inspected"),
    FigureName("waste_recycling_ratio", "1", "回收利用率", "Recycling rate"),
    FigureName("energy_per_area_kgce_per_m2", "kgce/m²", "单位面积能耗", "Energy per floor area"),
    FigureName(
        "energy_per_area_heating_kgce_per_m2",
        "kgce/m²",
        "单位面积供暖能耗",
        "Heating energy per floor area",
    ),
    FigureName(
        "energy_per_area_non_heating_kgce_per_m2",
        "kgce/m²",
        "单位面积非供暖能耗",
        "Non-heating energy per floor area",
    ),
    FigureName("energy_per_head_kgce", "kgce/人", "人均能耗", "Energy per head"),
    FigureName("water_per_head_m3", "m³/人", "人均用水", "Water per head"),
    FigureName(
        "meter_balance_ratio", "1", "分项平衡差率", "Sub-metering balance: (main − subs) / main"
    ),
    FigureName("energy_item_kwh", "kWh", "分项用电量", "Electricity by energy item (MOHURD code)"),
    FigureName("water_night_flow_m3_per_h", "m³/h", "夜间最小流量", "Night flow of water"),
    FigureName("out_of_hours_use_kwh", "kWh", "非工作时段用电量", "Electricity out of hours"),
    FigureName("out_of_hours_use_ratio", "1", "非工作时段用电占比", "Out-of-hours share of use"),
    FigureName("electricity_period_kwh", "kWh", "分时用电量", "Electricity by tariff period"),
    FigureName("electricity_cost_cny", "CNY", "电费", "Cost of electricity"),
    FigureName("readings_expected_count", "1", "应收读数", "Readings expected"),
    FigureName("readings_received_count", "1", "实收读数", "Readings received"),
    FigureName("outdoor_temperature_mean_c", "°C", "平均室外温度", "Mean outdoor temperature"),
)
FIGURE_NAMES: dict[str, FigureName] = {n.name: n for n in _NAMES}
