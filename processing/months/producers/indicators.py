"""Standard coal, CO₂, and use per area and head, from the institution's totals."""

from processing.months.producer import MonthContext, Part, Producer
from processing.months.producers import metering
from processing.use.indicators import indicator_figures


def _make(context: MonthContext) -> Part:
    totals = metering.total_figures(context)
    first_day = context.month.first_day
    return Part(figures=indicator_figures(context.site.institution, totals, first_day))


PRODUCER = Producer(
    "indicators",
    (
        "standard_coal_kgce",
        "standard_coal_shandong_kgce",
        "co2_kg",
        "energy_per_area_kgce_per_m2",
        "energy_per_head_kgce",
        "water_per_head_m3",
    ),
    _make,
)
