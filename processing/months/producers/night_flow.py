"""The flow of water at night."""

from processing.months.producer import MonthContext, Part, Producer
from processing.months.producers.electricity_hours import reached_by_mains
from processing.use.night_flow import night_flow_figures


def _make(context: MonthContext) -> Part:
    site = context.site
    edges = reached_by_mains(context)
    rates = {m.id: m.max_rate_per_h for m in site.records if m.max_rate_per_h}
    return Part(figures=night_flow_figures(site.meters, edges, site.institution.timezone, rates))


PRODUCER = Producer("night_flow", ("water_night_flow_m3_per_h",), _make)
