"""Computing in processes of their own, for a city's worth of institutions.

Reading and computing keep one core busy, keeping the results another. What a worker needs, such
as stores, it opens for itself, once; it hands back what it made, to be kept by whoever asked.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any, TypeVar

T = TypeVar("T")

CHUNK = 20
"""Institutions handed to a worker at a time."""
WORTHWHILE = 100
"""Fewer institutions are computed faster than a worker starts."""

_work: list[Callable[[Sequence[str]], list[Any]]] = []
"""What this worker process does with a chunk: set once, when it starts."""


def in_workers(
    count: int, begin: Callable[[], Callable[[Sequence[str]], list[T]]], names: Sequence[str]
) -> Iterator[T]:
    """What is made of each name, in order; raises what a worker raised.

    `begin` (picklable) is called once in each of the `count` processes, and gives the function
    that works on a chunk of the names.
    """
    chunks = [names[k : k + CHUNK] for k in range(0, len(names), CHUNK)]
    ahead = 2 * count + 1
    with ProcessPoolExecutor(count, get_context("spawn"), _begin, (begin,)) as pool:
        waiting: deque[Future[list[T]]] = deque()
        for chunk in chunks:
            waiting.append(pool.submit(_do, chunk))
            if len(waiting) > ahead:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()


def _begin(begin: Callable[[], Callable[[Sequence[str]], list[Any]]]) -> None:
    _work[:] = [begin()]


def _do(chunk: Sequence[str]) -> list[Any]:
    (work,) = _work
    return work(chunk)
