"""The months of one site: which ones, and their results."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from domain.calendar import Month, from_ms, local_day, months_between, to_ms
from domain.figures import MonthResult
from domain.findings import Finding
from processing.curves.standstill import caught_up
from processing.months.month import month_result
from processing.months.site import Site
from processing.savings.tracks import savings_tracks
from processing.use.consumption import MeterUse
from store.ledger.port import Ledger


def compute(
    site: Site, ledger: Ledger, months: Sequence[Month] | None, now: datetime
) -> list[MonthResult]:
    """The results of the asked months of a site. A baseline that is due is fitted and kept.

    A register that caught up in one of them tells what was used in months before: the first
    time it is seen, those that were not asked for are touched.
    """
    wanted = months_of(site, months, now)
    if not wanted:
        return []
    tracks = savings_tracks(site, ledger, now)
    results = [month_result(site, month, to_ms(now), tracks) for month in wanted]
    explained = _explained(site, results, ledger) if months is not None else set()
    if explained:
        ledger.touch((site.institution.id, month) for month in explained)
    return results


def _explained(site: Site, results: Sequence[MonthResult], ledger: Ledger) -> set[Month]:
    """The months not among the results in which registers stood still that caught up in one of
    the results, as the ledger does not know yet."""
    result_of = {r.month: r for r in results}
    found: set[Month] = set()
    for use in (*site.meters, *(p.generation for p in site.pv)):
        for start_ms, leap_ms in caught_up(use.curve if use.unfilled is None else use.unfilled):
            first, last = (_month(t, site.institution.timezone) for t in (start_ms, leap_ms))
            earlier = set(months_between(first, last)) - set(result_of)
            if earlier and last in result_of and not _known(result_of[last], use, ledger):
                found |= earlier
    return found


def _month(at_ms: int, timezone: str) -> Month:
    return Month.of(local_day(from_ms(at_ms), timezone))


def _known(result: MonthResult, use: MeterUse, ledger: Ledger) -> bool:
    """Whether the ledger holds the month with the same leaps of the meter."""
    end = result.month.plus(1)
    kept = ledger.results(result.institution, result.month, end, names={use.name}, days=False)
    waits = ledger.pending(result.institution, result.month)
    told = _leaps(result, use)
    return any(_leaps(k, use) == told for k in (*kept, *([waits] if waits else [])))


def _leaps(result: MonthResult, use: MeterUse) -> list[Finding]:
    figures = [f for f in result.figures if (f.name, f.subject) == (use.name, use.meter)]
    return [x for f in figures for x in f.findings if x.code == "register_caught_up"]


def months_of(site: Site, months: Iterable[Month] | None, now: datetime) -> list[Month]:
    """The asked months that have begun and are not before all data, or every such month."""
    span = site.span()
    if span is None:
        return []
    today = local_day(now, site.institution.timezone)
    first, last = Month.of(span[0]), Month.of(_last_day(span[1]))
    if site.institution.origin != "measured":
        last = max(last, Month.of(today))
    last = min(last, Month.of(today))
    every = list(months_between(first, last.plus(1)))
    if months is None:
        return every
    wanted = set(months)
    return [m for m in every if m in wanted]


def _last_day(end: date) -> date:
    return date.fromordinal(end.toordinal() - 1)
