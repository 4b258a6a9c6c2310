"""A month of each stream of sorted waste: masses, shares, collections, coverage, recycling."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from config.processing import WasteRules, processing_settings
from domain.calendar import DAY_MS, HOUR_MS
from domain.figures import Figure, Shares
from domain.figures.subjects import OfStream
from domain.findings import Finding
from domain.places import WasteStream
from processing.curves.curve import (
    Floats,
    GridUse,
    Ints,
    mean_shares,
    on_grid,
)
from processing.use.month_use import (
    Period,
    event_findings,
    events_between,
    share_findings,
    shares_of,
    value_or_none,
)
from processing.waste.weighing import BinHistory

_USUALLY_ESTIMATED = 0.05
"""A bin's time while it is emptied, every day or so, is estimated: so much is nothing to tell."""


@dataclass(frozen=True, slots=True)
class StreamMonth:
    """One stream's period: deposits as by `Period`, and the collections in it."""

    stream: WasteStream
    period: Period
    collections: int


def stream_month(
    stream: WasteStream,
    histories: Sequence[BinHistory],
    edges_ms: Ints,
    rules: WasteRules | None = None,
) -> StreamMonth:
    """The deposits and collections of a stream's bins over the days of `edges_ms`.

    Bins that say nothing are left out of the sum and show in the shares and as findings.
    """
    start, end = int(edges_ms[0]), int(edges_ms[-1])
    rules = rules or processing_settings().waste
    max_gap = round(rules.max_gap_h * HOUR_MS)
    days = _sum_known(
        [on_grid(h.deposits, edges_ms, max_gap) for h in histories],
        np.array([edges_ms[:-1] < h.until_ms for h in histories], np.float64),
    )
    ends = [min(end, max(h.until_ms, start + 1)) for h in histories]
    whole = _sum_known(
        [
            on_grid(h.deposits, np.array([start, e], np.int64), max_gap)
            for h, e in zip(histories, ends, strict=True)
        ],
        np.ones((len(histories), 1)),
    )
    findings = [
        f for h, e in zip(histories, ends, strict=True) for f in _bin_findings(h, start, e, rules)
    ]
    findings += share_findings(whole, "", _USUALLY_ESTIMATED)
    count = sum(
        int(((h.collected_at_ms >= start) & (h.collected_at_ms < end)).sum()) for h in histories
    )
    period = Period("waste_mass_kg", str(OfStream(stream)), days, whole, tuple(findings))
    return StreamMonth(stream, period, count)


def _sum_known(grids: Sequence[GridUse], weight: Floats) -> GridUse:
    """Sum over bins of what is known; shares are means over those in service (weight 1)."""
    known = np.array([np.isfinite(g.use) for g in grids]) & (weight > 0)
    use = np.where(known, [g.use for g in grids], 0.0).sum(axis=0)
    mean = mean_shares(grids, weight)
    mean["missing"] = np.where(weight.any(axis=0), mean["missing"], 1.0)
    code = np.select(
        [~known.any(axis=0), mean["missing"] > 0, mean["estimated"] < _USUALLY_ESTIMATED],
        ["missing", "partial", "measured"],
        default="interpolated",
    )
    return GridUse(np.where(known.any(axis=0), use, np.nan), code=code.astype(object), **mean)


def _bin_findings(
    history: BinHistory, start_ms: int, end_ms: int, rules: WasteRules
) -> list[Finding]:
    bin_id, last = history.bin.id, history.deposits.last_ms
    if last is None or last < start_ms:
        return [Finding("bin_silent", "serious", bin_id, {"days": (end_ms - start_ms) // DAY_MS})]
    found = event_findings(events_between(history.deposits.events, start_ms, end_ms), bin_id)
    silent_ms = end_ms - last
    if silent_ms > rules.silent_days * DAY_MS:
        found.append(Finding("bin_silent", "warning", bin_id, {"days": silent_ms // DAY_MS}))
    since = history.stuck_since_ms
    if since is not None and since < end_ms:
        days = (min(last, end_ms) - since) // DAY_MS
        found.append(Finding("bin_stuck", "warning", bin_id, {"days": days}))
    return found


def waste_figures(streams: Sequence[StreamMonth], registered: int, reported: int) -> list[Figure]:
    """Mass, share and collections per stream, the total mass and the bins' coverage.

    The share 分出率 is a stream's mass over the mass of all streams; it needs every stream.
    """
    masses: Mapping[str, float | None] = {
        s.period.subject: value_or_none(s.period.whole.use) for s in streams
    }
    known = [m for m in masses.values() if m is not None]
    complete = len(known) == len(masses)
    total = sum(known) if complete and known else None
    shares = Shares.mean([shares_of(s.period.whole) for s in streams])
    figures = [
        Figure(
            name="waste_mass_kg",
            value=total,
            shares=shares,
            method="bin-mass-balance/1",
            findings=tuple(f for s in streams for f in s.period.findings),
        )
    ]
    for s in streams:
        figures += _stream_figures(s, masses[s.period.subject], total, shares)
    coverage = reported / registered if registered else None
    figures.append(
        Figure(
            name="waste_bin_coverage_ratio",
            value=coverage,
            shares=Shares.full(),
            method="bins-reported-over-registered/1",
        )
    )
    return figures


def recycling_figure(
    streams: Sequence[StreamMonth], registered: Collection[WasteStream], rules: WasteRules
) -> Figure:
    """Recycling rate 回收利用率: the mass of the streams that are recovered over all that was thrown
    in, both as weighed in the bins (not what was hauled away, 清运量).

    Which streams are recovered says the file; that food waste is neither burnt nor buried cannot
    be seen from a bin, and is told. Unknown while a stream is, or where no bin for residual
    waste is registered: what is not weighed would make the rate too good.
    """
    masses = {s.stream: value_or_none(s.period.whole.use) for s in streams}
    recovered = [s for s in WasteStream if s.value in rules.recovered_streams]
    findings = []
    if WasteStream.FOOD in recovered and WasteStream.FOOD in registered:
        findings.append(Finding("recycling_assumes_recovery", "info"))
    value = None
    if WasteStream.RESIDUAL not in registered:
        findings.append(Finding("residual_not_weighed", "warning"))
    elif set(registered) <= masses.keys():
        known = {s: m for s, m in masses.items() if m is not None}
        total = sum(known.values())
        if len(known) == len(masses) and total > 0:
            value = sum(known.get(s, 0.0) for s in recovered) / total
    return Figure(
        name="waste_recycling_ratio",
        value=value,
        shares=Shares.mean([shares_of(s.period.whole) for s in streams]),
        method="recovered-over-weighed-in-bins/1",
        findings=tuple(findings),
    )


def _stream_figures(
    s: StreamMonth, mass: float | None, total: float | None, all_shares: Shares
) -> list[Figure]:
    own, subject = shares_of(s.period.whole), s.period.subject
    share = mass / total if mass is not None and total else None
    return [
        Figure(
            name="waste_mass_kg",
            subject=subject,
            value=mass,
            shares=own,
            method="bin-mass-balance/1",
            findings=s.period.findings,
        ),
        Figure(
            name="waste_share_ratio",
            subject=subject,
            value=share,
            shares=all_shares,
            method="stream-mass-over-total-mass/1",
        ),
        Figure(
            name="waste_collections_count",
            subject=subject,
            value=None if mass is None else float(s.collections),
            shares=own,
            method="falls-that-stay/1",
        ),
    ]
