"""One institution's month, assembled from its curves. Pure: the same input, the same result."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from config.processing import processing_settings
from domain.calendar import Month
from domain.carriers import ELECTRICITY, EXPORT
from domain.figures import DayValue, Figure, MonthResult, Shares
from domain.findings import Finding
from domain.places import WasteStream
from processing.curves.curve import Ints
from processing.curves.days import day_edges, elapsed
from processing.curves.measured_states import daily_mean, mean_on_grid
from processing.curves.meter_use import MeterUse
from processing.months.site import Site
from processing.quality.arrivals import arrival_figures
from processing.quality.corrections import input_findings
from processing.quality.silence import fell_silent
from processing.quality.weather_drift import drift_findings
from processing.savings.figures import SavingsTrack, reports, savings_days, savings_figures
from processing.solar.self_use import Balance, self_use_figures
from processing.solar.yields import yield_figures
from processing.use.heating import heating_figures, heating_split
from processing.use.hours import (
    hourly_electricity,
    night_flow_figures,
    out_of_hours_figures,
    tariff_figures,
)
from processing.use.indicators import indicator_figures
from processing.use.meter_tree import VIRTUAL_METHOD, balance_figures, item_figures, virtual_periods
from processing.use.month_use import (
    Period,
    day_values,
    figure_of,
    month_use,
    passed_on,
    shares_of,
    value_or_none,
)
from processing.use.totals import SUM_METHOD, total_of_mains
from processing.waste.inspections import TOTAL, accuracy_figures, inspections_of
from processing.waste.streams import recycling_figure, stream_month, waste_figures
from processing.waste.weighing import bin_history

DAY_MS = 86_400_000


def month_result(
    site: Site, month: Month, now_ms: int, savings: Sequence[SavingsTrack] = ()
) -> MonthResult:
    """Everything about one institution and month.

    A month that is not over at `now_ms` is computed up to now; for one that is, the result
    does not depend on now.
    """
    days = month.days()
    edges = day_edges(month.first_day, month.end_day, site.institution.timezone)
    findings: list[Finding] = []
    if edges[-1] > now_ms:
        gone = max((now_ms - int(edges[0])) / DAY_MS, 0.0)
        numbers = {"days": round(gone, 1), "of": len(days)}
        findings.append(Finding("month_running", "info", numbers=numbers))
    findings += input_findings(site.corrected, int(edges[0]), int(edges[-1]))
    uses = [
        _with_silence(month_use(u, edges, now_ms), u, edges, now_ms)
        for u in site.meters
        if u.service_ms < min(int(edges[-1]), now_ms)
    ]
    mains = {u.meter for u in site.meters if u.is_main}
    totals = _totals(uses, mains)
    virtual = virtual_periods(site.records, uses)
    figures = [figure_of(p) for p in uses]
    figures += [figure_of(p, VIRTUAL_METHOD) for p in virtual]
    figures += balance_figures(site.records, [*uses, *virtual])
    figures += item_figures(site.records, [*uses, *virtual])
    figures += [figure_of(t, SUM_METHOD) for t in totals]
    values = [v for p in (*uses, *virtual, *totals) for v in day_values(p, days)]
    solar = _pv(site, edges, now_ms, uses, totals)
    for part in (solar, _waste(site, edges, now_ms)):
        figures += part.figures
        values += [v for p in part.periods for v in day_values(p, days)]
    by_name = {f.name: f for f in figures if f.name in {t.name for t in totals} and not f.subject}
    figures += indicator_figures(site.institution, by_name, month.first_day)
    split = heating_split(site.institution, site.records, [*uses, *virtual], by_name, month)
    figures += heating_figures(site.institution, split, month)
    figures += _hourly(site, month, elapsed(edges, now_ms, _last_of_mains(site), 3_600_000))
    figures += arrival_figures(site.arrivals, int(edges[0]), min(int(edges[-1]), now_ms))
    models: list[str] = []
    today = _days_begun(edges, now_ms, days)
    for track in savings:
        if not reports(track.contract, month, today):
            continue
        assessment = track.assessment(month)
        sources = [p for p in (*uses, *solar.periods) if p.subject in track.meters]
        of_use = passed_on(f for p in sources for f in p.findings)
        figures += savings_figures(track, assessment, month, today, of_use)
        values += savings_days(track, assessment, month, today)
        models.append(track.model.digest)
    temperature, temperature_days = _temperature(site, edges, now_ms, days)
    figures += temperature
    values += temperature_days
    return MonthResult(
        institution=site.institution.id,
        month=month,
        figures=tuple(figures),
        days=tuple(values),
        findings=tuple(findings),
        models=tuple(models),
    )


def _with_silence(period: Period, use: MeterUse, edges: Ints, now_ms: int) -> Period:
    if use.name == EXPORT.figure:
        return period
    found = fell_silent(use, int(edges[0]), min(int(edges[-1]), now_ms))
    return replace(period, findings=(*period.findings, *found)) if found else period


def _last_of_mains(site: Site) -> int | None:
    lasts = [u.curve.last_ms for u in site.meters if u.is_main and u.curve.last_ms is not None]
    return max(lasts, default=None)


def _hourly(site: Site, month: Month, edges: Ints) -> list[Figure]:
    timezone = site.institution.timezone
    figures = night_flow_figures(site.meters, edges, timezone)
    hourly = hourly_electricity(site.meters, edges, timezone)
    if hourly is None:
        return figures
    figures += out_of_hours_figures(hourly, site.institution)
    return figures + tariff_figures(hourly, site.institution, month.first_day)


def _days_begun(edges: Ints, now_ms: int, days: Sequence[date]) -> date:
    """The day after the last local day of the month that is over."""
    over = int((edges[1:] <= now_ms).sum())
    return date.fromordinal(days[0].toordinal() + over)


def _totals(uses: Sequence[Period], mains: set[str]) -> list[Period]:
    names = dict.fromkeys(p.name for p in uses if p.subject in mains)
    return [
        total_of_mains(name, [p for p in uses if p.name == name and p.subject in mains])
        for name in names
    ]


@dataclass(frozen=True)
class _Part:
    figures: list[Figure]
    periods: list[Period]


def _pv(
    site: Site, edges: Ints, now_ms: int, uses: Sequence[Period], totals: Sequence[Period]
) -> _Part:
    sources = [s for s in site.pv if s.generation.curve.at_ms[0] < edges[-1]]
    periods = [
        _with_silence(month_use(s.generation, edges, now_ms), s.generation, edges, now_ms)
        for s in sources
    ]
    figures = [figure_of(p, _generation_method(p)) for p in periods]
    for source, period in zip(sources, periods, strict=True):
        use = source.generation
        reached = elapsed(edges, now_ms, use.curve.last_ms, use.interval_ms)
        if reached.size > 1:
            figures += yield_figures(source, period, int(reached[0]), int(reached[-1]))
    exported = [p for p in uses if p.name == EXPORT.figure]
    bought = next((t for t in totals if t.name == ELECTRICITY.figure), None)
    if periods and exported and bought is not None:
        balance = _balance(periods, exported, bought)
        pairs = [(p.subject, p) for p in periods]
        figures += self_use_figures(pairs, balance)
        figures.append(_gross_load(balance))
    return _Part(figures, periods)


def _generation_method(period: Period) -> str:
    return "register-difference/1" if period.subject else SUM_METHOD


def _balance(generated: Sequence[Period], exported: Sequence[Period], bought: Period) -> Balance:
    parts = [shares_of(p.whole) for p in (*generated, *exported, bought)]
    return Balance(
        generation_kwh=_sum_or_none(generated),
        export_kwh=_sum_or_none(exported),
        import_kwh=value_or_none(bought.whole.use),
        shares=Shares.mean_unmeasured(parts, first="missing"),
    )


def _sum_or_none(periods: Sequence[Period]) -> float | None:
    values = [value_or_none(p.whole.use) for p in periods]
    known = [v for v in values if v is not None]
    return sum(known) if len(known) == len(values) else None


def _gross_load(balance: Balance) -> Figure:
    parts = (balance.import_kwh, balance.generation_kwh, balance.export_kwh)
    bought, generated, exported = parts
    known = bought is not None and generated is not None and exported is not None
    return Figure(
        name="gross_load_kwh",
        value=bought + generated - exported if known else None,  # type: ignore[operator]
        shares=balance.shares,
        method="import-plus-pv-minus-export/1",
    )


def _waste(site: Site, edges: Ints, now_ms: int) -> _Part:
    """Bins are read from some days before the month to a few hours after it, so that a month's
    masses do not move when later months arrive."""
    if not site.bins:
        return _Part([], [])
    rules = processing_settings().waste
    start, end = int(edges[0]), min(int(edges[-1]), now_ms)
    inspected = accuracy_figures(
        inspections_of(site.bins, site.bin_samples, _reached(site, edges, now_ms, TOTAL))
    )
    reached = _reached(site, edges, now_ms, "mass_kg")
    histories = []
    reported = 0
    for bin_ in site.bins:
        at, mass = site.bin_samples.get((bin_.id, "mass_kg"), (np.empty(0, np.int64), np.empty(0)))
        near = (at >= start - rules.before_days * DAY_MS) & (at < end + DAY_MS // 8)
        if at.size == 0 or at[0] >= edges[-1]:
            continue
        histories.append(bin_history(bin_, at[near], mass[near]))
        reported += bool(((at >= start) & (at < end)).any())
    if reached.size < 2 or not histories:
        return _Part(inspected, [])
    streams = [
        stream_month(stream, [h for h in histories if h.bin.stream is stream], reached)
        for stream in WasteStream
        if any(h.bin.stream is stream for h in histories)
    ]
    figures = waste_figures(streams, len(site.bins), reported)
    registered = {b.stream for b in site.bins}
    figures.append(recycling_figure(streams, registered, rules))
    return _Part([*figures, *inspected], [s.period for s in streams])


def _reached(site: Site, edges: Ints, now_ms: int, quantity: str) -> Ints:
    """The edges as far as time, or what bins say of a quantity, has come."""
    lasts = [
        int(at.max()) for (_, q), (at, _) in site.bin_samples.items() if q == quantity and at.size
    ]
    interval_ms = max(b.expected_interval_s for b in site.bins) * 1000
    return elapsed(edges, now_ms, max(lasts, default=None), interval_ms)


def _temperature(
    site: Site, edges: Ints, now_ms: int, days: Sequence[date]
) -> tuple[list[Figure], list[DayValue]]:
    if site.temperature.at_ms.size < 2:
        return [], []
    reached = elapsed(edges, now_ms, None, 0)
    if reached.size < 2:
        return [], []
    mean, share = mean_on_grid(site.temperature, reached[[0, -1]])
    name = "outdoor_temperature_mean_c"
    figure = Figure(
        name=name,
        value=value_or_none(mean),
        shares=Shares.known(float(share[0])),
        method="time-weighted-mean/1",
        findings=drift_findings(
            site.institution.weather_device,
            site.temperature,
            site.temperatures_around,
            days[0],
            _days_begun(edges, now_ms, days),
            site.institution.timezone,
        ),
    )
    values = [
        DayValue(
            day=day,
            name=name,
            subject="",
            value=None if np.isnan(t) else float(t),
            quality="missing" if np.isnan(t) else "measured",
        )
        for day, t in zip(days, daily_mean(site.temperature, reached), strict=False)
    ]
    return [figure], values
