"""Idempotency-Key: a whole request that was answered is answered the same, without work.

The name and its rules are of the IETF's draft *The Idempotency-Key HTTP Header Field*. What failed
on our side is not kept: sent again, it is done again, which readings bear.
"""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Annotated

from fastapi import Header, Request, Response
from fastapi.concurrency import run_in_threadpool

from api.dependencies import Backend
from api.problems import ProblemError, answer_of
from domain.access import Action, Principal
from store.ledger.kept import grants_text
from store.ledger.once import ONCE_KEPT

_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_PASSING = (401, 403, 408, 429)
"""What may be otherwise when it is asked again, without any fault of the body."""

IdempotencyKeyHeader = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        description="A name the sender gives this request, 1 to 255 visible ASCII characters: sent "
        f"again with the same body it has the same answer, for {ONCE_KEPT.days} days; with another "
        "body, 409.",
    ),
]


@dataclass(frozen=True)
class Once:
    """A request under its sender's name for it."""

    backend: Backend
    principal: Principal
    key: str

    async def answer(
        self, request: Request, body: bytes, make: Callable[[], Awaitable[Response]]
    ) -> Response:
        """What was answered to the request before, or else what `make` answers now.

        Raises ProblemError 400 for a key that is none, 409 for one of another request.
        """
        if not _KEY.fullmatch(self.key):
            raise ProblemError(400, "bad_idempotency_key")
        ledger, sender = self.backend.ledger, _sender(self.principal)
        asked = _digest(request, body)
        now = self.backend.now()
        stands = await run_in_threadpool(ledger.ask_once, sender, self.key, asked, now)
        if stands.asked != asked:
            raise ProblemError(409, "idempotency_key_used", days=ONCE_KEPT.days)
        if stands.status is not None:
            headers = {"Idempotency-Replayed": "true", "Content-Language": stands.language}
            headers = {name: value for name, value in headers.items() if value}
            return Response(stands.body, stands.status, headers, stands.media)
        try:
            response = await make()
        except ProblemError as error:
            response = answer_of(request, error)
        if response.status_code < 500 and response.status_code not in _PASSING:
            said = replace(
                stands,
                status=response.status_code,
                media=response.headers.get("content-type", ""),
                language=response.headers.get("content-language", ""),
                body=bytes(response.body),
            )
            await run_in_threadpool(ledger.answer_once, sender, self.key, said)
        return response


def _sender(principal: Principal) -> str:
    """Who gave the key its meaning: a holder, by what may be posted; who may post for others has
    no share in it."""
    reach = principal.reach(Action.POST)
    granted = "" if reach is None else grants_text(reach)
    return sha256(f"{principal.name}\n{granted}".encode(errors="replace")).hexdigest()


def _digest(request: Request, body: bytes) -> str:
    """Of all that decides what becomes of a body."""
    said = (request.method, request.url.path, request.url.query)
    head = "\n".join((*said, request.headers.get("content-type", "")))
    return sha256(head.encode() + b"\n" + body).hexdigest()
