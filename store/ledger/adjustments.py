"""The port of non-routine adjustments: entered, approved, withdrawn; never changed. Part of the
Ledger."""

from collections.abc import Iterable
from typing import Protocol

from domain.adjustments import Adjustment, Decision
from domain.audit import LOCAL, Actor
from domain.calendar import Month


class Adjustments(Protocol):
    """Raises StoreUnavailableError when the database cannot answer."""

    def enter_adjustment(
        self,
        adjustment: Adjustment,
        *,
        content: bytes | None = None,
        touches: Iterable[tuple[str, Month]] = (),
        actor: Actor = LOCAL,
    ) -> Adjustment:
        """Add an adjustment with its decisions, keep the evidence's content, and touch
        (institution, month) pairs: all or nothing. Gives it back with its number."""
        ...

    def decide_adjustment(
        self,
        number: int,
        decision: Decision,
        touches: Iterable[tuple[str, Month]] = (),
        *,
        actor: Actor = LOCAL,
    ) -> Adjustment:
        """Add a decision and touch months, both or neither; gives the adjustment as it is then.

        Raises ConfigError for a number that is not there, an approval of what does not wait or by
        its author, and a second withdrawal.
        """
        ...

    def adjustments(self, institution: str | None = None) -> list[Adjustment]:
        """Every adjustment with its decisions, withdrawn ones too, in the order entered."""
        ...

    def evidence(self, sha256: str) -> bytes | None:
        """The content of an evidence file; None where only its digest was kept."""
        ...
