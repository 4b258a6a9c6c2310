"""The port of keys and their holders. Part of the Ledger."""

from datetime import datetime
from typing import Protocol

from domain.audit import LOCAL, Actor
from domain.keys import Holder, Key


class Keys(Protocol):
    """What is changed here holds at once in every process: nobody remembers a key.

    Raises StoreUnavailableError when the database cannot answer."""

    def add_holder(self, holder: Holder, *, actor: Actor = LOCAL) -> None:
        """Raises ConfigError if the id is taken, or reserved."""
        ...

    def holders(self) -> list[Holder]:
        """Sorted by id."""
        ...

    def issue_key(self, key: Key, *, actor: Actor = LOCAL) -> None:
        """Keep a key. Raises ConfigError for a holder that is not there."""
        ...

    def rotate_key(
        self, prefix: str, key: Key, *, old_until: datetime, actor: Actor = LOCAL
    ) -> None:
        """Keep a key in another's place, which goes on until `old_until`, or until its own end if
        that is sooner. Raises ConfigError if the old one is not there, or revoked."""
        ...

    def revoke_key(self, prefix: str, *, at: datetime, reason: str, actor: Actor = LOCAL) -> None:
        """End a key. Of one revoked before, the earlier end stands. Raises ConfigError if it is
        not there."""
        ...

    def issued_keys(self) -> list[Key]:
        """Every key, sorted by holder and by when it was issued."""
        ...

    def key(self, prefix: str) -> Key | None:
        """The key with a prefix."""
        ...

    def any_key_issued(self) -> bool:
        """Whether there is a key, whatever became of it."""
        ...

    def key_used(self, prefix: str, at: datetime) -> None:
        """Note that a key was used; of the same minute once."""
        ...
