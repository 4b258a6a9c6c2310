"""Rounds of processing: what may have changed since the last one is computed anew."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from civicmeter.wiring.pipeline import Pipeline
from domain.calendar import Month
from domain.errors import CivicmeterError
from domain.figures import MonthResult
from domain.figures.failing import failure_of
from processing.months import job

log = logging.getLogger("civicmeter.processing")


def process_round(
    pipeline: Pipeline, now: datetime, progress: job.Progress | None = None
) -> Iterator[MonthResult]:
    """Compute what may have changed since the last round, and nothing else."""
    this_month = Month.of(now.date())
    # The next month too: east of Greenwich it begins earlier than in UTC.
    months = [this_month.plus(-1), this_month, this_month.plus(1)]
    yield from job.process(
        pipeline.store, pipeline.ledger, months=months, now=now, progress=progress
    )
    yield from process_touched(pipeline, now)


def process_touched(pipeline: Pipeline, now: datetime) -> Iterator[MonthResult]:
    """Recompute exactly the months that late or corrected readings touched."""
    return job.process_touched(pipeline.store, pipeline.ledger, now=now, registry=pipeline.registry)


class Rounds:
    """The thread that computes again and again: the current and the last month of every
    institution, and the months that late readings touched.

    A failure is logged and the next round tried: it must not end the collecting. As a context
    manager it runs until the end of the block. `now` tells the time (UTC), `late_s` after how
    long without a round's end or any progress of one something must be wrong.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        every_s: float,
        *,
        late_s: float | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._pipeline, self._every_s, self._now = pipeline, every_s, now
        self._late_s = max(3 * every_s, _LATE_S) if late_s is None else late_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._rounds, name="processing", daemon=True)
        self._moved_at = 0.0
        self._error = ""
        self._ended_at: datetime | None = None
        self._failed: dict[str, str] = {}

    def __enter__(self) -> "Rounds":
        self._moved()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def state(self) -> str:
        """``ok``, or what is wrong with the thread and what to do."""
        if self._thread.ident is None or self._stop.is_set():
            return "ok"  # not begun, or told to end
        if not self._thread.is_alive():
            return f"the processing thread ended ({self._error}): start civicmeter again"
        silent_s = time.monotonic() - self._moved_at
        if silent_s > self._late_s:
            why = self._error or "the current round does not come forward: see the log"
            return f"no round of processing ended for {silent_s:.0f} s: {why}"
        return "ok"

    def status(self) -> dict[str, object]:
        """When the last round ended (UTC), which institutions could not be computed in it, and
        why the rounds after it did not end."""
        ended = self._ended_at
        return {
            "last_round_ended_at": None if ended is None else ended.isoformat(),
            "not_computed": self._failed,
            "error": self._error,
        }

    def _rounds(self) -> None:
        try:
            while not self._stop.wait(self._every_s):
                self._round()
        except BaseException as error:
            self._error = _named(error)
            raise

    def _round(self) -> None:
        failed: dict[str, str] = {}
        try:
            for result in process_round(self._pipeline, self._now(), lambda *_: self._moved()):
                self._moved()
                if error := failure_of(result):
                    failed[result.institution] = error
        except CivicmeterError as error:
            self._error = str(error)
            log.warning("processing waits for the next round: %s", error)
        except Exception as error:
            # A mistake of ours: told in full, and in /readyz if it goes on.
            self._error = _named(error)
            log.exception("a round of processing ended early; the next one is tried")
        else:
            self._error, self._failed, self._ended_at = "", failed, self._now()
            self._moved()

    def _moved(self) -> None:
        self._moved_at = time.monotonic()


_LATE_S = 120.0


def _named(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"
