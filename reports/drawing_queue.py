"""What a service draws: a few at a time, in processes of their own, behind a bounded queue.

Who asks gets a Future and no thread waits for it; equal requests share one drawing. A request is
given up by cancelling its Future: what nobody wants any more is not drawn, or no further.
"""

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from domain.errors import CivicmeterError
from reports.isolated import UnwantedError, Worker

Made = TypeVar("Made")
Prepared = tuple[Callable[[Any], Made], Any]
"""A module's function, and what it is to be called with in a worker."""

LIMIT_S = 120.0
"""A drawing that takes longer is ended. It takes two seconds, on a small machine some twenty."""
_IDLE_S = 30.0
"""A worker without work for so long gives its memory back."""
_USUAL_S = 3.0


class QueueFullError(CivicmeterError):
    """As many drawings wait as may. `retry_after_s` is when there should be room."""

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(f"too many drawings wait: ask again in {retry_after_s} s")
        self.retry_after_s = retry_after_s


@dataclass(eq=False)
class _Drawing(Generic[Made]):
    key: Hashable
    prepare: Callable[[], Prepared[Made]]
    askers: set["Future[Made]"] = field(default_factory=set)

    def wanted(self) -> bool:
        return bool(self.askers)


class DrawingQueue(Generic[Made]):
    """Draws with `workers` processes; at most `waiting_max` drawings wait beside those, and at most
    `asking_max` requests for any of them: a service has only so many connections.

    The last `kept_max` drawings are kept, as far as they are of at most `kept_bytes` together
    (`size` tells of each). Threads and processes begin with the first drawing. For any thread.
    """

    def __init__(
        self,
        *,
        workers: int = 1,
        waiting_max: int = 20,
        asking_max: int = 200,
        limit_s: float = LIMIT_S,
        idle_s: float = _IDLE_S,
        kept_max: int = 24,
        kept_bytes: int = 64 << 20,
        size: Callable[[Made], int] = lambda _: 0,
    ) -> None:
        self._workers, self._waiting_max, self._asking_max = workers, waiting_max, asking_max
        self._limit_s, self._idle_s = limit_s, idle_s
        self._kept_max, self._kept_bytes, self._size = kept_max, kept_bytes, size
        # Held over what is in memory only: never while something is prepared or drawn.
        self._changed = threading.Condition()
        self._waiting: deque[_Drawing[Made]] = deque()
        self._idle = 0
        self._drawings: dict[Hashable, _Drawing[Made]] = {}
        self._kept: OrderedDict[Hashable, Made] = OrderedDict()
        self._threads: list[threading.Thread] = []
        self._closed = False
        self._usual_s = _USUAL_S

    def ask(self, key: Hashable, prepare: Callable[[], Prepared[Made]]) -> "Future[Made]":
        """What is drawn under the key: kept, being drawn, or drawn when its turn comes.

        `prepare` gathers what to draw; it is called in a thread of the queue at that time, and
        may ask stores. The future has what was raised, also by `prepare`, or one of
        `reports.isolated`'s errors. Raises QueueFullError.
        """
        future: Future[Made] = Future()
        with self._changed:
            if key in self._kept:
                self._kept.move_to_end(key)
                future.set_result(self._kept[key])
                return future
            drawing = self._drawings.get(key)
            asking = sum(len(d.askers) for d in self._drawings.values())
            if asking >= self._asking_max:
                raise QueueFullError(self._retry_after_s())
            if drawing is None:
                if self._closed or not self._room():
                    raise QueueFullError(self._retry_after_s())
                drawing = self._drawings[key] = _Drawing(key, prepare)
                self._waiting.append(drawing)
                self._begin()
                self._changed.notify()
            drawing.askers.add(future)
        future.add_done_callback(lambda done: self._left(drawing, done))
        return future

    def close(self) -> None:
        """Draw nothing more: who waits is told QueueFullError, what is being drawn is ended."""
        with self._changed:
            self._closed = True
            left, self._waiting = list(self._waiting), deque()
            for drawing in self._drawings.values():
                drawing.askers, askers = set(), drawing.askers
                left.append(_Drawing(drawing.key, drawing.prepare, askers))
            self._drawings.clear()
            self._changed.notify_all()
        for drawing in left:
            _tell(drawing.askers, error=QueueFullError(self._retry_after_s()))
        for thread in self._threads:
            thread.join(timeout=5.0)

    def _room(self) -> bool:
        """What a thread is about to take does not wait."""
        taken_at_once = self._idle + self._workers - len(self._threads)
        return len(self._waiting) - taken_at_once < self._waiting_max

    def _retry_after_s(self) -> int:
        return max(1, min(300, round(self._usual_s * len(self._waiting) / self._workers)))

    def _begin(self) -> None:
        self._threads = [t for t in self._threads if t.is_alive()]
        if len(self._threads) < self._workers:
            thread = threading.Thread(target=self._work, name="drawing", daemon=True)
            self._threads.append(thread)
            thread.start()

    def _left(self, drawing: _Drawing[Made], future: "Future[Made]") -> None:
        """Somebody has gone, or was answered."""
        with self._changed:
            drawing.askers.discard(future)
            if not drawing.askers and self._drawings.get(drawing.key) is drawing:
                # Whoever asks from now on begins anew; the worker sees that nobody wants this.
                del self._drawings[drawing.key]
                if drawing in self._waiting:
                    self._waiting.remove(drawing)

    def _work(self) -> None:
        worker = Worker()
        idle_s = None
        try:
            while not self._closed:
                drawing = self._next(idle_s)
                if drawing is None:
                    worker.end()
                    idle_s = None
                else:
                    self._draw(drawing, worker)
                    idle_s = self._idle_s
        finally:
            worker.end()

    def _next(self, idle_s: float | None) -> _Drawing[Made] | None:
        """The next drawing; None when none came for so long."""
        with self._changed:
            if not self._waiting and not self._closed:
                self._idle += 1
                self._changed.wait(idle_s)
                self._idle -= 1
            return self._waiting.popleft() if self._waiting else None

    def _draw(self, drawing: _Drawing[Made], worker: Worker) -> None:
        began = time.monotonic()
        try:
            function, content = drawing.prepare()
            if not drawing.wanted():
                return
            made = worker.run(function, content, limit_s=self._limit_s, wanted=drawing.wanted)
        except UnwantedError:
            return
        except BaseException as error:
            # Whatever it is, it is told to who asked: the thread goes on.
            _tell(self._over(drawing), error=error)
            return
        self._usual_s += 0.2 * (time.monotonic() - began - self._usual_s)
        _tell(self._over(drawing, made), made)

    def _over(self, drawing: _Drawing[Made], made: Made | None = None) -> set["Future[Made]"]:
        """A drawing has ended; gives who waits for it."""
        with self._changed:
            if self._drawings.get(drawing.key) is drawing:
                del self._drawings[drawing.key]
            if made is not None:
                self._keep(drawing.key, made)
            return set(drawing.askers)

    def _keep(self, key: Hashable, made: Made) -> None:
        self._kept[key] = made
        while self._kept and (
            len(self._kept) > self._kept_max
            or sum(map(self._size, self._kept.values())) > self._kept_bytes
        ):
            self._kept.popitem(last=False)


def _tell(
    askers: set["Future[Made]"], made: Any = None, error: BaseException | None = None
) -> None:
    for future in askers:
        if not future.set_running_or_notify_cancel():
            continue  # gone
        if error is None:
            future.set_result(made)
        else:
            future.set_exception(error)
