"""The registry of figures, asked: by name, by list, by what a figure is about.

A new figure is a row in `domain.figures.table`. The report's tables and ``/v1/figure-names`` have
it from there; where it is compared with other months or places, or has a column of its own in the
API, it takes its place in a list below.
"""

from domain.carriers import COOLING, ELECTRICITY, EXPORT, GAS_ENERGY, GAS_VOLUME, HEAT, WATER
from domain.figures.kinds import FigureName, Group, Table
from domain.figures.subjects import Subject, read_subject
from domain.figures.table import ROWS

FIGURE_NAMES: dict[str, FigureName] = {row.name: row for row in ROWS}
"""Every figure name, in the order in which people see them."""

COMPARED = (
    ELECTRICITY.figure,
    EXPORT.figure,
    "gross_load_kwh",
    WATER.figure,
    GAS_VOLUME.figure,
    GAS_ENERGY.figure,
    HEAT.figure,
    COOLING.figure,
    "standard_coal_kgce",
    "standard_coal_shandong_kgce",
    "co2_kg",
    "standard_coal_heating_kgce",
    "standard_coal_non_heating_kgce",
    "standard_coal_heating_shandong_kgce",
    "standard_coal_non_heating_shandong_kgce",
    "co2_heating_kg",
    "co2_non_heating_kg",
    "electricity_non_heating_kwh",
    "electricity_cost_cny",
    "waste_mass_kg",
    "out_of_hours_use_kwh",
)
"""The institution's figures that are compared with earlier months, and summed over years."""

AMONG_PEERS = (
    "energy_per_area_kgce_per_m2",
    "energy_per_area_heating_kgce_per_m2",
    "energy_per_area_non_heating_kgce_per_m2",
    "energy_per_head_kgce",
    "water_per_head_m3",
    "out_of_hours_use_ratio",
)
"""The figures by which institutions of one building type are compared: lower is better."""

COLUMNS: dict[Table, tuple[str, ...]] = {
    "pv": (
        "pv_generation_kwh",
        EXPORT.figure,
        "pv_self_use_kwh",
        "pv_self_use_ratio",
        "pv_self_sufficiency_ratio",
        "pv_final_yield_kwh_per_kwp",
        "pv_reference_yield_h",
        "pv_performance_ratio",
        "pv_performance_ratio_stc",
    ),
    "waste": (
        "waste_mass_kg",
        "waste_share_ratio",
        "waste_collections_count",
        "waste_bin_coverage_ratio",
        "waste_sorting_accuracy_ratio",
        "waste_inspected_count",
        "waste_recycling_ratio",
    ),
    "indicators": (
        "standard_coal_kgce",
        "standard_coal_shandong_kgce",
        "co2_kg",
        "standard_coal_heating_kgce",
        "standard_coal_non_heating_kgce",
        "standard_coal_heating_shandong_kgce",
        "standard_coal_non_heating_shandong_kgce",
        "co2_heating_kg",
        "co2_non_heating_kg",
        "electricity_non_heating_kwh",
        "electricity_cost_cny",
        "gross_load_kwh",
        "out_of_hours_use_kwh",
        "out_of_hours_use_ratio",
        "energy_per_area_kgce_per_m2",
        "energy_per_area_heating_kgce_per_m2",
        "energy_per_area_non_heating_kgce_per_m2",
        "energy_per_head_kgce",
        "water_per_head_m3",
        "outdoor_temperature_mean_c",
    ),
    "costs": ("electricity_period_kwh", "electricity_cost_cny"),
    "readings": ("readings_expected_count", "readings_received_count"),
    "savings": (
        "counterfactual_kwh",
        "observed_kwh",
        "avoided_energy_kwh",
        "avoided_energy_nominal_kwh",
        "avoided_energy_ratio",
        "adjustment_kwh",
        "avoided_energy_unadjusted_kwh",
        "avoided_energy_year_to_date_kwh",
        "normalised_saving_kwh",
    ),
}
"""The figures of each wide table of the API, in the order of its columns."""


def group_of(name: str) -> Group:
    """The group a figure stands in; ``other`` for a name that is not in the table."""
    return FIGURE_NAMES[name].group if name in FIGURE_NAMES else "other"


def subject_of(name: str, text: str) -> Subject:
    """What a figure of this name is about, its subject being written so.

    >>> subject_of("avoided_energy_kwh", "retrofit/electricity")
    OfContract(contract='retrofit', carrier='electricity')
    """
    return read_subject(text, FIGURE_NAMES[name].subjects if name in FIGURE_NAMES else ())
