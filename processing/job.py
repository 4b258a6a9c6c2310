"""The processing job: reads what devices said, computes months, keeps them in the ledger."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from domain.calendar import Month, months_between, to_ms
from domain.errors import ConfigError
from domain.figures import MonthResult
from domain.places import Institution
from domain.registry import Registry
from processing.contracts import savings_tracks
from processing.month import month_result
from processing.site import Site, build_site, wanted_series
from store.ledger import Ledger
from store.readings import ReadingStore

Progress = Callable[[str, int, int], None]
_FIRST = datetime(2000, 1, 1, tzinfo=UTC)


def process(
    store: ReadingStore,
    ledger: Ledger,
    *,
    months: Sequence[Month] | None,
    institutions: Sequence[str] | None = None,
    now: datetime,
    progress: Progress | None = None,
) -> list[MonthResult]:
    """Compute months and keep them: open months are replaced, closed ones wait as restatements.

    `months` None means every month with data, and the current one of institutions that are
    not replays of the past. Each institution's readings are read once. Returns the computed
    results by institution and month. Raises ConfigError for an unknown institution.
    """
    registry = ledger.registry()
    chosen = _chosen(registry, institutions)
    results: list[MonthResult] = []
    for done, institution in enumerate(chosen):
        if progress is not None:
            progress("processing", done, len(chosen))
        results += _process_one(store, ledger, registry, institution, months, now)
    if progress is not None:
        progress("processing", len(chosen), len(chosen))
    return results


def _chosen(registry: Registry, institutions: Sequence[str] | None) -> list[Institution]:
    if institutions is None:
        return list(registry.institutions)
    known = registry.institution_by_id
    unknown = [i for i in institutions if i not in known]
    if unknown:
        raise ConfigError(f"no institution {unknown[0]!r}; there are: {', '.join(known)}")
    return [known[i] for i in institutions]


def _process_one(
    store: ReadingStore,
    ledger: Ledger,
    registry: Registry,
    institution: Institution,
    months: Sequence[Month] | None,
    now: datetime,
) -> list[MonthResult]:
    site = read_site(store, registry, institution, now)
    wanted = months_of(site, months, now)
    if not wanted:
        return []
    tracks = savings_tracks(site, ledger, now)
    found = []
    for month in wanted:
        result = month_result(site, month, to_ms(now), tracks)
        ledger.save_result(result)
        found.append(result)
    return found


def read_site(
    store: ReadingStore, registry: Registry, institution: Institution, now: datetime
) -> Site:
    """Read all of an institution's series, one after another, and make their curves."""
    series = list(wanted_series(registry, institution))
    samples = {
        (s.device, s.quantity): (at_ms, value)
        for s, at_ms, value in store.scan(series, _FIRST, now)
        if at_ms.size
    }
    return build_site(registry, institution, samples)


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
