"""What Sparkplug nodes told at birth, so that it outlives a process and others know it too."""

from collections.abc import Iterable
from typing import NamedTuple, Protocol


class Birth(NamedTuple):
    """The numbers (aliases) a node's metrics go by, and when they were heard."""

    group: str
    node: str
    aliases: dict[int, str]
    told_at_ms: int


class Births(Protocol):
    """Part of the ledger. Raises StoreUnavailableError when the database cannot answer."""

    def save_births(self, births: Iterable[Birth]) -> None:
        """Keep births; one of an earlier time than what is kept of its node changes nothing."""
        ...

    def births(self, since_ms: int = 0) -> list[Birth]:
        """The births heard at or after a time, the earliest first."""
        ...
