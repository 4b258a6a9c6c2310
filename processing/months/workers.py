"""Computing months in processes of their own, for a city's worth of institutions.

Reading and computing keep one core busy, saving another. A worker opens the stores for itself;
it computes only, and hands the results back to be kept.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from multiprocessing import get_context

from domain.calendar import Month
from domain.figures import MonthResult
from domain.places import Institution
from domain.registry import Registry
from processing.months.compute import compute
from processing.months.reading import SiteReader
from processing.quality.corrections import Amendments
from store.ledger.port import Ledger
from store.readings.port import ReadingStore

CHUNK = 20
"""Institutions handed to a worker at a time."""
WORTHWHILE = 100
"""Fewer institutions are computed faster than a worker starts."""


@dataclass(frozen=True)
class Workers:
    """How many worker processes, and how each opens the stores (picklable, without arguments)."""

    count: int
    open_store: Callable[[], ReadingStore]
    open_ledger: Callable[[], Ledger]


@dataclass(frozen=True)
class _Task:
    store: ReadingStore
    ledger: Ledger
    registry: Registry
    months: Sequence[Month] | None
    now: datetime
    amended: Amendments


_task: list[_Task] = []
"""What this worker process works on: set once, when it starts."""


def compute_in_workers(
    workers: Workers,
    registry: Registry,
    institutions: Sequence[Institution],
    months: Sequence[Month] | None,
    now: datetime,
    amended: Amendments,
) -> Iterator[list[MonthResult]]:
    """The results of each institution, in order; raises what a worker raised."""
    chunks = [
        [i.id for i in institutions[k : k + CHUNK]] for k in range(0, len(institutions), CHUNK)
    ]
    ahead = 2 * workers.count + 1
    with ProcessPoolExecutor(
        workers.count, get_context("spawn"), _start, (workers, registry, months, now, amended)
    ) as pool:
        waiting: deque[Future[list[list[MonthResult]]]] = deque()
        for chunk in chunks:
            waiting.append(pool.submit(_compute_chunk, chunk))
            if len(waiting) > ahead:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()


def _start(
    workers: Workers,
    registry: Registry,
    months: Sequence[Month] | None,
    now: datetime,
    amended: Amendments,
) -> None:
    _task[:] = [_Task(workers.open_store(), workers.open_ledger(), registry, months, now, amended)]


def _compute_chunk(names: list[str]) -> list[list[MonthResult]]:
    (task,) = _task
    institutions = [task.registry.institution_by_id[n] for n in names]
    reader = SiteReader(
        task.store,
        task.ledger,
        task.registry,
        institutions,
        task.months,
        task.now,
        task.amended,
    )
    return [compute(reader.read(i), task.ledger, task.months, task.now) for i in institutions]
