"""Sorting accuracy 分类准确率 from inspections: correct over inspected items, never from weights.

Inspectors' counts come as two ever-growing registers of a bin. An inspection belongs to the
period in which it was first reported, so the counts of a partition of time add up.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from config.processing import WasteRules, processing_settings
from domain.calendar import HOUR_MS
from domain.figures import Figure, Shares
from domain.figures.subjects import OfDevice, OfStream, Subject, Whole
from domain.findings import Finding
from domain.places import Bin, WasteStream
from processing.curves.curve import MEASURED, Ints, UseCurve, on_grid
from processing.curves.meter_use import Samples
from processing.curves.registers import use_curve
from processing.use.month_use import shares_of

CORRECT, TOTAL = "inspection_correct_count", "inspection_total_count"
ACCURACY, INSPECTED = "waste_sorting_accuracy_ratio", "waste_inspected_count"
METHOD = "correct-over-inspected/1"


@dataclass(frozen=True, slots=True)
class Inspections:
    """What was inspected of one bin in a period; `shares` are of the time its register was heard."""

    bin: Bin
    correct: int
    total: int
    shares: Shares


def inspections_of(
    bins: Sequence[Bin], samples: Samples, edges_ms: Ints, rules: WasteRules | None = None
) -> list[Inspections]:
    """The inspections of each bin that has both registers, from the first edge to the last."""
    rules = rules or processing_settings().waste
    found: list[Inspections] = []
    if edges_ms.size < 2:
        return found
    for bin_ in bins:
        if (bin_.id, CORRECT) not in samples or (bin_.id, TOTAL) not in samples:
            continue
        correct, total = (use_curve(*samples[bin_.id, q]) for q in (CORRECT, TOTAL))
        if total.first_ms is None or total.first_ms >= edges_ms[-1]:
            continue
        heard = on_grid(total, edges_ms[[0, -1]], round(rules.max_gap_h * HOUR_MS))
        shares = shares_of(heard)
        counts = [_reported(curve, edges_ms) for curve in (correct, total)]
        found.append(Inspections(bin_, counts[0], counts[1], shares))
    return found


def _reported(curve: UseCurve, edges_ms: Ints) -> int:
    """The counts first reported after the first edge and up to the last one."""
    at = curve.at_ms[1:]
    inside = (at > edges_ms[0]) & (at <= edges_ms[-1]) & (curve.segment == MEASURED)
    return round(float(curve.step[inside].sum()))


def accuracy_figures(found: Sequence[Inspections], rules: WasteRules | None = None) -> list[Figure]:
    """Accuracy and inspected items of the institution, of each stream and of each bin inspected.

    The interval is Wilson's at the file's confidence: what an endless inspection would find,
    had the items been drawn at random. Unknown where nothing was inspected.
    """
    if not found:
        return []
    rules = rules or processing_settings().waste
    figures = _figures(Whole(), found, rules)
    for stream in WasteStream:
        of_stream = [i for i in found if i.bin.stream is stream]
        if of_stream:
            figures += _figures(OfStream(stream), of_stream, rules)
    for one in found:
        if one.total:
            figures += _figures(OfDevice(one.bin.id), [one], rules)
    return figures


def _figures(about: Subject, found: Sequence[Inspections], rules: WasteRules) -> list[Figure]:
    subject = str(about)
    correct, total = sum(i.correct for i in found), sum(i.total for i in found)
    shares = Shares.mean_unmeasured([i.shares for i in found], first="estimated")
    accuracy = low = high = None
    findings: tuple[Finding, ...] = ()
    if correct > total:
        numbers = {"correct": correct, "total": total}
        findings = (Finding("inspection_counts_wrong", "warning", subject, numbers),)
    elif total:
        accuracy = correct / total
        low, high = wilson(correct, total, rules.inspection_confidence_ratio)
    elif not subject:
        findings = (Finding("nothing_inspected", "info"),)
    ratio = Figure(
        name=ACCURACY,
        subject=subject,
        value=accuracy,
        low=low,
        high=high,
        confidence=None if low is None else rules.inspection_confidence_ratio,
        shares=shares,
        method=METHOD,
        findings=findings,
    )
    count = Figure(
        name=INSPECTED, subject=subject, value=float(total), shares=shares, method=METHOD
    )
    return [ratio, count]


def wilson(successes: int, trials: int, confidence: float) -> tuple[float, float]:
    """Wilson's score interval of a proportion (E. B. Wilson, 1927, JASA 22, 209)."""
    z = NormalDist().inv_cdf((1.0 + confidence) / 2.0)
    share, weight = successes / trials, z * z / trials
    centre = (share + weight / 2) / (1 + weight)
    half = z / (1 + weight) * float(np.sqrt(share * (1 - share) / trials + weight / (4 * trials)))
    return max(centre - half, 0.0), min(centre + half, 1.0)
