"""All doubts in their order, and what they say of a claim."""

from collections.abc import Callable, Iterable

from domain.findings import Finding
from processing.savings.doubts import (
    at_rest,
    beyond_measure,
    climate,
    copied,
    meter_events,
    meter_words,
    negative_use,
    other_carriers,
    static_factors,
    thermometer,
    thin_evidence,
)
from processing.savings.doubts.case import Case

Doubt = Callable[[Case], Iterable[Finding]]

DOUBTS: tuple[Doubt, ...] = (
    thin_evidence.doubt,
    negative_use.doubt,
    beyond_measure.doubt,
    at_rest.doubt,
    copied.doubt,
    meter_events.doubt,
    meter_words.doubt,
    other_carriers.doubt,
    static_factors.doubt,
    climate.doubt,
    thermometer.doubt,
)


def doubts_of(case: Case) -> tuple[Finding, ...]:
    """What every doubt finds; serious ones withhold the verdict."""
    return tuple(finding for doubt in DOUBTS for finding in doubt(case))
