"""The port of people who sign in, and of their sessions. Part of the Ledger."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from domain.audit import LOCAL, Actor
from domain.people import Account, Session


class People(Protocol):
    """What is changed here holds at once in every process: nobody remembers a session.

    Raises StoreUnavailableError when the database cannot answer."""

    def add_person(self, account: Account, *, actor: Actor = LOCAL) -> None:
        """Raises ConfigError if the login or the subject is taken, or the holder not there."""
        ...

    def people(self) -> list[Account]:
        """Sorted by login."""
        ...

    def person(self, login: str) -> Account | None: ...

    def person_of_subject(self, subject: str) -> Account | None:
        """Whom the identity provider calls so."""
        ...

    def set_password(
        self, login: str, password: str, *, at: datetime, actor: Actor = LOCAL
    ) -> None:
        """Keep the hash of a new password, and end the person's sessions. Raises ConfigError if
        they are not there."""
        ...

    def set_subject(self, login: str, subject: str, *, actor: Actor = LOCAL) -> None:
        """Say whom the identity provider calls so; empty: nobody. Raises ConfigError if they are not
        there, or somebody else is called so."""
        ...

    def lock_person(self, login: str, *, at: datetime, reason: str, actor: Actor = LOCAL) -> None:
        """End the person's sessions, and let them begin none. Of one locked before, the earlier
        lock stands. Raises ConfigError if they are not there."""
        ...

    def unlock_person(self, login: str, *, reason: str, actor: Actor = LOCAL) -> None:
        """Raises ConfigError if they are not there."""
        ...

    def any_person(self) -> bool:
        """Whether anybody may sign in, or might once they are unlocked."""
        ...

    def begin_session(self, session: Session, known_as: Account) -> bool:
        """Keep a session of somebody known by this account, unless they are locked, or have another
        password, by now: then it is not kept. Those that are over are forgotten."""
        ...

    def signed_in(self, digest: str, at: datetime) -> Account | None:
        """Whose session this is, if it holds."""
        ...

    def end_session(self, digest: str) -> None:
        """Nothing happens to one that is not there."""
        ...

    def count_attempt(self, most: Mapping[str, int], at: datetime) -> datetime | None:
        """Count an attempt to sign in under each mark, with the most of it that may be within a
        window; where one is shut already none is counted, and the end of that is given."""
        ...

    def forget_attempt(self, wholly: str, once: str) -> None:
        """It was the right password: the first mark's attempts are forgotten, and one of the
        other's."""
        ...
