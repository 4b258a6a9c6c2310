"""The port of corrections: entered once, superseded by later ones, never changed. Part of the
Ledger."""

from collections.abc import Iterable
from typing import Protocol

from domain.audit import LOCAL, Actor
from domain.calendar import Month
from domain.corrections import Correction


class Corrections(Protocol):
    """Raises StoreUnavailableError when the database cannot answer."""

    def enter_corrections(
        self,
        corrections: Iterable[Correction],
        touches: Iterable[tuple[str, Month]],
        *,
        actor: Actor = LOCAL,
    ) -> int:
        """Add corrections and touch (institution, month) pairs, both or neither.

        One that says what stands for its reading already (value, author and reason) is not
        added again. Returns how many were added.
        """
        ...

    def corrections(self) -> list[Correction]:
        """Every correction in the order entered: of the same reading, the last one stands."""
        ...
