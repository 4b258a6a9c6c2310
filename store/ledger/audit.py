"""The port of the audit trail: an append-only chain of entries that tells of every change people
answer for. Part of the Ledger.

Most entries are appended by the change they tell of, in its transaction (`store.ledger.sql.audit`).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from domain.access import Grant
from domain.audit import Act, Actor, AuditEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which entries are asked for; what is empty or None asks for all. `start` ≤ at < `end`.
    `people` are names of principals, of persons and of those on whose word.

    `within` are the grants that let the asker see any: entries of the institutions and contracts
    in one of them; None: everything."""

    institutions: Sequence[str] = ()
    contracts: Sequence[str] = ()
    kinds: Sequence[str] = ()
    actions: Sequence[str] = ()
    people: Sequence[str] = ()
    start: datetime | None = None
    end: datetime | None = None
    within: Sequence[Grant] | None = None
    below: int | None = None
    """Only those of lower numbers, which are older."""


@dataclass(frozen=True, slots=True)
class Head:
    """The last entry of a chain, and the word its first one gave it, which no other has."""

    chain: str
    number: int
    digest: str


@dataclass(frozen=True, slots=True)
class Broken:
    """Something the chain does not bear out. `number` is the entry, None where none tells of it;
    `code` is a key ``broken.<code>`` of ``config/texts/audit.toml``, `values` what it says."""

    number: int | None
    code: str
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a verification found: `broken` with the first entry first, at most some; `more` of
    them were left out."""

    entries: int
    rows: int
    results: int
    head: Head | None
    broken: tuple[Broken, ...]
    more: int = 0


class AuditTrail(Protocol):
    """Raises StoreUnavailableError when the database cannot answer."""

    def audit(self, actor: Actor, acts: Iterable[Act]) -> None:
        """Append entries of what changed outside the ledger, all or none."""
        ...

    def audit_tables(self, actor: Actor, digests: Mapping[str, str]) -> int:
        """Append an entry for each table in use, by name, whose digest is not the one last
        appended. Gives how many."""
        ...

    def audit_entries(
        self, wanted: Wanted, *, limit: int, offset: int = 0, newest_first: bool = True
    ) -> list[AuditEntry]: ...

    def count_audit_entries(self, wanted: Wanted) -> int: ...

    def audit_chain(self) -> str:
        """The word that the chain's first entry gave it; empty: there is no first entry."""
        ...

    def audit_digest(self, number: int) -> str | None:
        """The digest of an entry; None: the chain has no such."""
        ...

    def verify_audit(self, *, deep: bool = False) -> Verdict:
        """Walk the whole chain and compare it with what it vouches for; `deep` also computes
        the digests of signed results from their figures. What is written meanwhile is not seen."""
        ...
