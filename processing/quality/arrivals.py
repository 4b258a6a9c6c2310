"""Who reported how much: readings expected and received, by device and month."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from config.processing import BoardRules, processing_settings
from domain.figures import Figure, Shares
from domain.findings import Finding
from processing.curves.curve import Ints


def arrival_figures(
    arrivals: Iterable[tuple[str, int | None, int, Ints]],
    start_ms: int,
    end_ms: int,
    rules: BoardRules | None = None,
) -> list[Figure]:
    """Readings expected and received from each device in service, in [start, end).

    Expected is the time in service over the device's interval; received may exceed it.
    """
    rules = rules or processing_settings().completeness
    figures = []
    for device, service_ms, interval_ms, at in arrivals:
        if service_ms is None:
            if at.size == 0 or at[0] >= end_ms:
                continue
            service_ms = int(at[0])
        begin = max(start_ms, service_ms)
        if begin >= end_ms:
            continue
        received = int(np.searchsorted(at, end_ms) - np.searchsorted(at, begin))
        expected = round((end_ms - begin) / interval_ms)
        figures += [
            _counted("readings_expected_count", device, expected),
            _counted(
                "readings_received_count", device, received, _missing(expected, received, rules)
            ),
        ]
    return figures


def _counted(name: str, device: str, count: int, findings: tuple[Finding, ...] = ()) -> Figure:
    return Figure(
        name=name,
        subject=device,
        value=float(count),
        shares=Shares.full(),
        method="readings-counted/1",
        findings=tuple(replace(f, subject=device) for f in findings),
    )


def _missing(expected: int, received: int, rules: BoardRules) -> tuple[Finding, ...]:
    """Told even where the month's use is known all the same: what lies in a gap is known by
    the register on its far side, but not when it was used."""
    absent = expected - received
    if expected == 0 or absent <= rules.noted_absence_ratio * expected:
        return ()
    numbers = {"missing": absent, "pct": round(100 * absent / expected, 1)}
    return (Finding("readings_missing", "info", numbers=numbers),)
