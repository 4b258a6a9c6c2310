"""The port of kept messages: what was kept aside, whole, so that it can be ingested later.

`AsideEntry` counts and explains; this keeps the bytes. Part of the Ledger.
"""

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Protocol

from domain.access import Action, Grant


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptMessage:
    """A message, or the part of one, that became no reading.

    `source`, `code` and `device` are those of its AsideEntry. `topic` is where it came from;
    empty when `payload` is in the native gateway form, made from a part of a message.
    `grants` say for which devices who brought it may speak; None: for every one.
    """

    source: str
    code: str
    device: str
    topic: str
    payload: bytes
    arrived_at_ms: int
    grants: tuple[Grant, ...] | None = None

    @property
    def digest(self) -> str:
        """Identifies it: the same message kept again is kept once."""
        parts = [self.source, self.code, self.device, self.topic]
        if self.grants is not None:
            parts.append(grants_text(self.grants))
        head = "\n".join(parts).encode(errors="replace")
        return sha256(head + b"\n" + self.payload).hexdigest()


def grants_text(grants: Iterable[Grant]) -> str:
    """Grants as JSON, the same for the same grants."""
    found = [
        [None if ids is None else sorted(ids) for ids in (g.actions, *_objects(g))] for g in grants
    ]
    return json.dumps(sorted(found, key=json.dumps))


def grants_of(text: str) -> tuple[Grant, ...]:
    """The grants in such a text."""
    return tuple(
        Grant(frozenset(map(Action, actions)), *(None if o is None else frozenset(o) for o in rest))
        for actions, *rest in json.loads(text)
    )


def _objects(grant: Grant) -> tuple[frozenset[str] | None, ...]:
    return grant.institutions, grant.contracts, grant.devices


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
