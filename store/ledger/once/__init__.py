"""The port of requests that are asked once: what was answered to a request that its sender named,
so that the same request, sent again, is answered the same. Part of the Ledger.

Answers are kept for a time and in a bounded number; what is forgotten is done anew, so only what
may be done twice without harm is asked through here.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

ONCE_KEPT = timedelta(days=7)
ONCE_ANSWERS = 1_000
"""Of one sender; the oldest are forgotten first."""
ONCE_BYTES = 16 << 20
"""Of one sender's answers together."""


@dataclass(frozen=True, slots=True)
class OnceAnswer:
    """An answer by HTTP as it was sent. `asked` is the digest of what was asked; `status` is None
    until it is answered: the request is under way, or whoever did it died."""

    asked: str
    status: int | None = None
    media: str = ""
    language: str = ""
    body: bytes = b""


class AskedOnce(Protocol):
    """`sender` and `key` name a request: keys of one sender mean nothing for another."""

    def ask_once(self, sender: str, key: str, asked: str, at: datetime) -> OnceAnswer:
        """Note that a request was asked, and say what stands under its name: of the first that was
        asked under it within `ONCE_KEPT`. Only one of two at once is the first."""
        ...

    def answer_once(self, sender: str, key: str, answer: OnceAnswer) -> None:
        """Keep what was answered. An answer that stands stays, as does what another request under
        the same name asked."""
        ...
