"""Use per meter and institution, by local day and month, from curves of use."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date
from functools import lru_cache

import numpy as np

from domain.calendar import days_between, local_midnight, to_ms
from domain.figures import DayValue, Figure, Shares
from domain.findings import Finding, Severity
from domain.places import Carrier, Device, Meter
from processing.curves.curve import Event, Floats, GridUse, Ints, UseCurve, on_grid
from processing.curves.registers import RegisterRules, RegisterSpec, Swap, default_rules, use_curve

Samples = Mapping[tuple[str, str], tuple[Ints, Floats]]
"""(device, quantity) → (at_ms, values): everything the store holds of some series."""

CorrectedAt = Mapping[tuple[str, str], Ints]
"""(device, quantity) → sorted instants at which the samples are not what the device said."""
_NONE: Ints = np.empty(0, np.int64)

USE_NAME = {
    "energy_import_kwh": "electricity_use_kwh",
    "energy_export_kwh": "electricity_export_kwh",
    "water_m3": "water_use_m3",
    "gas_m3": "natural_gas_use_m3",
    "gas_kwh": "natural_gas_use_kwh",
    "heat_gj": "heat_use_gj",
    "cooling_gj": "cooling_use_gj",
}
"""The figure that a register's difference is."""

METHOD = "register-difference/1"
SUM_METHOD = "sum-of-main-meters/1"
_NOTED_SHARE = 0.01


@dataclass(frozen=True, slots=True)
class MeterUse:
    """The curve of one register of one meter. `name` is the figure it gives.

    `service_ms` is the instant from which its silence is missing data: as registered, else its
    first reading. `unfilled` is the curve before its gaps were filled, if any were.
    `corrected_ms` are the instants of readings corrected by hand, sorted.
    """

    meter: str
    name: str
    carrier: Carrier
    is_main: bool
    interval_ms: int
    max_gap_ms: int
    curve: UseCurve
    service_ms: int
    unfilled: UseCurve | None = None
    corrected_ms: Ints = field(default_factory=lambda: _NONE)

    def corrections(self, edges_ms: Ints) -> Ints:
        """How many corrected readings the use of each interval rests on: those from the last
        reading at or before its start to the first at or after its end."""
        if self.corrected_ms.size == 0:
            return np.zeros(max(edges_ms.size - 1, 0), np.int64)
        at = (self.curve if self.unfilled is None else self.unfilled).at_ms
        ends = np.concatenate(([np.iinfo(np.int64).min], at, [np.iinfo(np.int64).max]))
        start = ends[np.searchsorted(at, edges_ms[:-1], side="right")]
        end = ends[np.searchsorted(at, edges_ms[1:]) + 1]
        low = np.searchsorted(self.corrected_ms, start)
        return np.searchsorted(self.corrected_ms, end, side="right") - low

    def grid(self, edges_ms: Ints) -> GridUse:
        """The use in each interval.

        Filled gaps count only where they are needed: an interval that contains a whole gap
        knows its use from the register and is measured.
        """
        filled = on_grid(self.curve, edges_ms, self.max_gap_ms)
        if self.unfilled is None:
            return filled
        plain = on_grid(self.unfilled, edges_ms, self.max_gap_ms)
        needed = plain.missing > filled.missing + 1e-12
        return GridUse(
            **{
                f.name: np.where(needed, getattr(filled, f.name), getattr(plain, f.name))
                for f in fields(GridUse)
            }
        )


def meter_uses(
    meter: Meter,
    samples: Samples,
    timezone: str,
    rules: RegisterRules | None = None,
    corrected: CorrectedAt | None = None,
) -> list[MeterUse]:
    """The curves of a meter's own register and, for electricity, of its export register.

    A register that never reported gives none, unless the meter is registered as in service.
    """
    rules = rules or default_rules()
    found = []
    service_ms = service_start(meter, timezone)
    for register in dict.fromkeys((meter.register, "energy_export_kwh")):
        at, value = samples.get((meter.id, register), (np.empty(0, np.int64), np.empty(0)))
        due = service_ms is not None and register == meter.register
        if register not in USE_NAME or not (at.size or due):
            continue
        interval_ms = meter.expected_interval_s * 1000
        curve = use_curve(at, value, register_spec(meter, timezone), rules)
        found.append(
            MeterUse(
                meter=meter.id,
                name=USE_NAME[register],
                carrier=meter.carrier,
                is_main=not meter.parent,
                interval_ms=interval_ms,
                max_gap_ms=max(rules.max_gap_ms, interval_ms * 3 // 2),
                curve=curve,
                service_ms=service_ms if service_ms is not None else int(at.min()),
                corrected_ms=(corrected or {}).get((meter.id, register), _NONE),
            )
        )
    return found


def service_start(device: Device, timezone: str) -> int | None:
    """The instant from which the registry wants the device to report; None if it says nothing."""
    day = device.in_service_from
    return None if day is None else to_ms(local_midnight(day, timezone))


def register_spec(meter: Meter, timezone: str) -> RegisterSpec:
    """What the registry says of a meter, with dated factors starting at local midnights."""
    return RegisterSpec(
        size=meter.register_size,
        max_rate_per_h=meter.max_rate_per_h,
        swaps=tuple(
            Swap(s.at_ms, float("nan") if s.final is None else s.final, s.initial)
            for s in meter.swaps
        ),
        multiplier=tuple(
            (to_ms(local_midnight(d.valid_from, timezone)), d.value)
            for d in sorted(meter.multiplier, key=lambda d: d.valid_from)
        ),
    )


@lru_cache(maxsize=256)
def _day_edges(start: date, end: date, timezone: str) -> tuple[int, ...]:
    return tuple(to_ms(local_midnight(day, timezone)) for day in (*days_between(start, end), end))


def day_edges(start: date, end: date, timezone: str) -> Ints:
    """The instants at which the local days of [start, end) begin, and `end`'s: int64[n + 1]."""
    return np.array(_day_edges(start, end, timezone), np.int64)


def elapsed(edges_ms: Ints, now_ms: int, last_ms: int | None, interval_ms: int) -> Ints:
    """The edges, cut where time has not come to: at `now`, or at the last reading.

    The last reading counts while the next one is not late by more than one interval, so a
    running month is not called incomplete for the minutes since. Edges of finished time are
    left alone.
    """
    if edges_ms[-1] <= now_ms:
        return edges_ms
    limit = now_ms
    if last_ms is not None and now_ms - 2 * interval_ms <= last_ms <= now_ms:
        limit = last_ms
    kept = edges_ms[edges_ms < limit]
    return np.concatenate((kept, [limit])) if kept.size else edges_ms[:1]


@dataclass(frozen=True, slots=True)
class Period:
    """The use of one series over a month so far: by day and as a whole.

    `whole` is one interval; both are empty when the month has not begun. `idle_days` is how
    many days at its beginning lie wholly before the series was in service; `whole` begins with
    the service.
    """

    name: str
    subject: str
    days: GridUse
    whole: GridUse
    findings: tuple[Finding, ...] = ()
    idle_days: int = 0


def month_use(use: MeterUse, edges_ms: Ints, now_ms: int) -> Period:
    """One meter's use over the days given by their edges, as far as it was in service."""
    edges = elapsed(edges_ms, now_ms, use.curve.last_ms, use.interval_ms)
    begin, end = max(int(edges[0]), use.service_ms), int(edges[-1])
    whole = use.grid(np.array([begin, end] if begin < end else [], np.int64))
    events = events_between(use.curve.events, int(edges[0]), end)
    findings = [*event_findings(events, use.meter), *share_findings(whole, use.meter)]
    findings += _correction_findings(use, begin, end)
    idle = int((edges[1:] <= use.service_ms).sum())
    return Period(use.name, use.meter, _days(use, edges), whole, tuple(findings), idle)


def _correction_findings(use: MeterUse, begin_ms: int, end_ms: int) -> list[Finding]:
    if use.corrected_ms.size == 0 or begin_ms >= end_ms:
        return []
    count = int(use.corrections(np.array([begin_ms, end_ms], np.int64))[0])
    return [Finding("reading_corrected", "info", use.meter, {"count": count})] if count else []


def _days(use: MeterUse, edges: Ints) -> GridUse:
    """The use of each day; one that would be called measured is called corrected where it is."""
    days = use.grid(edges)
    if use.corrected_ms.size == 0:
        return days
    by_hand = (use.corrections(edges) > 0) & (days.code == "measured")
    return replace(days, code=np.where(by_hand, "corrected", days.code))


def passed_on(findings: Iterable[Finding]) -> list[Finding]:
    """Of a number's findings, those that hold for what is computed from it as well."""
    return [f for f in findings if f.code == "reading_corrected"]


def events_between(events: Sequence[Event], start_ms: int, end_ms: int) -> list[Event]:
    return [e for e in events if start_ms <= e.at_ms < end_ms]


_SEVERITY: Mapping[str, Severity] = {
    "register_reset": "warning",
    "register_jump": "warning",
    "conflicting_readings": "warning",
    "register_scaled": "serious",
}
"""Of kinds of events; all others are for information."""


def event_findings(events: Sequence[Event], subject: str) -> list[Finding]:
    """One finding a kind of event: how often, and the sum of what it was about."""
    found = []
    for code in sorted({e.code for e in events}):
        same = [e for e in events if e.code == code]
        found.append(
            Finding(
                code,
                _SEVERITY.get(code, "info"),
                subject,
                {"count": len(same), "amount": round(sum(e.amount for e in same), 3)},
            )
        )
    return found


def share_findings(whole: GridUse, subject: str) -> list[Finding]:
    """Findings for a period of which more than 1 % is missing or estimated.

    Those of an institution's total (no subject) have codes of their own.
    """
    if len(whole) == 0:
        return []
    what = "use" if subject else "total"
    found = []
    missing, estimated = float(whole.missing[0]), float(whole.estimated[0])
    doubtful = float(whole.doubtful[0])
    if missing - doubtful > _NOTED_SHARE:
        severity: Severity = "serious" if missing > 0.5 else "warning"
        numbers = {"missing_pct": round(missing * 100, 1)}
        found.append(Finding(f"{what}_incomplete", severity, subject, numbers))
    if doubtful > 0:
        numbers = {"doubtful_pct": round(doubtful * 100, 1)}
        found.append(Finding(f"{what}_doubtful", "warning", subject, numbers))
    if estimated > _NOTED_SHARE:
        numbers = {"estimated_pct": round(estimated * 100, 1)}
        found.append(Finding(f"{what}_estimated", "info", subject, numbers))
    return found


def total_of_mains(name: str, periods: Sequence[Period]) -> Period:
    """The institution's total of one name over its main meters, subject "".

    A meter that says nothing at all in an interval it was in service for makes the total of
    that interval unknown: a sum without it would count the missing as zero.
    """
    width = max(len(p.days) for p in periods)
    full = [p for p in periods if len(p.days) == width]
    silent = [p.subject for p in periods if len(p.whole) and np.isnan(p.whole.use[0])]
    findings = [Finding("main_meter_silent", "serious", subject) for subject in silent]
    in_service = [np.arange(width) >= p.idle_days for p in full]
    days = _sum([p.days for p in full], np.array(in_service, dtype=np.float64))
    wholes = [p.whole for p in periods if len(p.whole)]
    whole = _sum(wholes, np.ones((len(wholes), 1))) if wholes else periods[0].whole
    findings += share_findings(whole, "")
    findings += passed_on(f for p in periods for f in p.findings)
    return Period(name, "", days, whole, tuple(findings), min(p.idle_days for p in full))


def _sum(grids: Sequence[GridUse], weight: Floats) -> GridUse:
    """Sum of the use, mean of the shares, over those in service (weight 1, else 0)."""
    if len(grids) == 1:
        return grids[0]
    serving = weight > 0
    total = np.maximum(weight.sum(axis=0), 1.0)
    mean = {
        f: (np.array([getattr(g, f) for g in grids]) * weight).sum(axis=0) / total
        for f in ("measured", "estimated", "missing", "doubtful")
    }
    nobody = ~serving.any(axis=0)
    mean["missing"] = np.where(nobody, 1.0, mean["missing"])
    use = np.where(serving, [g.use for g in grids], 0.0).sum(axis=0)
    worst = [
        _worst([g.code[k] for g, s in zip(grids, serving, strict=True) if s[k]])
        for k in range(use.size)
    ]
    return GridUse(use=np.where(nobody, np.nan, use), code=np.array(worst, dtype=object), **mean)


_ORDER = (
    "measured",
    "corrected",
    "interpolated",
    "filled_linear",
    "filled_profile",
    "filled_similar_day",
    "partial",
    "doubtful",
    "missing",
)


def _worst(codes: Sequence[str]) -> str:
    worst = max(codes, key=_ORDER.index, default="missing")
    mixed = worst == "missing" and any(c != "missing" for c in codes)
    return "partial" if mixed else worst


def figure_of(period: Period, method: str = METHOD) -> Figure:
    """The month's figure of a series."""
    return Figure(
        name=period.name,
        subject=period.subject,
        value=value_or_none(period.whole.use),
        shares=shares_of(period.whole),
        method=method,
        findings=period.findings,
    )


def day_values(period: Period, days: Sequence[date]) -> list[DayValue]:
    """One value for each day that has begun."""
    return [
        DayValue(
            day=day,
            name=period.name,
            subject=period.subject,
            value=None if np.isnan(use) else float(use),
            quality=str(code),
        )
        for day, use, code in zip(days, period.days.use, period.days.code, strict=False)
    ]


def value_or_none(values: Floats) -> float | None:
    """The only value of an array, or None for none or NaN."""
    return float(values[0]) if values.size and np.isfinite(values[0]) else None


def shares_of(grid: GridUse, k: int = 0) -> Shares:
    if len(grid) <= k:
        return Shares.none()
    return Shares(float(grid.measured[k]), float(grid.estimated[k]), float(grid.missing[k]))
