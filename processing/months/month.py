"""One institution's month, put together by producers. Pure: the same input, the same result."""

from collections.abc import Sequence

from domain.calendar import Month
from domain.figures import MonthResult
from processing.curves.days import day_edges
from processing.months.producer import MonthContext, Part, Producer
from processing.months.producers import (
    arrivals,
    electricity_hours,
    generation,
    heating,
    indicators,
    inputs,
    inspections,
    metering,
    night_flow,
    savings,
    self_use,
    temperature,
    waste_streams,
)
from processing.months.site import Site
from processing.savings.track import SavingsTrack

PRODUCERS: tuple[Producer, ...] = (
    inputs.PRODUCER,
    metering.PRODUCER,
    generation.PRODUCER,
    self_use.PRODUCER,
    waste_streams.PRODUCER,
    inspections.PRODUCER,
    indicators.PRODUCER,
    heating.PRODUCER,
    night_flow.PRODUCER,
    electricity_hours.PRODUCER,
    arrivals.PRODUCER,
    savings.PRODUCER,
    temperature.PRODUCER,
)
"""In the order of their figures in a month, which signed months keep. Each may use the parts of
those before it."""


def month_result(
    site: Site,
    month: Month,
    now_ms: int,
    savings: Sequence[SavingsTrack] = (),
    producers: Sequence[Producer] = PRODUCERS,
) -> MonthResult:
    """Everything about one institution and month.

    A month that is not over at `now_ms` is computed up to now; for one that is, the result
    does not depend on now.
    """
    parts = list(month_parts(site, month, now_ms, savings, producers).values())
    return MonthResult(
        institution=site.institution.id,
        month=month,
        figures=tuple(f for part in parts for f in part.figures),
        days=tuple(d for part in parts for d in part.days),
        findings=tuple(f for part in parts for f in part.findings),
        models=tuple(m for part in parts for m in part.models),
    )


def month_parts(
    site: Site,
    month: Month,
    now_ms: int,
    savings: Sequence[SavingsTrack] = (),
    producers: Sequence[Producer] = PRODUCERS,
) -> dict[str, Part]:
    """The part of each producer, by its name, in their order."""
    edges = day_edges(month.first_day, month.end_day, site.institution.timezone)
    parts: dict[str, Part] = {}
    context = MonthContext(site, month, edges, now_ms, savings, parts)
    for producer in producers:
        parts[producer.name] = producer.make(context)
    return parts
