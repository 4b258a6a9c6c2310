"""Waiting for a drawing without holding a thread, for as long as who asked is there."""

import asyncio
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, TypeVar

from starlette.requests import ClientDisconnect, Request

from api.problems import ProblemError
from reports.drawing_queue import DrawingQueue, Prepared, QueueFullError
from reports.isolated import WorkerDiedError, WorkerLateError
from reports.render import ReportFile

Made = TypeVar("Made")


def report_queue(workers: int = 1, waiting_max: int = 20) -> DrawingQueue[ReportFile]:
    """What draws the service's reports (see DrawingQueue)."""
    return DrawingQueue(
        workers=workers, waiting_max=waiting_max, size=lambda made: len(made.content)
    )


async def drawn(
    request: Request,
    queue: DrawingQueue[Made],
    key: Hashable,
    prepare: Callable[[], Prepared[Made]],
) -> Made:
    """What is drawn under the key (see DrawingQueue.ask).

    Raises ProblemError 503 when too many wait and when the drawing was ended, ClientDisconnect
    when nobody waits for the answer any more: the drawing is given up then.
    """
    try:
        return await _while_there(request, queue.ask(key, prepare))
    except QueueFullError as error:
        wait = {"Retry-After": str(error.retry_after_s)}
        raise ProblemError(
            503, "drawings_wait", headers=wait, seconds=error.retry_after_s
        ) from None
    except WorkerLateError:
        raise ProblemError(503, "drawing_late") from None
    except WorkerDiedError:
        raise ProblemError(503, "drawing_died", headers={"Retry-After": "5"}) from None


async def _while_there(request: Request, future: "Future[Made]") -> Made:
    asked = asyncio.wrap_future(future)
    gone = asyncio.ensure_future(_gone(request))
    try:
        either: set[asyncio.Future[Any]] = {asked, gone}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if not asked.done():
            raise ClientDisconnect
        return asked.result()
    finally:
        gone.cancel()
        future.cancel()


async def _gone(request: Request) -> None:
    """Until who asked has hung up."""
    with suppress(RuntimeError):  # told before
        while (await request.receive())["type"] != "http.disconnect":
            pass
