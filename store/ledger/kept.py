"""The port of kept messages: what was kept aside, whole, so that it can be ingested later.

`AsideEntry` counts and explains; this keeps the bytes, each message once, however many devices in
it were wrong, and no more of them than there is room. Part of the Ledger.
"""

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import NamedTuple, Protocol

from config.limits import KEPT_BYTES, KEPT_MESSAGES, KEPT_SOURCE_BYTES
from domain.access import Action, Grant
from domain.audit import Actor

REASONS_MAX = 20
"""So many reasons of one message are told apart; see `KeptMessage.reasons`."""
_DIGEST_CHARS = 32
"""128 bits tell messages apart, and stand four times in the database for each."""
_MESSAGE_BYTES = 300
_REASON_BYTES = 150
"""What the database's rows and indices take besides the texts, roughly."""


class Reason(NamedTuple):
    """Why a message is kept: as `code` and `device` of its AsideEntry."""

    code: str
    device: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptMessage:
    """A message, or the part of one, that became no reading.

    `source` is that of its AsideEntry. `reasons` are sorted and all different; beyond
    `REASONS_MAX` a reason's device is left out. `topic` is where it came from; empty when
    `payload` is in the native gateway form, made from a part of a message. `grants` say for which
    devices who brought it may speak; None: for every one.
    """

    source: str
    reasons: tuple[Reason, ...]
    topic: str
    payload: bytes
    arrived_at_ms: int
    grants: tuple[Grant, ...] | None = None

    @property
    def digest(self) -> str:
        """Identifies it: the same message kept again, for whatever reason, is kept once."""
        parts = [self.source, self.topic]
        if self.grants is not None:
            parts.append(grants_text(self.grants))
        head = "\n".join(parts).encode(errors="replace")
        return sha256(head + b"\n" + self.payload).hexdigest()[:_DIGEST_CHARS]

    @property
    def bringer(self) -> str:
        """Who is charged for it: its topic, or what its key was granted."""
        if self.grants is None:
            return self.source
        granted = sha256(grants_text(self.grants).encode()).hexdigest()
        return f"{self.source} {granted[:16]}"

    @property
    def size_bytes(self) -> int:
        """What keeping it takes, about."""
        texts = len(self.source.encode(errors="replace")) + len(self.topic.encode(errors="replace"))
        return _MESSAGE_BYTES + texts + len(self.payload) + sum(map(reason_bytes, self.reasons))


def reason_bytes(reason: Reason) -> int:
    """What keeping one more reason takes, about."""
    return _REASON_BYTES + 2 * len(f"{reason.code}{reason.device}".encode(errors="replace"))


def merged(one: Iterable[Reason], more: Iterable[Reason]) -> tuple[Reason, ...]:
    """Reasons of one message together, told apart as far as `REASONS_MAX` allows."""
    found = set(one)
    told_apart = sum(bool(r.device) for r in found)
    for reason in sorted(set(more) - found):
        if reason.device and told_apart >= REASONS_MAX:
            found.add(Reason(reason.code))
        else:
            found.add(reason)
            told_apart += bool(reason.device)
    return tuple(sorted(found))


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """How much may be kept: in all, and of one bringer (see KeptMessage), in bytes."""

    messages: int = KEPT_MESSAGES
    total_bytes: int = KEPT_BYTES
    source_bytes: int = KEPT_SOURCE_BYTES


ROOM = Room()


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

    def keep_messages(self, messages: Iterable[KeptMessage], room: Room = ROOM) -> int:
        """Keep messages; one that is there already is not kept twice, its reasons join.

        Gives how many were left out because there was no room for them.
        """
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

    def kept_bytes(self) -> int:
        """What everything kept takes, about (see KeptMessage.size_bytes)."""
        ...

    def forget_messages(self, digests: Collection[str], *, dropped_by: Actor | None = None) -> None:
        """Forget messages, which are readings now; or because somebody dropped them, who is
        `dropped_by` then, in the audit trail."""
        ...
