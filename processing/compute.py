"""The months of one site: which ones, and their results."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from domain.calendar import Month, months_between, to_ms
from domain.figures import MonthResult
from processing.contracts import savings_tracks
from processing.month import month_result
from processing.site import Site
from store.ledger import Ledger


def compute(
    site: Site, ledger: Ledger, months: Sequence[Month] | None, now: datetime
) -> list[MonthResult]:
    """The results of the asked months of a site. A baseline that is due is fitted and kept."""
    wanted = months_of(site, months, now)
    if not wanted:
        return []
    tracks = savings_tracks(site, ledger, now)
    return [month_result(site, month, to_ms(now), tracks) for month in wanted]


def months_of(site: Site, months: Iterable[Month] | None, now: datetime) -> list[Month]:
    """The asked months that have begun and are not before all data, or every such month."""
    span = site.span()
    if span is None:
        return []
    today = now.astimezone(ZoneInfo(site.institution.timezone)).date()
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
