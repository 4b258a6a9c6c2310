"""The processing job: reads what devices said, computes months, keeps them in the ledger."""

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import date, datetime
from zoneinfo import ZoneInfo

from domain.calendar import Month, months_between, to_ms
from domain.errors import ConfigError
from domain.figures import MonthResult
from domain.places import Institution
from domain.registry import Registry
from processing.contracts import savings_tracks
from processing.month import month_result
from processing.reading import SiteReader
from processing.site import Site
from store.ledger import Ledger, MonthState
from store.readings import ReadingStore

Progress = Callable[[str, int, int], None]


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
    reader = SiteReader(store, ledger, registry, chosen, months, now)
    results: list[MonthResult] = []
    with _Keeper(ledger) as keeper:
        for done, institution in enumerate(chosen):
            if progress is not None:
                progress("processing", done, len(chosen))
            results += _process_one(reader.read(institution), ledger, keeper, months, now)
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


def process_months(
    store: ReadingStore,
    ledger: Ledger,
    registry: Registry,
    months: Mapping[str, Iterable[Month]],
    now: datetime,
) -> list[MonthResult]:
    """Compute and keep the given months of the given institutions and no other."""
    results: list[MonthResult] = []
    with _Keeper(ledger) as keeper:
        for name in sorted(months):
            institution, wanted = registry.institution_by_id[name], sorted(months[name])
            reader = SiteReader(store, ledger, registry, [institution], wanted, now)
            results += _process_one(reader.read(institution), ledger, keeper, wanted, now)
    return results


class _Keeper:
    """Saves results in a thread of its own: the disk is waited for while the next is computed.

    The block's end waits for all of them, and raises what saving raised.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ledger")
        self._waiting: deque[Future[MonthState]] = deque()

    def __enter__(self) -> "_Keeper":
        return self

    def keep(self, result: MonthResult) -> None:
        self._waiting.append(self._thread.submit(self._ledger.save_result, result))
        while len(self._waiting) > _MOST_WAITING:
            self._waiting.popleft().result()

    def __exit__(self, kind: object, *_: object) -> None:
        try:
            while self._waiting and kind is None:
                self._waiting.popleft().result()
        finally:
            self._thread.shutdown(cancel_futures=True)


_MOST_WAITING = 32


def _process_one(
    site: Site,
    ledger: Ledger,
    keeper: _Keeper,
    months: Sequence[Month] | None,
    now: datetime,
) -> list[MonthResult]:
    wanted = months_of(site, months, now)
    if not wanted:
        return []
    tracks = savings_tracks(site, ledger, now)
    found = [month_result(site, month, to_ms(now), tracks) for month in wanted]
    for result in found:
        keeper.keep(result)
    return found


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
