"""The processing job: plans are read, computed and committed, one institution after another."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from domain.calendar import Month
from domain.errors import ConfigError, StoreUnavailableError
from domain.figures import MonthResult
from domain.places import Institution
from domain.registry import Registry
from processing.months.bookkeeping import Keeper, Planner, find_touched
from processing.months.compute import compute
from processing.months.plan import Outcome
from processing.months.workers import WORTHWHILE, in_workers
from processing.quality.corrections import Amendments, amendments
from processing.quality.failures import told
from processing.savings.own_calibration import require_readable
from store.ledger.port import Ledger
from store.ledger.touched import TouchedMonth
from store.readings.port import ReadingStore

Progress = Callable[[str, int, int], None]
_READ_TOGETHER = 100
"""Institutions for which the store is asked together what lies around their months."""


@dataclass(frozen=True)
class Workers:
    """How many worker processes, and how each opens the stores (picklable, without arguments)."""

    count: int
    open_store: Callable[[], ReadingStore]
    open_ledger: Callable[[], Ledger]


@dataclass(frozen=True)
class _Round:
    """What is computed, the same for every institution."""

    registry: Registry
    months: Sequence[Month] | None
    now: datetime
    amended: Amendments

    def outcomes(
        self, store: ReadingStore, ledger: Ledger, institutions: Sequence[Institution]
    ) -> Iterator[Outcome]:
        """Of each institution, in order. One that cannot be computed, whatever the reason but a
        store that is away, has an outcome that says so."""
        for k in range(0, len(institutions), _READ_TOGETHER):
            together = institutions[k : k + _READ_TOGETHER]
            try:
                planner = self._planner(store, ledger, together)
            except StoreUnavailableError:
                raise
            except Exception:  # of one of them, which the next lines find out
                planner = None
            for institution in together:
                yield self._outcome(store, ledger, institution, planner)

    def _outcome(
        self, store: ReadingStore, ledger: Ledger, institution: Institution, planner: Planner | None
    ) -> Outcome:
        try:
            planner = planner or self._planner(store, ledger, [institution])
            return compute(planner.plan(institution))
        except StoreUnavailableError:
            raise
        except Exception as error:
            return Outcome(error=told(error, self.registry, institution))

    def _planner(
        self, store: ReadingStore, ledger: Ledger, institutions: Sequence[Institution]
    ) -> Planner:
        return Planner(
            store, ledger, self.registry, institutions, self.months, self.now, self.amended
        )


def process(
    store: ReadingStore,
    ledger: Ledger,
    *,
    months: Sequence[Month] | None,
    institutions: Sequence[str] | None = None,
    now: datetime,
    progress: Progress | None = None,
    workers: Workers | None = None,
) -> Iterator[MonthResult]:
    """Compute months and keep them: open months are replaced, closed ones wait as restatements.

    `months` None means every month with data, and the current one of institutions that are
    not replays of the past. Each institution's readings are read once. Gives the results by
    institution and month, each once it is in the ledger, and computes as they are taken: what
    is not taken is not computed. Touched months that are among them are settled. With `workers`,
    many institutions are computed in processes of their own. An institution that cannot be
    computed keeps what it had, with a serious finding that says why, and its touched months stay
    touched; the others are computed. Raises ConfigError for an unknown institution,
    and for an own calibration that cannot be used.
    """
    require_readable()
    registry = ledger.registry()
    return _process(
        store, ledger, registry, _chosen(registry, institutions), months, now, progress, workers
    )


def _process(
    store: ReadingStore,
    ledger: Ledger,
    registry: Registry,
    chosen: Sequence[Institution],
    months: Sequence[Month] | None,
    now: datetime,
    progress: Progress | None,
    workers: Workers | None,
) -> Iterator[MonthResult]:
    find_touched(store, ledger, registry, now)
    # Before anything that touches months is read: what comes later stays touched.
    waiting = _by_institution(ledger.touched())
    what = _Round(registry, months, now, amendments(ledger.corrections()))
    if workers is not None and len(chosen) >= WORTHWHILE:
        begin = partial(_begin, workers, what)
        outcomes = in_workers(workers.count, begin, [i.id for i in chosen])
    else:
        outcomes = what.outcomes(store, ledger, chosen)
    tell = progress or (lambda *_: None)
    with Keeper(ledger, registry, now) as keeper:
        for done, (institution, outcome) in enumerate(zip(chosen, outcomes, strict=True)):
            tell("processing", done, len(chosen))
            computed = {r.month for r in outcome.results}
            touched = waiting.get(institution.id, [])
            settled = [t for t in touched if months is None or t.month in computed]
            yield from keeper.keep(institution, months, outcome, settled)
        yield from keeper.rest()
    tell("processing", len(chosen), len(chosen))


def recomputed(
    store: ReadingStore,
    ledger: Ledger,
    institution: Institution,
    months: Sequence[Month],
    now: datetime,
) -> Iterator[MonthResult]:
    """Months computed as `process` would, from what is stored now; nothing is kept, nothing settled.
    Raises ConfigError where they cannot be computed."""
    what = _Round(ledger.registry(), months, now, amendments(ledger.corrections()))
    for outcome in what.outcomes(store, ledger, [institution]):
        if outcome.error:
            raise ConfigError(outcome.error)
        yield from outcome.results


def _begin(workers: Workers, what: _Round) -> Callable[[Sequence[str]], list[Outcome]]:
    """In a worker: opens the stores; gives what makes outcomes of institutions."""
    store, ledger = workers.open_store(), workers.open_ledger()
    known = what.registry.institution_by_id
    return lambda names: list(what.outcomes(store, ledger, [known[n] for n in names]))


def _chosen(registry: Registry, institutions: Sequence[str] | None) -> list[Institution]:
    if institutions is None:
        return list(registry.institutions)
    known = registry.institution_by_id
    unknown = [i for i in institutions if i not in known]
    if unknown:
        raise ConfigError(f"no institution {unknown[0]!r}; there are: {', '.join(known)}")
    return [known[i] for i in institutions]


def _by_institution(touched: Iterable[TouchedMonth]) -> dict[str, list[TouchedMonth]]:
    found: dict[str, list[TouchedMonth]] = {}
    for one in touched:
        found.setdefault(one.institution, []).append(one)
    return found


def process_touched(
    store: ReadingStore, ledger: Ledger, *, now: datetime, registry: Registry | None = None
) -> Iterator[MonthResult]:
    """Compute and keep the months that late or corrected readings touched, and no other; gives
    the results as `process` does.

    The cost follows what is touched, not how much history or how many institutions there are.
    Who has the registry at hand gives it: reading it costs more than a month. It is read anew
    where it does not know an institution; what is touched of one that is not registered waits.
    """
    registry = find_touched(store, ledger, registry or ledger.registry(), now)
    waiting = _by_institution(ledger.touched())
    if not waiting:
        return
    require_readable()
    if not waiting.keys() <= registry.institution_by_id.keys():
        registry = ledger.registry()
    amended = amendments(ledger.corrections())
    with Keeper(ledger, registry, now) as keeper:
        for name, touched in waiting.items():
            institution = registry.institution_by_id.get(name)
            if institution is None:
                continue
            what = _Round(registry, sorted({t.month for t in touched}), now, amended)
            for outcome in what.outcomes(store, ledger, [institution]):
                yield from keeper.keep(institution, what.months, outcome, touched)
        yield from keeper.rest()
