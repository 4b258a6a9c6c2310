"""Who reported how much: readings expected and received, by device and month."""

from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from config.processing import BoardRules, processing_settings
from domain.figures import Figure, Shares
from domain.findings import Finding
from processing.curves.curve import Ints
from processing.curves.meter_use import NEVER_ENDS

AFTER_SERVICE = "readings_after_service"


class Arrivals(NamedTuple):
    """When a device reported (its main series, sorted), and when it had to: every `interval_ms`
    from its service start (None: its first reading) to the end of it."""

    device: str
    service_ms: int | None
    interval_ms: int
    at_ms: Ints
    until_ms: int = NEVER_ENDS


def arrival_figures(
    arrivals: Iterable[Arrivals],
    start_ms: int,
    end_ms: int,
    rules: BoardRules | None = None,
) -> list[Figure]:
    """Readings expected and received from each device in service, in [start, end).

    Expected is the time in service over the device's interval; received may exceed it. What comes
    after the end of the service is not received, but told.
    """
    rules = rules or processing_settings().completeness
    figures = []
    for device, service_ms, interval_ms, at, until_ms in arrivals:
        if service_ms is None:
            if at.size == 0 or at[0] >= end_ms:
                continue
            service_ms = int(at[0])
        begin, end = max(start_ms, service_ms), min(end_ms, until_ms)
        late = int(np.searchsorted(at, end_ms) - np.searchsorted(at, max(start_ms, until_ms)))
        told = (Finding(AFTER_SERVICE, "warning", numbers={"count": late}),) if late > 0 else ()
        if begin >= end and not told:
            continue
        end = max(begin, end)
        received = int(np.searchsorted(at, end) - np.searchsorted(at, begin))
        expected = round((end - begin) / interval_ms)
        figures += [
            _counted("readings_expected_count", device, expected),
            _counted(
                "readings_received_count",
                device,
                received,
                (*_missing(expected, received, rules), *told),
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
