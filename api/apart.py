"""Questions that are answered apart from all others: by a thread of their own, within a time.

Health and metrics are asked for when things go wrong: they must not wait for the threads that
everybody else waits for.
"""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

Said = TypeVar("Said")


class Apart(Generic[Said]):
    """One question, asked by one thread at a time, however many want the answer.

    While the last asking hangs nobody asks again. For one event loop.
    """

    def __init__(self, question: Callable[[], Said], limit_s: float) -> None:
        self._question = question
        self._limit_s = limit_s
        self._asked: Future[Said] | None = None

    async def answer(self) -> Said:
        """The answer. Raises TimeoutError after the limit, and what the question raises."""
        if self._asked is None or self._asked.done():
            self._asked = _in_thread(self._question)
        asked = asyncio.wrap_future(self._asked)
        done, _ = await asyncio.wait({asked}, timeout=self._limit_s)
        if not done:
            asked.cancel()  # the question goes on
            raise TimeoutError
        return asked.result()


def _in_thread(question: Callable[[], Said]) -> "Future[Said]":
    answer: Future[Said] = Future()
    answer.set_running_or_notify_cancel()  # who waits may leave, others stay

    def ask() -> None:
        try:
            answer.set_result(question())
        except BaseException as error:
            answer.set_exception(error)

    # Not of a pool: those are waited for at the end of the process, and this one may hang.
    threading.Thread(target=ask, name="apart", daemon=True).start()
    return answer
