"""Run memory-hungry drawing in a process of its own.

Chart drawing holds a JavaScript engine and typesetting holds fonts: some 200 MB that a
long-running server must not keep. A worker serves some jobs, then its memory is free.
"""

import math
import pickle
import signal
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any, TypeVar

from domain.errors import CivicmeterError

Job = TypeVar("Job")
Result = TypeVar("Result")

JOBS_PER_WORKER = 20
"""After so many a fresh worker goes on: each drawing leaves some 5 MB behind. (The standard
executor's own `max_tasks_per_child` hangs when it changes workers, CPython issue 115634, and a
job that it runs cannot be ended.)"""


class WorkerDiedError(CivicmeterError):
    """The process that worked at a job ended, by itself or by somebody's hand."""


class WorkerLateError(CivicmeterError):
    """A job took longer than it may."""


class UnwantedError(CivicmeterError):
    """Who wanted a job has gone meanwhile."""


_LOOK_EVERY_S = 0.2


class Worker:
    """One other process, started when there is work and replaced after `jobs_max` jobs.

    For one thread.
    """

    def __init__(self, jobs_max: int = JOBS_PER_WORKER) -> None:
        self._jobs_max = jobs_max
        self._process: BaseProcess | None = None
        self._to: Connection[Any, Any] | None = None
        self._done = 0

    def run(
        self,
        function: Callable[[Job], Result],
        job: Job,
        *,
        limit_s: float = math.inf,
        wanted: Callable[[], bool] = lambda: True,
    ) -> Result:
        """`function` of the job. `function` is a module's function, the job can be pickled.

        `wanted` is asked now and then whether to go on. Raises what the function raises,
        WorkerDiedError, WorkerLateError after `limit_s` (the start of the process included), and
        UnwantedError; but for the first, the process is ended and the next job has a fresh one.
        """
        until = time.monotonic() + limit_s
        if self._process is None or not self._process.is_alive():
            self.end()
            self._start()
        assert self._to is not None
        try:
            self._send((function, job), limit_s)
            good, content = _answer(self._to, until, wanted)
        except (EOFError, OSError) as error:
            code = self.end()
            raise WorkerDiedError(
                f"the process that draws ended (exit code {code}): look whether the machine has "
                "memory to spare, and ask again"
            ) from error
        except CivicmeterError:
            self.end()
            raise
        self._done += 1
        if self._done >= self._jobs_max:
            self.end()
        if not good:
            raise content
        result: Result = content
        return result

    def _send(self, what: object, limit_s: float) -> None:
        """A process that does not even read is ended: a large job does not fit into the pipe."""
        assert self._to is not None and self._process is not None
        watch = threading.Timer(min(limit_s, threading.TIMEOUT_MAX), self._process.kill)
        watch.daemon = True
        watch.start()
        try:
            self._to.send(what)
        finally:
            watch.cancel()

    def end(self) -> int | None:
        """End the process and give back what it held; gives its exit code."""
        process, self._process = self._process, None
        self._done = 0
        if self._to is not None:
            self._to.close()
            self._to = None
        if process is None:
            return None
        process.kill()  # it keeps nothing that would be lost
        process.join()
        return process.exitcode

    def _start(self) -> None:
        context = get_context("spawn")  # threads do not survive a fork
        self._to, theirs = context.Pipe()
        self._process = context.Process(target=_work, args=(theirs,), daemon=True)
        self._process.start()
        theirs.close()  # so that its death is heard here


def _answer(
    said: "Connection[Any, Any]", until: float, wanted: Callable[[], bool]
) -> tuple[bool, Any]:
    while not said.poll(min(_LOOK_EVERY_S, max(0.0, until - time.monotonic()))):
        if not wanted():
            raise UnwantedError("nobody wants it any more")
        if time.monotonic() >= until:
            raise WorkerLateError("the drawing took longer than it may and was ended")
    good, content = pickle.loads(said.recv_bytes())
    return bool(good), content


def in_worker(
    function: Callable[[Job], Result], jobs: Iterable[Job], jobs_max: int = JOBS_PER_WORKER
) -> Iterator[Result]:
    """`function` of each job, in order, each as soon as it is done, in one other process, and after
    `jobs_max` in a fresh one.

    `function` is a module's function, `jobs` can be pickled. Errors of the function are raised
    here.
    """
    worker = Worker(jobs_max)
    try:
        for job in jobs:
            yield worker.run(function, job)
    finally:
        worker.end()


def _work(said: "Connection[Any, Any]") -> None:
    """In the other process: one job after the other until nobody asks any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for who asked
    while True:
        try:
            function, job = said.recv()
        except EOFError:
            return
        said.send_bytes(_outcome(function, job))


def _outcome(function: Callable[[Any], Any], job: Any) -> bytes:
    try:
        return pickle.dumps((True, function(job)))
    except Exception as error:
        error.add_note("In the process that draws:\n" + traceback.format_exc())
        try:
            content = pickle.dumps((False, error))
            pickle.loads(content)
        except Exception:
            return pickle.dumps((False, CivicmeterError(f"{type(error).__name__}: {error}")))
        return content
