"""The processing job: reads what devices said, computes months, keeps them in the ledger."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime

from domain.calendar import Month
from domain.errors import ConfigError
from domain.figures import MonthResult
from domain.places import Institution
from domain.registry import Registry
from processing.months.compute import compute
from processing.months.reading import SiteReader
from processing.months.workers import WORTHWHILE, Workers, compute_in_workers
from processing.quality.corrections import amendments
from store.ledger.port import Ledger, MonthState
from store.readings.port import ReadingStore

Progress = Callable[[str, int, int], None]


def process(
    store: ReadingStore,
    ledger: Ledger,
    *,
    months: Sequence[Month] | None,
    institutions: Sequence[str] | None = None,
    now: datetime,
    progress: Progress | None = None,
    workers: Workers | None = None,
) -> list[MonthResult]:
    """Compute months and keep them: open months are replaced, closed ones wait as restatements.

    `months` None means every month with data, and the current one of institutions that are
    not replays of the past. Each institution's readings are read once. Returns the computed
    results by institution and month. With `workers`, many institutions are computed in processes
    of their own. Raises ConfigError for an unknown institution.
    """
    registry = ledger.registry()
    chosen = _chosen(registry, institutions)
    results: list[MonthResult] = []
    with _Keeper(ledger) as keeper:
        for done, found in enumerate(
            _computed(store, ledger, registry, chosen, months, now, workers)
        ):
            if progress is not None:
                progress("processing", done, len(chosen))
            results += keeper.keep(found)
    if progress is not None:
        progress("processing", len(chosen), len(chosen))
    return results


def _computed(
    store: ReadingStore,
    ledger: Ledger,
    registry: Registry,
    chosen: Sequence[Institution],
    months: Sequence[Month] | None,
    now: datetime,
    workers: Workers | None,
) -> Iterator[list[MonthResult]]:
    """The results of each institution: computed here, or by workers where there are many."""
    amended = amendments(ledger.corrections())
    if workers is not None and len(chosen) >= WORTHWHILE:
        yield from compute_in_workers(workers, registry, chosen, months, now, amended)
        return
    reader = SiteReader(store, ledger, registry, chosen, months, now, amended)
    for institution in chosen:
        yield compute(reader.read(institution), ledger, months, now)


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
    amended = amendments(ledger.corrections()) if months else {}
    with _Keeper(ledger) as keeper:
        for name in sorted(months):
            institution, wanted = registry.institution_by_id[name], sorted(months[name])
            reader = SiteReader(store, ledger, registry, [institution], wanted, now, amended)
            results += keeper.keep(compute(reader.read(institution), ledger, wanted, now))
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

    def keep(self, results: list[MonthResult]) -> list[MonthResult]:
        """Save the results soon; gives them back."""
        for result in results:
            self._waiting.append(self._thread.submit(self._ledger.save_result, result))
            while len(self._waiting) > _MOST_WAITING:
                self._waiting.popleft().result()
        return results

    def __exit__(self, kind: object, *_: object) -> None:
        try:
            while self._waiting and kind is None:
                self._waiting.popleft().result()
        finally:
            self._thread.shutdown(cancel_futures=True)


_MOST_WAITING = 32
