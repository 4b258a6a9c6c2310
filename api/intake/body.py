"""Reads a request's body with a limit on its size, also when it comes compressed."""

import zlib
from typing import Annotated

from fastapi import Depends, Request

from api.problems import ProblemError

MAX_BYTES = 16 * 1024 * 1024
MAX_PARTS = 2_000_000
"""Commas and opening brackets: each part read takes a hundred bytes of memory, from one of gzip. A
body of as many values as may be posted has some four for each."""


async def body_of(request: Request) -> bytes:
    """The body, decompressed where Content-Encoding is gzip.

    Raises ProblemError 413 beyond MAX_BYTES or MAX_PARTS, 415 for another encoding, 400 for broken gzip.
    """
    encoding = request.headers.get("content-encoding", "").strip().lower()
    if encoding not in ("", "identity", "gzip"):
        raise ProblemError(415, "unsupported_media", given=encoding, offered="gzip, identity")
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > MAX_BYTES:
            raise ProblemError(413, "too_large", limit=MAX_BYTES)
        chunks.append(chunk)
    body = b"".join(chunks)
    plain = _gunzip(body) if encoding == "gzip" else body
    require_readable_size(plain)
    return plain


def require_readable_size(plain: bytes) -> None:
    """Raises ProblemError 413 beyond MAX_BYTES or MAX_PARTS."""
    if len(plain) > MAX_BYTES:
        raise ProblemError(413, "too_large", limit=MAX_BYTES)
    # A shorter body cannot have so many.
    if len(plain) > MAX_PARTS and sum(map(plain.count, (b",", b"{", b"["))) > MAX_PARTS:
        raise ProblemError(413, "too_many_parts", limit=MAX_PARTS)


def _gunzip(body: bytes) -> bytes:
    engine = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        plain = engine.decompress(body, MAX_BYTES + 1)
    except zlib.error as error:
        raise ProblemError(400, "unreadable_body", reason=f"gzip: {error}") from error
    if len(plain) > MAX_BYTES:
        raise ProblemError(413, "too_large", limit=MAX_BYTES)
    if not engine.eof:
        raise ProblemError(400, "unreadable_body", reason="gzip: cut off")
    if engine.unused_data:
        # Passed over, it would be lost without a word.
        reason = "gzip: something follows its end; compress the body as one piece"
        raise ProblemError(400, "unreadable_body", reason=reason)
    return plain


async def _json_body(request: Request) -> bytes:
    """As `body_of`, of what calls itself JSON: a page of another site cannot send that unasked."""
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media != "application/json":
        raise ProblemError(415, "unsupported_media", given=media or "–", offered="application/json")
    return await body_of(request)


JsonBodyDep = Annotated[bytes, Depends(_json_body)]
