"""Who reported how much: counts per device and month, and the board of what is stale or odd."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

import numpy as np

from config.processing import BoardRules, processing_settings
from domain.calendar import Month
from domain.carriers import FIGURE_OF_REGISTER
from domain.figures import Figure, MonthResult, Shares
from domain.findings import Finding, Severity
from domain.places import AnyDevice, Bin, Carrier, Meter
from domain.registry import Registry
from domain.subjects import OfDevice
from processing.curves.curve import DOUBTFUL, MEASURED, Ints
from processing.use.consumption import MeterUse

_DAY_MS = 86_400_000


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


SILENT = "use_fell_silent"
_SEASONAL = {Carrier.HEAT, Carrier.COOLING, Carrier.NATURAL_GAS}
"""What may well rest for a season, as single circuits may: told, but nothing to worry about."""


def fell_silent(
    use: MeterUse, start_ms: int, end_ms: int, rules: BoardRules | None = None
) -> tuple[Finding, ...]:
    """Whether a meter that goes on reporting has newly stopped counting, seen from `end_ms`.

    Its last reading is of the period's last day, its register has rested for over
    `zero_least_days` but not beyond `zero_longest_days`, and for over `zero_rest_factor` times
    its longest rest in the `zero_habit_days` before, in which there was use. Low use, which
    rests between one step of the register and the next, is none; zeros set aside as doubtful
    are. What comes later than `end_ms` changes nothing.
    """
    rules = rules or processing_settings().completeness
    curve = use.curve if use.unfilled is None else use.unfilled
    last = int(np.searchsorted(curve.at_ms, end_ms, "right")) - 1
    if last < 1 or curve.at_ms[last] < max(start_ms, end_ms - _DAY_MS):
        return ()
    lately = int(np.searchsorted(curve.at_ms, end_ms - rules.zero_least_days * _DAY_MS, "right"))
    if (curve.step[lately:last] > 0).any():
        return ()  # nearly all meters: the rest need not be looked at
    resting = ((curve.segment == MEASURED) | (curve.segment == DOUBTFUL)) & (curve.step <= 0)
    moved = np.flatnonzero(~resting[:last])
    if moved.size == 0 or curve.segment[moved[-1]] != MEASURED:
        return ()
    rests_from = int(curve.at_ms[moved[-1] + 1])
    rest_ms = int(curve.at_ms[last]) - rests_from
    if not rules.zero_least_days <= rest_ms / _DAY_MS <= rules.zero_longest_days:
        return ()
    first = int(np.searchsorted(curve.at_ms, rests_from - rules.zero_habit_days * _DAY_MS))
    steps = moved[moved >= first]
    # From one step to the next: the register stood still for so long, at most.
    between_ms = np.diff(curve.at_ms[steps + 1])
    if steps.size < 3 or rest_ms <= rules.zero_rest_factor * int(between_ms.max()):
        return ()
    usual = use.carrier in _SEASONAL or not use.is_main
    severity: Severity = "info" if usual else "warning"
    numbers = {"days": round(rest_ms / _DAY_MS, 1)}
    return (Finding(SILENT, severity, use.meter, numbers),)


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
    """The completeness board: one row a device that reports, the worst first.

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
        at = now
        if result is not None:
            timezone = registry.institution_by_id[device.institution].timezone
            at = min(now, result.month.interval(timezone)[1])
        figures, findings = said.get(device.institution, {}).get(device.id, _NOTHING)
        seen = last_at.get(device.id)
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
                findings=tuple(findings),
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
