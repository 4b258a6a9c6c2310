"""The completeness board: which devices never came, are stale, or read nought of late."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from config.processing import BoardRules, processing_settings
from domain.calendar import Month, local_midnight
from domain.carriers import FIGURE_OF_REGISTER
from domain.figures import Figure, MonthResult, Shares
from domain.figures.findings_once import of_device_once
from domain.figures.subjects import OfDevice
from domain.findings import Finding
from domain.places import AnyDevice, Bin, Meter, service_until
from domain.registry import Registry
from processing.quality.silence import SILENT

State = Literal["never", "stale", "zero", "ok"]

STATES: tuple[State, ...] = ("never", "stale", "zero", "ok")
"""How a device is, the worst first."""


@dataclass(frozen=True, slots=True)
class BoardRow:
    """One device on the board.

    `state`: ``never`` when no reading ever came, ``stale`` when the last one is older than
    three intervals (at the end of the month, or now while it runs), ``zero`` when it reports
    but its use newly stopped (`fell_silent`), else ``ok``. Low use that is not nought is
    ``ok``. `month` None: nothing of its institution has been computed. Shares are those of
    the use where the device has a use of its own.
    """

    device: AnyDevice
    month: Month | None
    state: State
    last_at: datetime | None
    expected: int | None
    received: int | None
    shares: Shares | None
    findings: tuple[Finding, ...]

    @property
    def received_share(self) -> float | None:
        """Received / expected; above 1 where a device reports more often than it has to."""
        if not self.expected or self.received is None:
            return None
        return self.received / self.expected

    @property
    def badness(self) -> tuple[float, ...]:
        """By which the worst comes first: state, missing, not received, estimated, findings."""
        missing = self.shares.missing if self.shares else 0.0
        estimated = self.shares.estimated if self.shares else 0.0
        absent = max(1.0 - (1.0 if self.received_share is None else self.received_share), 0.0)
        return (
            STATES.index(self.state),
            -round(missing, 4),
            -round(absent, 4),
            -round(estimated, 4),
            -len(self.findings),
        )


BOARD_NAMES = (
    *FIGURE_OF_REGISTER.values(),
    "pv_generation_kwh",
    "waste_mass_kg",
    "readings_expected_count",
    "readings_received_count",
)
"""The figures a board is made of."""


def board(
    registry: Registry,
    last_at: Mapping[str, datetime],
    results: Sequence[MonthResult],
    now: datetime,
    rules: BoardRules | None = None,
) -> list[BoardRow]:
    """The completeness board: one row a device that reports, the worst first. One that is out of
    service is left out, unless it still reports.

    `last_at` is each device's last reading (from the store's `latest`); `results` the months
    to look at, of which each institution's last counts.
    """
    rules = rules or processing_settings().completeness
    latest = {r.institution: r for r in sorted(results, key=lambda r: r.month)}
    said = {i: _by_device(r) for i, r in latest.items()}
    rows = []
    for device in registry.devices:
        if isinstance(device, Meter) and device.formula:
            continue
        result = latest.get(device.institution)
        institution = registry.institution_by_id[device.institution]
        begin = at = now
        if result is not None:
            begin, at = result.month.interval(institution.timezone)
            at = min(now, at)
        seen = last_at.get(device.id)
        day = service_until(device, institution)
        end = None if day is None else local_midnight(day, institution.timezone)
        if end is not None:
            if end <= begin and (seen is None or seen < end):
                continue  # out of service, and silent as it should be
            at = min(at, end)
        figures, findings = said.get(device.institution, {}).get(device.id, _NOTHING)
        limit = timedelta(seconds=rules.stale_after_intervals * device.expected_interval_s)
        rows.append(
            BoardRow(
                device=device,
                month=result.month if result else None,
                state=_state(seen, at - limit, findings),
                last_at=seen,
                expected=_count(figures, "readings_expected_count"),
                received=_count(figures, "readings_received_count"),
                shares=_own_shares(device, figures),
                findings=tuple(of_device_once(findings)),
            )
        )
    return sorted(rows, key=lambda r: (*r.badness, r.device.institution, r.device.id))


def _state(seen: datetime | None, oldest: datetime, findings: Sequence[Finding]) -> State:
    if seen is None:
        return "never"
    if seen < oldest:
        return "stale"
    return "zero" if any(f.code == SILENT for f in findings) else "ok"


_Said = tuple[dict[str, Figure], list[Finding]]

_NOTHING: _Said = ({}, [])


def _by_device(result: MonthResult) -> dict[str, _Said]:
    """Each device's figures by name, and what was found of it, be it by a figure of its own
    or by one of its stream or institution."""
    found: dict[str, _Said] = {}
    for figure in result.figures:
        about = figure.about
        of_device = about.device if isinstance(about, OfDevice) else ""
        if of_device:
            found.setdefault(of_device, ({}, []))[0][figure.name] = figure
        for finding in figure.findings:
            findings = found.setdefault(finding.subject or of_device, ({}, []))[1]
            if finding not in findings:
                findings.append(finding)
    return found


def _own_shares(device: AnyDevice, figures: Mapping[str, Figure]) -> Shares | None:
    if isinstance(device, Bin):
        return None
    name = FIGURE_OF_REGISTER[device.register] if isinstance(device, Meter) else "pv_generation_kwh"
    return figures[name].shares if name in figures else None


def _count(figures: Mapping[str, Figure], name: str) -> int | None:
    figure = figures.get(name)
    return None if figure is None or figure.value is None else int(figure.value)
