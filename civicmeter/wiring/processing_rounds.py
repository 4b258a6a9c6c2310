"""Rounds of processing: what may have changed since the last one is computed anew."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from civicmeter.wiring.pipeline import Pipeline
from domain.calendar import Month
from domain.errors import CivicmeterError
from domain.figures import MonthResult
from processing.months import job

log = logging.getLogger("civicmeter.processing")


def process_round(pipeline: Pipeline, now: datetime) -> Iterator[MonthResult]:
    """Compute what may have changed since the last round, and nothing else."""
    this_month = Month.of(now.date())
    # The next month too: east of Greenwich it begins earlier than in UTC.
    months = [this_month.plus(-1), this_month, this_month.plus(1)]
    yield from job.process(pipeline.store, pipeline.ledger, months=months, now=now)
    yield from process_touched(pipeline, now)


def process_touched(pipeline: Pipeline, now: datetime) -> Iterator[MonthResult]:
    """Recompute exactly the months that late or corrected readings touched."""
    return job.process_touched(pipeline.store, pipeline.ledger, now=now, registry=pipeline.registry)


@contextmanager
def processing_every(pipeline: Pipeline, seconds: float) -> Iterator[None]:
    """Compute again and again until the end of the block: the current and the last month of
    every institution, and the months that late readings touched.

    A failure is logged and the next round tried: it must not end the collecting.
    """
    stop = threading.Event()

    def rounds() -> None:
        while not stop.wait(seconds):
            try:
                for _ in process_round(pipeline, datetime.now(UTC)):
                    pass
            except CivicmeterError as error:
                log.warning("processing waits for the next round: %s", error)

    thread = threading.Thread(target=rounds, name="processing", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
