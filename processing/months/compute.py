"""The months of one site: which ones, and their results. Pure."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import NamedTuple

from domain.calendar import Month, from_ms, local_day, months_between, to_ms
from domain.figures import MonthResult
from domain.findings import Finding
from processing.curves.meter_use import MeterUse
from processing.curves.standstill import LEAPS, caught_up
from processing.months.baselines import savings_tracks
from processing.months.month import month_result
from processing.months.plan import Outcome, Plan
from processing.months.site import Site


def compute(plan: Plan) -> Outcome:
    """The results of a plan's months. A baseline that is due is fitted and frozen.

    A register that caught up in one of them tells what was used in months before: the first
    time it is seen, those that are not in the plan are touched.
    """
    if not plan.months:
        return Outcome()
    site = plan.site
    tracks, frozen = savings_tracks(
        site, plan.models, plan.adjustments, plan.now, plan.peers, plan.months
    )
    results = [month_result(site, month, to_ms(plan.now), tracks) for month in plan.months]
    return Outcome(
        tuple(results),
        tuple(frozen),
        frozenset((site.institution.id, month) for month in _explained(plan, results)),
    )


class Leap(NamedTuple):
    """A meter caught up in `month`, and in the months `before`, which nobody asked for, it had
    stood still."""

    use: MeterUse
    month: Month
    before: frozenset[Month]


def leaps_out_of(site: Site, months: Sequence[Month]) -> list[Leap]:
    """The leaps in the given months that say something of months which are not among them."""
    found = []
    for use in (*site.meters, *(p.generation for p in site.pv)):
        for start_ms, leap_ms in caught_up(use.curve if use.unfilled is None else use.unfilled):
            first, last = (_month(t, site.institution.timezone) for t in (start_ms, leap_ms))
            before = frozenset(months_between(first, last)) - set(months)
            if before and last in months:
                found.append(Leap(use, last, before))
    return found


def _explained(plan: Plan, results: Sequence[MonthResult]) -> set[Month]:
    """The months that leaps tell of, as far as the ledger does not know of the leap yet."""
    result_of = {r.month: r for r in results}
    found: set[Month] = set()
    for use, month, before in leaps_out_of(plan.site, plan.months):
        told = _leaps(result_of[month], use)
        if not any(_leaps(kept, use) == told for kept in plan.kept.get(month, ())):
            found |= before
    return found


def _leaps(result: MonthResult, use: MeterUse) -> list[Finding]:
    figures = [f for f in result.figures if (f.name, f.subject) == (use.name, use.meter)]
    return [x for f in figures for x in f.findings if x.code in LEAPS]


def _month(at_ms: int, timezone: str) -> Month:
    return Month.of(local_day(from_ms(at_ms), timezone))


def months_of(site: Site, months: Iterable[Month] | None, now: datetime) -> list[Month]:
    """The asked months that have begun and are not before all data, or every such month."""
    span = site.span()
    if span is None:
        return []
    today = local_day(now, site.institution.timezone)
    first, last = Month.of(span[0]), Month.of(_last_day(span[1]))
    if site.institution.origin != "measured":
        last = max(last, Month.of(today))
    end_day = site.institution.in_service_until
    if end_day is not None:
        # What still reports afterwards is told in its month; silence makes no months.
        last = min(last, max(Month.of(_last_day(end_day)), Month.of(_last_day(span[1]))))
    last = min(last, Month.of(today))
    every = list(months_between(first, last.plus(1)))
    if months is None:
        return every
    wanted = set(months)
    return [m for m in every if m in wanted]


def _last_day(end: date) -> date:
    return date.fromordinal(end.toordinal() - 1)
