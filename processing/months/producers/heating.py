"""Heating and non-heating energy, as far as meters tell them apart."""

from processing.months.producer import MonthContext, Part, Producer
from processing.months.producers import metering
from processing.use.heating import heating_figures, heating_split


def _make(context: MonthContext) -> Part:
    site, month = context.site, context.month
    periods, totals = metering.metered(context), metering.total_figures(context)
    split = heating_split(site.institution, site.records, periods, totals, month)
    return Part(figures=heating_figures(site.institution, split, month))


PRODUCER = Producer(
    "heating",
    (
        "standard_coal_heating_kgce",
        "standard_coal_non_heating_kgce",
        "standard_coal_heating_shandong_kgce",
        "standard_coal_non_heating_shandong_kgce",
        "co2_heating_kg",
        "co2_non_heating_kg",
        "energy_per_area_heating_kgce_per_m2",
        "energy_per_area_non_heating_kgce_per_m2",
        "electricity_non_heating_kwh",
    ),
    _make,
)
