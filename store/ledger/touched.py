"""Months that late or corrected readings touched: noted durably until they are recomputed."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from domain.calendar import Month


@dataclass(frozen=True, slots=True)
class TouchedMonth:
    """A month to recompute. `stamp` changes with every touch, so that a touch which comes
    while the month is being recomputed is not forgotten with the ones before."""

    institution: str
    month: Month
    stamp: str = ""


class TouchedMonths(Protocol):
    """Part of the ledger: whoever stores late readings touches, whoever processes settles."""

    def touch(self, months: Iterable[tuple[str, Month]]) -> None:
        """Note (institution, month) pairs; noting one again renews its stamp."""
        ...

    def touched(self) -> list[TouchedMonth]:
        """What waits to be recomputed, by institution and month."""
        ...

    def settle(self, months: Iterable[TouchedMonth]) -> None:
        """Forget what was recomputed, unless it was touched again since it was read."""
        ...
