"""The flow of water at night, and whether it looks like a leak."""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from config.processing import NightFlowRules, processing_settings
from domain.calendar import HOUR_MS
from domain.carriers import WATER
from domain.figures import Figure, Shares
from domain.findings import Finding
from processing.curves.curve import Floats, Ints
from processing.curves.meter_use import MeterUse
from processing.use.hours import local_hours


def night_flow_figures(
    uses: Sequence[MeterUse],
    edges_ms: Ints,
    timezone: str,
    rates_m3_per_h: Mapping[str, float] | None = None,
    rules: NightFlowRules | None = None,
) -> list[Figure]:
    """The usual flow of each water meter at night, and whether it looks like a leak.

    `rates_m3_per_h`: what the branch of a meter can carry, where the registry says it.
    """
    rules = rules or processing_settings().night_flow
    figures = []
    for use in uses:
        if use.name != WATER.figure or edges_ms.size < 2:
            continue
        hours = local_hours(edges_ms, timezone)
        grid = use.grid(hours.edges_ms)
        at_night = (hours.hour >= rules.start_h) & (hours.hour < rules.end_h)
        known = grid.missing == 0
        nights = grid.use[at_night & known]
        if nights.size < rules.least_nights * (rules.end_h - rules.start_h):
            continue
        flow = float(np.median(nights))
        rate = (rates_m3_per_h or {}).get(use.meter)
        findings: tuple[Finding, ...] = ()
        # Hours of a meter that is read less often are interpolated: they tell no night apart.
        if use.interval_ms <= HOUR_MS:
            findings = _leak(use.meter, flow, nights, grid.use[known], rate, rules)
        figures.append(
            Figure(
                name="water_night_flow_m3_per_h",
                subject=use.meter,
                value=flow,
                shares=Shares.known(float(known[at_night].mean())),
                method=f"median-{rules.start_h}-{rules.end_h}h/1",
                findings=findings,
            )
        )
    return figures


def _leak(
    meter: str,
    flow: float,
    nights: Floats,
    hours: Floats,
    rate_m3_per_h: float | None,
    rules: NightFlowRules,
) -> tuple[Finding, ...]:
    """A leak is suspected where no night comes to rest, the flow is a large share of the mean,
    and the meter can vouch for it: every old building drips a little."""
    mean = float(hours.mean())
    nominal = rate_m3_per_h or nominal_flow_m3_per_h(float(hours.max()), rules)
    rests = float(np.quantile(nights, rules.resting_quantile_ratio)) <= 0
    if rests or flow <= rules.leak_ratio * mean or flow <= rules.least_flow_ratio * nominal:
        return ()
    numbers = {"flow_m3_per_h": round(flow, 3), "pct": round(100 * flow / max(mean, 1e-9))}
    return (Finding("water_leak_suspected", "warning", meter, numbers),)


def nominal_flow_m3_per_h(busiest_m3_per_h: float, rules: NightFlowRules) -> float:
    """The permanent flow Q3 of the smallest meter that the busiest hour asks for.

    Sizes stand in the series R5 (ISO 4064-1; GB/T 778.1), each about 1.6 times the one before:
    2.5, 4, 6.3, 10, 16 … m³/h.
    """
    smallest = rules.smallest_nominal_m3_per_h
    steps = math.ceil(5 * math.log10(max(busiest_m3_per_h / smallest, 1.0)) - 1e-3)
    return float(smallest * 10 ** (steps / 5))
