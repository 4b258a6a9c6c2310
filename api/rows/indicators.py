"""Rows of indicators and of what electricity costs: one an institution, or tariff period, and month."""

from collections.abc import Iterable

from pydantic import Field

from api.rows.base import EvidenceRow, figure_field
from api.rows.standing import StandingResult, evidence_fields, groups_of, wide_fields, worst_shares
from domain.figures.names import COLUMNS
from domain.figures.subjects import Whole


class IndicatorRow(EvidenceRow):
    """Shares are the worst of the figures in the row."""

    standard_coal_kgce: float | None = figure_field("standard_coal_kgce")
    standard_coal_shandong_kgce: float | None = figure_field("standard_coal_shandong_kgce")
    co2_kg: float | None = figure_field("co2_kg")
    standard_coal_heating_kgce: float | None = figure_field("standard_coal_heating_kgce")
    standard_coal_non_heating_kgce: float | None = figure_field("standard_coal_non_heating_kgce")
    standard_coal_heating_shandong_kgce: float | None = figure_field(
        "standard_coal_heating_shandong_kgce"
    )
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


INDICATOR_NAMES = COLUMNS["indicators"]

COST_NAMES = COLUMNS["costs"]


def indicator_rows(standing: Iterable[StandingResult]) -> list[IndicatorRow]:
    """One row an institution and month: coal, carbon, per area, per head."""
    return [
        IndicatorRow(
            **s.head,
            **evidence_fields(worst_shares(group), group.values()),
            **wide_fields(group, INDICATOR_NAMES),
        )
        for s in standing
        for subject, group in groups_of(s, INDICATOR_NAMES)
        if isinstance(subject, Whole)
    ]


def cost_rows(standing: Iterable[StandingResult]) -> list[CostRow]:
    """One row a tariff period and month, and one for the total."""
    return [
        CostRow(
            **s.head,
            **evidence_fields(worst_shares(group), group.values()),
            period=str(subject) or "total",
            **wide_fields(group, COST_NAMES),
        )
        for s in standing
        for subject, group in groups_of(s, COST_NAMES)
    ]
