"""Who reported how much: counts per device and month, and the board of what is stale or odd."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

import numpy as np

from domain.figures import Figure, MonthResult, Shares
from domain.findings import Finding
from domain.registry import Registry
from processing.curves import Ints

_MEASURED = Shares(1.0, 0.0, 0.0)
STALE_AFTER_INTERVALS = 3
_NOTED_ABSENCE = 0.02


def arrival_figures(
    arrivals: Iterable[tuple[str, int | None, int, Ints]], start_ms: int, end_ms: int
) -> list[Figure]:
    """Readings expected and received from each device in service, in [start, end).

    Expected is the time in service over the device's interval; received may exceed it.
    """
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
            _counted("readings_received_count", device, received, _missing(expected, received)),
        ]
    return figures


def _counted(name: str, device: str, count: int, findings: tuple[Finding, ...] = ()) -> Figure:
    return Figure(
        name=name,
        subject=device,
        value=float(count),
        shares=_MEASURED,
        method="readings-counted/1",
        findings=tuple(replace(f, subject=device) for f in findings),
    )


def _missing(expected: int, received: int) -> tuple[Finding, ...]:
    """Told even where the month's use is known all the same: what lies in a gap is known by
    the register on its far side, but not when it was used."""
    absent = expected - received
    if expected == 0 or absent <= _NOTED_ABSENCE * expected:
        return ()
    numbers = {"missing": absent, "pct": round(100 * absent / expected, 1)}
    return (Finding("readings_missing", "info", numbers=numbers),)


State = Literal["ok", "stale", "never", "zero"]


@dataclass(frozen=True, slots=True)
class BoardRow:
    """One device on the board.

    `state`: ``stale`` when the last reading is older than three intervals, ``never`` when none
    came, ``zero`` when it reports but its use has been nought for the last week while it was
    not before (a new silent zero), else ``ok``. Low use that is not nought is ``ok``.
    """

    institution: str
    device: str
    state: State
    last_at: datetime | None
    expected: int | None
    received: int | None
    measured: float | None
    estimated: float | None
    missing: float | None
    findings: tuple[Finding, ...]


def board(
    registry: Registry,
    last_at: Mapping[str, datetime],
    results: Sequence[MonthResult],
    now: datetime,
) -> list[BoardRow]:
    """The completeness board: one row a device, by the latest result of its institution.

    `last_at` is each device's last reading (from the store's `latest`); `results` the months
    to look at, of which each institution's last counts.
    """
    latest = {r.institution: r for r in sorted(results, key=lambda r: r.month)}
    rows = []
    for device in registry.devices:
        result = latest.get(device.institution)
        seen = last_at.get(device.id)
        figures = {f.name: f for f in result.figures if f.subject == device.id} if result else {}
        use = next((f for n, f in figures.items() if n in _USES), None)
        limit = timedelta(seconds=STALE_AFTER_INTERVALS * device.expected_interval_s)
        state: State = "ok"
        if seen is None:
            state = "never"
        elif now - seen > limit:
            state = "stale"
        elif result is not None and _newly_zero(result, device.id):
            state = "zero"
        rows.append(
            BoardRow(
                institution=device.institution,
                device=device.id,
                state=state,
                last_at=seen,
                expected=_count(figures, "readings_expected_count"),
                received=_count(figures, "readings_received_count"),
                measured=use.shares.measured if use else None,
                estimated=use.shares.estimated if use else None,
                missing=use.shares.missing if use else None,
                findings=use.findings if use else (),
            )
        )
    return rows


_USES = {
    "electricity_use_kwh",
    "electricity_export_kwh",
    "water_use_m3",
    "natural_gas_use_m3",
    "natural_gas_use_kwh",
    "heat_use_gj",
    "cooling_use_gj",
    "pv_generation_kwh",
}
_WEEK = 7


def _newly_zero(result: MonthResult, device: str) -> bool:
    """Whether the last week of the month is all nought after days that were not."""
    days = sorted(
        (d.day, d.value)
        for d in result.days
        if d.subject == device and d.name in _USES and d.value is not None
    )
    values = [v for _, v in days]
    if len(values) <= _WEEK:
        return False
    before, lately = values[:-_WEEK], values[-_WEEK:]
    return all(v == 0 for v in lately) and any(v > 0 for v in before)


def _count(figures: Mapping[str, Figure], name: str) -> int | None:
    figure = figures.get(name)
    return None if figure is None or figure.value is None else int(figure.value)
