"""Forms of our own pages, read within bounds."""

from fastapi import Request
from starlette.datastructures import FormData, UploadFile

from api.problems import ProblemError

MAX_FORM_BYTES = 17 << 20
"""A body of readings that may be posted, and what is around it."""
_MEDIA = ("application/x-www-form-urlencoded", "multipart/form-data")
_FIELDS, _FILES = 30, 1


async def form_of(request: Request, most: int = MAX_FORM_BYTES) -> FormData:
    """The form; empty where the body is none, or there is none.

    Raises ProblemError 411 without a length, 413 beyond `most` bytes, 400 for a broken one.
    """
    kept: FormData | None = getattr(request.state, "form", None)
    if kept is not None:
        return kept
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    form = FormData()
    if media in _MEDIA:
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
