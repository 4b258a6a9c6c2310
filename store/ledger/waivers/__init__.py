"""The port of waivers. Part of the Ledger."""

from collections.abc import Iterable
from typing import Protocol

from domain.audit import LOCAL, Actor
from domain.calendar import Month
from domain.closing import Waiver


class Waivers(Protocol):
    """Raises StoreUnavailableError when the database cannot answer."""

    def waive(self, waivers: Iterable[Waiver], *, actor: Actor = LOCAL) -> None:
        """Keep waivers, all or none. One of what is waived already changes nothing: the first name
        stands. Raises ConfigError for a text that is too long."""
        ...

    def waivers(self, institution: str | None = None, month: Month | None = None) -> list[Waiver]:
        """By institution, month, code and time."""
        ...
