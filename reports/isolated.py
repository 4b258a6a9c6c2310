"""Run memory-hungry drawing in a short-lived process of its own.

Chart drawing holds a JavaScript engine and typesetting holds fonts: some 200 MB that a
long-running server must not keep. One worker serves a batch, then its memory is free.
"""

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TypeVar

Job = TypeVar("Job")
Result = TypeVar("Result")

JOBS_PER_WORKER = 20
"""After so many a fresh worker goes on: each drawing leaves some 5 MB behind. (The executor's
own `max_tasks_per_child` hangs when it changes workers: CPython issue 115634.)"""

_one_at_a_time = threading.Lock()


def in_worker(function: Callable[[Job], Result], jobs: Iterable[Job]) -> Iterator[Result]:
    """`function` of each job, in order, each as soon as it is done, in one other process.

    `function` is a module's function, `jobs` can be pickled. Errors of the function are raised
    here. Only one batch runs at a time in this process, so that memory stays bounded.
    """
    waiting = list(jobs)
    while waiting:
        batch, waiting = waiting[:JOBS_PER_WORKER], waiting[JOBS_PER_WORKER:]
        with (
            _one_at_a_time,
            ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn")) as pool,
        ):
            yield from pool.map(function, batch)
