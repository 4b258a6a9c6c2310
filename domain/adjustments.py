"""Non-routine adjustments: what a person says changed in a building, with evidence and approval."""

import unicodedata
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from domain.errors import ConfigError

DecisionKind = Literal["approved", "withdrawn"]
AdjustmentStatus = Literal["waiting", "approved", "withdrawn"]


@dataclass(frozen=True, slots=True)
class Decision:
    """What somebody decided about an adjustment, and when (aware UTC)."""

    kind: DecisionKind
    by: str
    at: datetime
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjustment:
    """A change of what a building would have used, from `start` to `end` (local days, end
    excluded; None: it goes on).

    `formula` gives the kWh to add to the counterfactual of each day: a number (``-120``) or an
    expression of `counterfactual` and `temperature_c`, see processing.savings.adjustments.
    `evidence` names a file, `evidence_sha256` is its digest. `number` is the ledger's, 0 before
    it is entered. It counts only while it is approved, by somebody else than its `author`.
    Source: IPMVP "non-routine adjustments"; GB/T 28750-2012.
    Raises ConfigError when something is missing.
    """

    number: int = 0
    institution: str
    contract: str
    carrier: str
    start: date
    end: date | None
    formula: str
    reason: str
    evidence: str
    evidence_sha256: str
    author: str
    entered_at: datetime
    decisions: tuple[Decision, ...] = ()

    def __post_init__(self) -> None:
        for name in ("reason", "evidence", "author"):
            if not getattr(self, name).strip():
                raise ConfigError(f"an adjustment needs its {name}: nobody can check it otherwise")
        digest = self.evidence_sha256
        if len(digest) != 64 or set(digest) - set("0123456789abcdef"):
            raise ConfigError(
                "the evidence needs its SHA-256 as 64 hex digits: give the file, or the digest "
                "that `sha256sum FILE` prints"
            )
        if self.end is not None and self.end <= self.start:
            raise ConfigError(f"the adjustment from {self.start} ends before it starts")
        for decision in self.decisions:
            if not decision.by.strip():
                raise ConfigError(f"who {decision.kind} the adjustment must be named")
            if decision.kind == "withdrawn" and not decision.reason.strip():
                raise ConfigError("a withdrawal needs its reason: say why it no longer holds")
            if decision.kind == "approved" and same_person(decision.by, self.author):
                raise ConfigError(
                    f"{decision.by} entered the adjustment and cannot approve it: "
                    "somebody else has to"
                )

    @property
    def status(self) -> AdjustmentStatus:
        """What the last decision made of it; without any it waits."""
        return self.decisions[-1].kind if self.decisions else "waiting"

    @property
    def approver(self) -> str:
        """Who approved it; empty while nobody has."""
        return next((d.by for d in self.decisions if d.kind == "approved"), "")


def same_person(one: str, other: str) -> bool:
    """Whether two names are written the same, but for case, width and spaces."""

    def plain(name: str) -> str:
        return "".join(unicodedata.normalize("NFKC", name).casefold().split())

    return plain(one) == plain(other)
