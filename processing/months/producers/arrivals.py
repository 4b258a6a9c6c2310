"""How many readings were expected of each device, and how many came."""

from processing.months.producer import MonthContext, Part, Producer
from processing.quality.arrivals import arrival_figures


def _make(context: MonthContext) -> Part:
    arrivals = context.site.arrivals
    return Part(figures=arrival_figures(arrivals, context.start_ms, context.reached_ms))


PRODUCER = Producer("arrivals", ("readings_expected_count", "readings_received_count"), _make)
