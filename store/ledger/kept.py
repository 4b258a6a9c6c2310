"""The port of kept messages: what was kept aside, whole, so that it can be ingested later.

`AsideEntry` counts and explains; this keeps the bytes. Part of the Ledger.
"""

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptMessage:
    """A message, or the part of one, that became no reading.

    `source`, `code` and `device` are those of its AsideEntry. `topic` is where it came from;
    empty when `payload` is in the native gateway form, made from a part of a message.
    `institutions` are those whose devices it may speak for; None: every one's.
    """

    source: str
    code: str
    device: str
    topic: str
    payload: bytes
    arrived_at_ms: int
    institutions: tuple[str, ...] | None = None

    @property
    def digest(self) -> str:
        """Identifies it: the same message kept again is kept once."""
        parts = [self.source, self.code, self.device, self.topic]
        if self.institutions is not None:
            parts.append(json.dumps(self.institutions))
        head = "\n".join(parts).encode(errors="replace")
        return sha256(head + b"\n" + self.payload).hexdigest()


class KeptMessages(Protocol):
    """Raises StoreUnavailableError when the database cannot answer."""

    def keep_messages(self, messages: Iterable[KeptMessage]) -> None:
        """Keep messages; one that is there already is not kept twice."""
        ...

    def kept_messages(
        self,
        *,
        code: str | None = None,
        device: str | None = None,
        source: str | None = None,
        after: str = "",
        limit: int = 1000,
    ) -> list[KeptMessage]:
        """Up to `limit` kept messages of a group, sorted by digest, from behind `after` on."""
        ...

    def kept_devices(self, code: str) -> list[str]:
        """The devices that have messages kept for this reason, sorted."""
        ...

    def count_kept(self) -> int: ...

    def kept_bytes(self, source: str) -> int:
        """How many bytes of payload are kept of this source."""
        ...

    def forget_messages(self, digests: Collection[str]) -> None: ...
