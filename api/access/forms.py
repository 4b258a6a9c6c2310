"""Forms of our own pages, read within bounds."""

from collections.abc import AsyncIterator

from anyio import CapacityLimiter
from fastapi import Depends, Request
from starlette.datastructures import FormData, UploadFile

from api.problems import ProblemError

LARGE_BYTES = 17 << 20
"""Of a form with a file: a body of readings that may be posted, and what is around it."""
_SMALL_BYTES = 64 << 10
_AT_ONCE, _WAITING, _RETRY_S = 4, 20, 2
_MEDIA = ("application/x-www-form-urlencoded", "multipart/form-data")
_FIELDS, _FILES = 30, 1


def large_forms() -> CapacityLimiter:
    """Places for large forms: so many are in memory at once."""
    return CapacityLimiter(_AT_ONCE)


async def _large(request: Request) -> AsyncIterator[None]:
    places: CapacityLimiter = request.app.state.large_forms
    if places.statistics().tasks_waiting >= _WAITING:
        later = {"Retry-After": str(_RETRY_S)}
        raise ProblemError(
            429, "too_many_waiting", headers=later, waiting=_WAITING, wait_s=_RETRY_S
        )
    async with places:
        request.state.form_bytes = LARGE_BYTES
        yield


LARGE_FORM = Depends(_large)
"""For a route whose form may hold a file; it stands before what asks who it is, which reads the form
of somebody who signed in."""


async def form_of(request: Request) -> FormData:
    """The form; empty where the body is none, or there is none.

    Raises ProblemError 411 without a length, 413 where it is too large, 400 for a broken one.
    """
    kept: FormData | None = getattr(request.state, "form", None)
    if kept is not None:
        return kept
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    form = FormData()
    if media in _MEDIA:
        most: int = getattr(request.state, "form_bytes", _SMALL_BYTES)
        length = request.headers.get("content-length", "")
        if not (length.isascii() and length.isdigit()):
            raise ProblemError(411, "no_length")
        if int(length) > most:
            raise ProblemError(413, "too_large", limit=most)
        await request.body()  # kept, for whoever reads it after us
        form = await request.form(max_fields=_FIELDS, max_files=_FILES, max_part_size=most)
    request.state.form = form
    return form


def field(form: FormData, name: str) -> str:
    """What was typed into a field; empty where there is none, or a file."""
    value = form.get(name, "")
    return "" if isinstance(value, UploadFile) else value
