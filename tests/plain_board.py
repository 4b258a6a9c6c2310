"""The completeness board reckoned device by device, as plainly as can be: what the quick one is held against."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from config.processing import processing_settings
from domain.calendar import local_midnight
from domain.carriers import FIGURE_OF_REGISTER
from domain.figures import Figure, MonthResult, Shares
from domain.figures.findings_once import of_device_once
from domain.figures.subjects import OfDevice
from domain.findings import Finding
from domain.places import (
    AnyDevice,
    Bin,
    Meter,
    service_until,
)
from domain.registry import Registry
from processing.quality.board import STATES, BoardRow, State
from processing.quality.silence import SILENT


def plain_board(
    registry: Registry,
    last_ms: Mapping[str, int],
    results: Sequence[MonthResult],
    now: datetime,
) -> list[BoardRow]:
    rules = processing_settings().completeness
    latest = {r.institution: r for r in sorted(results, key=lambda r: r.month)}
    rows = []
    for device in registry.devices:
        if isinstance(device, Meter) and device.formula:
            continue
        result = latest.get(device.institution)
        place = registry.institution_by_id[device.institution]
        begin, at = (now, now) if result is None else result.month.interval(place.timezone)
        at = min(now, at)
        ms = last_ms.get(device.id)
        seen = None if ms is None else datetime.fromtimestamp(ms / 1000, UTC)
        day = service_until(device, place)
        if day is not None:
            end = local_midnight(day, place.timezone)
            if end <= begin and (seen is None or seen < end):
                continue
            at = min(at, end)
        figures, findings = said_of(result, device.id)
        oldest = at - timedelta(seconds=rules.stale_after_intervals * device.expected_interval_s)
        state: State = "ok"
        if seen is None:
            state = "never"
        elif seen < oldest:
            state = "stale"
        elif any(f.code == SILENT for f in findings):
            state = "zero"
        expected, received = (count(figures, f"readings_{n}_count") for n in NUMBERS)
        rows.append(
            BoardRow(
                device=device,
                month=result.month if result else None,
                state=state,
                last_at=seen,
                expected=expected,
                received=received,
                received_share=received / expected if expected and received is not None else None,
                shares=own_shares(device, figures),
                findings=tuple(of_device_once(findings)),
            )
        )
    return sorted(rows, key=lambda r: (*badness(r), r.device.institution, r.device.id))


NUMBERS = ("expected", "received")


def said_of(result: MonthResult | None, device: str) -> tuple[dict[str, Figure], list[Finding]]:
    figures: dict[str, Figure] = {}
    findings: list[Finding] = []
    for figure in result.figures if result else ():
        is_own = isinstance(figure.about, OfDevice) and figure.about.device == device
        if is_own:
            figures[figure.name] = figure
        for finding in figure.findings:
            is_meant = finding.subject == device or (is_own and not finding.subject)
            if is_meant and finding not in findings:
                findings.append(finding)
    return figures, findings


def count(figures: Mapping[str, Figure], name: str) -> int | None:
    value = figures[name].value if name in figures else None
    return None if value is None else int(value)


def own_shares(device: AnyDevice, figures: Mapping[str, Figure]) -> Shares | None:
    if isinstance(device, Bin):
        return None
    name = FIGURE_OF_REGISTER[device.register] if isinstance(device, Meter) else "pv_generation_kwh"
    return figures[name].shares if name in figures else None


def badness(row: BoardRow) -> tuple[float, ...]:
    missing = row.shares.missing if row.shares else 0.0
    estimated = row.shares.estimated if row.shares else 0.0
    absent = max(1.0 - (1.0 if row.received_share is None else row.received_share), 0.0)
    rounded = (-round(share, 4) for share in (missing, absent, estimated))
    return (STATES.index(row.state), *rounded, -len(row.findings))


PLAIN_ORDERS: dict[str, Any] = {
    "worst": lambda _: 0,
    "last_at": lambda r: r.last_at.timestamp() if r.last_at else -1.0,
    "received": lambda r: 9e18 if r.received_share is None else r.received_share,
    "estimated": lambda r: -(r.shares.estimated if r.shares else -1.0),
    "missing": lambda r: -(r.shares.missing if r.shares else -1.0),
    "device": lambda r: r.device.id,
    "institution": lambda r: r.device.institution,
}
