"""How well waste was sorted, as inspectors found it."""

from processing.months.producer import MonthContext, Part, Producer
from processing.months.producers.waste_streams import reached_by_bins
from processing.waste.inspections import (
    ACCURACY,
    INSPECTED,
    TOTAL,
    accuracy_figures,
    inspections_of,
)


def _make(context: MonthContext) -> Part:
    site = context.site
    if not site.bins:
        return Part()
    found = inspections_of(site.bins, site.bin_samples, reached_by_bins(context, TOTAL))
    return Part(figures=accuracy_figures(found))


PRODUCER = Producer("inspections", (ACCURACY, INSPECTED), _make)
