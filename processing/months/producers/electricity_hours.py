"""Electricity by local hours: use out of hours, tariff periods and their cost."""

from domain.calendar import HOUR_MS
from processing.curves.curve import Ints
from processing.curves.days import elapsed
from processing.months.producer import MonthContext, Part, Producer
from processing.use.hours import hourly_electricity, out_of_hours_figures, tariff_figures


def _make(context: MonthContext) -> Part:
    institution = context.site.institution
    edges = reached_by_mains(context)
    hourly = hourly_electricity(context.site.meters, edges, institution.timezone)
    if hourly is None:
        return Part()
    figures = out_of_hours_figures(hourly, institution)
    return Part(figures=[*figures, *tariff_figures(hourly, institution, context.month.first_day)])


PRODUCER = Producer(
    "electricity_hours",
    (
        "out_of_hours_use_kwh",
        "out_of_hours_use_ratio",
        "electricity_period_kwh",
        "electricity_cost_cny",
    ),
    _make,
)


def reached_by_mains(context: MonthContext) -> Ints:
    """The edges as far as time, or what main meters say, has come."""
    mains = [u.curve.last_ms for u in context.site.meters if u.is_main]
    last_ms = max((t for t in mains if t is not None), default=None)
    return elapsed(context.edges, context.now_ms, last_ms, HOUR_MS)
