"""The words of the audit trail: who did what to which object, from what to what."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.access import Principal


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: the principal's name, the person whose own key it is (empty where several may
    hold it), and on whose word, the name that stands under what is entered.

    >>> LOCAL.on_word_of("Wang Fang")
    Actor(principal='local administrator', person='', word='Wang Fang')
    """

    principal: str
    person: str = ""
    word: str = ""

    @classmethod
    def of(cls, principal: Principal) -> "Actor":
        """Whoever carries a key."""
        return cls(principal.name, principal.person)

    def on_word_of(self, name: str) -> "Actor":
        """The same, in the name of somebody."""
        return Actor(self.principal, self.person, name)


LOCAL = Actor("local administrator")
"""Whoever has this machine's command line, and with it the ledger itself."""
PROCESSOR = Actor("processor")
SERVICE = Actor("service")


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What was done: `action` (``close``) to the object `kind` and `id` (``revision``,
    ``hall/2026-01/1``), from `before` to `after`, each plain JSON values by field; None: there
    was nothing, or nothing is left. `institution` and `contract` say whom it concerns, and so who
    may see it; both empty: only those who may see everything."""

    action: str
    kind: str
    id: str
    institution: str = ""
    contract: str = ""
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """An entry of the trail: what was done, by whom and when (aware UTC). `digest` is over all of
    it and over `previous`, the digest of the entry before."""

    number: int
    at: datetime
    actor: Actor
    act: Act
    previous: str
    digest: str
