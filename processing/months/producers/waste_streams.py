"""What was thrown into sorted-waste bins, by stream: masses, shares, collections, recycling."""

from dataclasses import replace

import numpy as np

from config.processing import processing_settings
from domain.calendar import DAY_MS
from domain.places import WasteStream
from processing.curves.curve import Ints
from processing.curves.days import elapsed
from processing.curves.meter_use import NEVER_ENDS
from processing.months.producer import MonthContext, Part, Producer
from processing.use.month_use import day_values
from processing.waste.streams import recycling_figure, stream_month, waste_figures
from processing.waste.weighing import BinHistory, bin_history


def _make(context: MonthContext) -> Part:
    bins = context.site.bins
    if not bins:
        return Part()
    reached = reached_by_bins(context, "mass_kg")
    histories, reported = _histories(context)
    if reached.size < 2 or not histories:
        return Part()
    streams = [
        stream_month(stream, [h for h in histories if h.bin.stream is stream], reached)
        for stream in WasteStream
        if any(h.bin.stream is stream for h in histories)
    ]
    serving = [b for b in bins if context.site.ends.get(b.id, NEVER_ENDS) > context.start_ms]
    figures = waste_figures(streams, len(serving), reported)
    figures.append(
        recycling_figure(streams, {b.stream for b in serving}, processing_settings().waste)
    )
    periods = [s.period for s in streams]
    days = [v for p in periods for v in day_values(p, context.days)]
    return Part(figures=figures, days=days, periods=periods)


PRODUCER = Producer(
    "waste_streams",
    (
        "waste_mass_kg",
        "waste_share_ratio",
        "waste_collections_count",
        "waste_bin_coverage_ratio",
        "waste_recycling_ratio",
    ),
    _make,
)


def _histories(context: MonthContext) -> tuple[list[BinHistory], int]:
    """What each bin weighed, and how many of them reported within the month.

    Bins are read from some days before the month to a few hours after it, so that a month's
    masses do not move when later months arrive.
    """
    start, end = context.start_ms, context.reached_ms
    before_ms = processing_settings().waste.before_days * DAY_MS
    nothing = (np.empty(0, np.int64), np.empty(0))
    histories, reported = [], 0
    for bin_ in context.site.bins:
        at, mass = context.site.bin_samples.get((bin_.id, "mass_kg"), nothing)
        near = (at >= start - before_ms) & (at < end + DAY_MS // 8)
        until_ms = context.site.ends.get(bin_.id, NEVER_ENDS)
        near &= at < until_ms
        if at.size == 0 or at[0] >= context.edges[-1] or until_ms <= start:
            continue
        vouched = context.site.vouched.get((bin_.id, "mass_kg"), nothing[0])
        history = bin_history(bin_, at[near], mass[near], vouched_ms=vouched)
        last_ms = history.deposits.last_ms
        if last_ms is not None and until_ms - last_ms <= 2_000 * bin_.expected_interval_s:
            until_ms = last_ms
        histories.append(replace(history, until_ms=until_ms))
        reported += bool(((at >= start) & (at < end)).any())
    return histories, reported


def reached_by_bins(context: MonthContext, quantity: str) -> Ints:
    """The edges as far as time, or what bins say of a quantity, has come."""
    samples = context.site.bin_samples.items()
    lasts = [int(at.max()) for (_, q), (at, _) in samples if q == quantity and at.size]
    interval_ms = max(b.expected_interval_s for b in context.site.bins) * 1000
    return elapsed(context.edges, context.now_ms, max(lasts, default=None), interval_ms)
