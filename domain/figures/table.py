"""The table of figures: a row for each name, in the order in which people see them."""

from functools import partial

from domain.carriers import COOLING, ELECTRICITY, EXPORT, GAS_ENERGY, GAS_VOLUME, HEAT, WATER
from domain.figures.kinds import FigureName

# What rows have in common: the group, what they may be about, and over what they add up.
_metered = partial(FigureName, group="use", subjects=("institution", "device"), adds="both")
_total = partial(FigureName, group="use", subjects=("institution",), adds="both")
_saving = partial(FigureName, group="saving", subjects=("contract",), adds="both")
_saving_ratio = partial(FigureName, group="saving", subjects=("contract",), adds="no")
_saving_of_year = partial(FigureName, group="saving", subjects=("contract",), adds="places")
_saving_part = partial(FigureName, group="saving", subjects=("part",), adds="both")
_weighted = partial(FigureName, group="indicator", subjects=("institution",), adds="both")
_per = partial(FigureName, group="indicator", subjects=("institution",), adds="time")
_pv_energy = partial(FigureName, group="pv", subjects=("institution", "device"), adds="both")
_pv_yield = partial(FigureName, group="pv", subjects=("institution", "device"), adds="time")
_pv_ratio = partial(FigureName, group="pv", subjects=("institution", "device"), adds="no")
_waste = partial(FigureName, group="waste", subjects=("institution", "stream"), adds="both")
_waste_ratio = partial(FigureName, group="waste", subjects=("institution", "stream"), adds="no")
_inspected = partial(
    FigureName, group="waste", subjects=("institution", "stream", "device"), adds="both"
)
_inspected_ratio = partial(
    FigureName, group="waste", subjects=("institution", "stream", "device"), adds="no"
)
_of_device = partial(FigureName, group="other", subjects=("device",), adds="no")
_counted = partial(FigureName, group="other", subjects=("device",), adds="both")
_item = partial(FigureName, group="other", subjects=("item",), adds="both")
_hours = partial(FigureName, group="other", subjects=("institution",), adds="both")
_state = partial(FigureName, group="other", subjects=("institution",), adds="no")
_period = partial(FigureName, group="use", subjects=("period",), adds="both")
_cost = partial(FigureName, group="use", subjects=("institution", "period"), adds="both")

ROWS: tuple[FigureName, ...] = (
    _metered(ELECTRICITY.figure, "kWh", "用电量", "Electricity use (purchased)"),
    _total("electricity_non_heating_kwh", "kWh", "非供暖用电量", "Electricity use without heating"),
    _metered(EXPORT.figure, "kWh", "上网电量", "Electricity export"),
    _total("gross_load_kwh", "kWh", "总用电负荷", "Gross load (import + PV − export)"),
    _metered(WATER.figure, "m³", "用水量", "Water use"),
    _metered(GAS_VOLUME.figure, "m³", "天然气用量", "Natural gas use"),
    _metered(GAS_ENERGY.figure, "kWh", "天然气用量（热量）", "Natural gas use (energy)"),
    _metered(HEAT.figure, "GJ", "热力用量", "Heat use"),
    _metered(COOLING.figure, "GJ", "冷量用量", "Cooling use"),
    _saving("counterfactual_kwh", "kWh", "校准能耗", "Counterfactual (adjusted baseline) use"),
    _saving("observed_kwh", "kWh", "实际能耗", "Observed use"),
    _saving("avoided_energy_kwh", "kWh", "节能量", "Avoided energy"),
    _saving(
        "avoided_energy_nominal_kwh",
        "kWh",
        "节能量（名义区间，仅供对照）",
        "Avoided energy with the nominal (Guideline 14) interval, for comparison",
    ),
    _saving_ratio("avoided_energy_ratio", "1", "节能率", "Avoided energy share of counterfactual"),
    _saving_of_year(
        "avoided_energy_year_to_date_kwh", "kWh", "本年累计节能量", "Avoided energy, year to date"
    ),
    _saving_of_year(
        "avoided_energy_contract_year_kwh",
        "kWh",
        "本合同年累计节能量",
        "Avoided energy, contract year to date",
    ),
    _saving(
        "avoided_energy_unadjusted_kwh",
        "kWh",
        "节能量（不计非常规调整）",
        "Avoided energy without the non-routine adjustments",
    ),
    _saving("adjustment_kwh", "kWh", "非常规调整量", "Non-routine adjustment"),
    _saving_of_year(
        "normalised_saving_kwh",
        "kWh",
        "标准年条件下的年节能量",
        "Saving a year under typical-year conditions",
    ),
    _saving_part(
        "counterfactual_part_kwh", "kWh", "校准能耗的组成部分", "Part of the counterfactual"
    ),
    _weighted("standard_coal_kgce", "kgce", "标准煤（国家当量值）", "Standard coal (national set)"),
    _weighted(
        "standard_coal_shandong_kgce",
        "kgce",
        "标准煤（山东定额口径）",
        "Standard coal (Shandong quota set)",
    ),
    _weighted(
        "standard_coal_heating_kgce",
        "kgce",
        "供暖标准煤（国家当量值）",
        "Standard coal of heating (national set)",
    ),
    _weighted(
        "standard_coal_non_heating_kgce",
        "kgce",
        "非供暖标准煤（国家当量值）",
        "Standard coal without heating (national set)",
    ),
    _weighted(
        "standard_coal_heating_shandong_kgce",
        "kgce",
        "供暖标准煤（山东定额口径）",
        "Standard coal of heating (Shandong quota set)",
    ),
    _weighted(
        "standard_coal_non_heating_shandong_kgce",
        "kgce",
        "非供暖标准煤（山东定额口径）",
        "Standard coal without heating (Shandong quota set)",
    ),
    _weighted("co2_kg", "kg", "二氧化碳排放量", "CO₂ emissions"),
    _weighted("co2_heating_kg", "kg", "供暖二氧化碳排放量", "CO₂ emissions of heating"),
    _weighted("co2_non_heating_kg", "kg", "非供暖二氧化碳排放量", "CO₂ emissions without heating"),
    _pv_energy("pv_generation_kwh", "kWh", "光伏发电量", "PV generation"),
    _pv_energy("pv_self_use_kwh", "kWh", "光伏自用电量", "PV self-use"),
    _pv_ratio("pv_self_use_ratio", "1", "自发自用率", "PV self-use rate"),
    _pv_ratio("pv_self_sufficiency_ratio", "1", "自给率", "Self-sufficiency"),
    _pv_yield("pv_final_yield_kwh_per_kwp", "kWh/kWp", "等效利用小时", "Final yield Yf"),
    _pv_yield("pv_reference_yield_h", "h", "参考等效小时", "Reference yield Yr"),
    _pv_ratio("pv_performance_ratio", "1", "性能比 PR", "Performance ratio"),
    _pv_ratio("pv_performance_ratio_stc", "1", "温度修正性能比", "PR, temperature-corrected"),
    _waste("waste_mass_kg", "kg", "垃圾产生量", "Waste mass"),
    _waste_ratio("waste_share_ratio", "1", "分出率", "Weight share of stream in total"),
    _waste("waste_collections_count", "1", "收运次数", "Collections"),
    _waste_ratio("waste_bin_coverage_ratio", "1", "桶上报率", "Bins that reported / registered"),
    _inspected_ratio(
        "waste_sorting_accuracy_ratio", "1", "分类准确率", "Sorting accuracy (inspections)"
    ),
    _inspected("waste_inspected_count", "1", "检查件数", "Items inspected"),
    _waste_ratio("waste_recycling_ratio", "1", "回收利用率", "Recycling rate"),
    _per("energy_per_area_kgce_per_m2", "kgce/m²", "单位面积能耗", "Energy per floor area"),
    _per(
        "energy_per_area_heating_kgce_per_m2",
        "kgce/m²",
        "单位面积供暖能耗",
        "Heating energy per floor area",
    ),
    _per(
        "energy_per_area_non_heating_kgce_per_m2",
        "kgce/m²",
        "单位面积非供暖能耗",
        "Non-heating energy per floor area",
    ),
    _per("energy_per_head_kgce", "kgce/人", "人均能耗", "Energy per head"),
    _per("water_per_head_m3", "m³/人", "人均用水", "Water per head"),
    _of_device(
        "meter_balance_ratio", "1", "分项平衡差率", "Sub-metering balance: (main − subs) / main"
    ),
    _item("energy_item_kwh", "kWh", "分项用电量", "Electricity by energy item (MOHURD code)"),
    _of_device("water_night_flow_m3_per_h", "m³/h", "夜间最小流量", "Night flow of water"),
    _hours("out_of_hours_use_kwh", "kWh", "非工作时段用电量", "Electricity out of hours"),
    _state("out_of_hours_use_ratio", "1", "非工作时段用电占比", "Out-of-hours share of use"),
    _period("electricity_period_kwh", "kWh", "分时用电量", "Electricity by tariff period"),
    _cost("electricity_cost_cny", "CNY", "电费", "Cost of electricity"),
    _counted("readings_expected_count", "1", "应收读数", "Readings expected"),
    _counted("readings_received_count", "1", "实收读数", "Readings received"),
    _state("outdoor_temperature_mean_c", "°C", "平均室外温度", "Mean outdoor temperature"),
)
