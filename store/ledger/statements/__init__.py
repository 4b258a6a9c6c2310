"""The port of statements: issued once, signed by each side, never changed. Part of the Ledger."""

from collections.abc import Collection
from typing import Protocol

from domain.audit import LOCAL, Actor
from domain.calendar import Month
from domain.contracts.issued import Draft, Issued, Side


class Statements(Protocol):
    """Raises StoreUnavailableError when the database cannot answer."""

    def statements(
        self,
        agreements: Collection[str] | None = None,
        *,
        month: Month | None = None,
        number: int | None = None,
    ) -> list[Issued]:
        """The statements of some agreements, or of all, sorted by agreement, month and number; only
        those of a month, or of a number in it, where these are given."""
        ...

    def statement_keys(self) -> list[tuple[str, Month, int]]:
        """Agreement, month and number of every statement, in the same order, without their text."""
        ...

    def statement_by_digest(self, start: str) -> Issued | None:
        """The statement whose digest begins so (20 hexadecimal digits or more), if there is one."""
        ...

    def issue_statement(self, draft: Draft, *, issued_by: str, actor: Actor = LOCAL) -> Issued:
        """Keep a statement. Of two who issue the same at the same time, one does and both get it.

        Raises ConfigError where another was issued under its number meanwhile.
        """
        ...

    def sign_statement(
        self,
        agreement: str,
        month: Month,
        number: int,
        *,
        side: Side,
        by: str,
        actor: Actor = LOCAL,
    ) -> Issued:
        """Add a side's signature; gives the statement as it is then.

        Raises ConfigError for a statement that is not there, a side that has signed, and somebody
        who has signed for another side.
        """
        ...

    def refuse_statement(
        self,
        agreement: str,
        month: Month,
        number: int,
        *,
        side: Side,
        by: str,
        reason: str,
        actor: Actor = LOCAL,
    ) -> Issued:
        """Say for a side that it does not sign, and why; it may sign later all the same.

        Raises ConfigError as `sign_statement` does, and without a reason.
        """
        ...
