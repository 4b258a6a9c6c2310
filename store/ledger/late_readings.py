"""The port of late readings: noted durably by whoever stores them, until the processor has found
out which months they touch. Part of the Ledger."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from domain.calendar import Month
from domain.readings import Series


@dataclass(frozen=True, slots=True)
class LateReadings:
    """The late readings of one series and one UTC day: the first and the last of them.

    `stamp` changes with every note, so that one which comes while the months are being found is
    not forgotten with those before.
    """

    series: Series
    start_ms: int
    end_ms: int
    stamp: str = ""


class LateSeries(Protocol):
    """Raises StoreUnavailableError when the database cannot answer."""

    def note_late(self, readings: Iterable[LateReadings]) -> str:
        """Note late readings, each of one day; of a series and day that is noted already, the
        span is widened and the stamp renewed. Gives the version of the notes."""
        ...

    def late_version(self) -> str:
        """Another one after any note was forgotten: as long as it is the same, all that was
        noted under it is noted still."""
        ...

    def late(self, after: LateReadings | None = None, limit: int = 10_000) -> list[LateReadings]:
        """Up to `limit` notes by series and time, from behind `after` on."""
        ...

    def touch_for_late(
        self, readings: Iterable[LateReadings], months: Iterable[tuple[str, Month]]
    ) -> None:
        """Touch (institution, month) pairs and forget the notes they were found for, both or
        neither. A note that was renewed since it was read stays."""
        ...
