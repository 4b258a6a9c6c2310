"""Statements in the ledger's database."""

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Engine, and_, select

from domain.access import may_be_one_person
from domain.audit import LOCAL, Actor
from domain.calendar import Month
from domain.contracts.issued import Draft, Issued, Side, Signature, digest_of
from domain.errors import ConfigError
from store.ledger.lengths import require_signature
from store.ledger.sql.audit.append import append
from store.ledger.sql.audit.vouched import SIGNATURE, STATEMENT, told
from store.ledger.sql.engine import begins, insert_into, reading, writing
from store.ledger.sql.paid import signature, statement
from store.ledger.sql.tables import revision
from store.ledger.states import Closing


class SqlStatements:
    """See Statements. A part of SqlLedger."""

    _engine: Engine
    _code_version: str

    def statements(
        self,
        agreements: Collection[str] | None = None,
        *,
        month: Month | None = None,
        number: int | None = None,
    ) -> list[Issued]:
        """See Statements.statements."""
        c, s = statement.c, signature.c
        asked: list[ColumnElement[bool]] = []
        signed: list[ColumnElement[bool]] = []
        if agreements is not None:
            asked.append(c.agreement.in_(sorted(agreements)))
            signed.append(s.agreement.in_(sorted(agreements)))
        if month is not None:
            asked.append(c.month == str(month))
            signed.append(s.month == str(month))
        if number is not None:
            asked.append(c.number == number)
            signed.append(s.statement == number)
        with reading(self._engine) as connection:
            names: dict[tuple[str, str, int], list[Signature]] = {}
            for r in connection.execute(select(signature).where(*signed).order_by(s.number)):
                one = Signature(r.side, r.by, r.at, r.digest)
                names.setdefault((r.agreement, r.month, r.statement), []).append(one)
            rows = connection.execute(
                select(statement).where(*asked).order_by(c.agreement, c.month, c.number)
            )
            return [_issued(r, names.get((r.agreement, r.month, r.number), [])) for r in rows]

    def statement_keys(self) -> list[tuple[str, Month, int]]:
        """See Statements.statement_keys."""
        c = statement.c
        query = select(c.agreement, c.month, c.number).order_by(c.agreement, c.month, c.number)
        with reading(self._engine) as connection:
            return [(a, Month.parse(m), n) for a, m, n in connection.execute(query)]

    def statement_by_digest(self, start: str) -> Issued | None:
        """See Statements.statement_by_digest."""
        c = statement.c
        query = select(c.agreement, c.month, c.number).where(begins(c.digest, start)).limit(1)
        with reading(self._engine) as connection:
            key = connection.execute(query).one_or_none()
        return None if key is None else self._one(*key)

    def closing_by_digest(self, start: str) -> Closing | None:
        """See Statements.closing_by_digest."""
        c = revision.c
        names = (c.institution, c.month, c.number, c.digest, c.signed_by, c.closed_at)
        query = select(*names).where(begins(c.digest, start)).order_by(c.closed_at.desc()).limit(1)
        with reading(self._engine) as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else Closing(**{**row._mapping, "month": Month.parse(row.month)})

    def issue_statement(self, draft: Draft, *, issued_by: str, actor: Actor = LOCAL) -> Issued:
        """See Statements.issue_statement."""
        what = f"statement {draft.agreement} {draft.month}"
        require_signature(what, issued_by, "")
        body = draft.body()
        key = (draft.agreement, str(draft.month), draft.number)
        row = {
            "agreement": draft.agreement,
            "month": str(draft.month),
            "number": draft.number,
            "body": body,
            "digest": digest_of(body),
            "code_version": self._code_version,
            "issued_by": issued_by,
            "issued_at": datetime.now(UTC),
        }
        here = and_(*(statement.c[k] == row[k] for k in ("agreement", "month", "number")))
        with writing(self._engine) as connection:
            there = connection.execute(select(statement.c.number).where(here)).one_or_none()
            insert = insert_into(connection, statement).on_conflict_do_nothing()
            new = insert.returning(statement.c.number)
            if there is None and connection.execute(new, row).one_or_none() is not None:
                after = {"payable_cny": str(draft.payable_cny), "digest": row["digest"]}
                act = told(
                    connection, STATEMENT, key, "issue", contract=draft.agreement, after=after
                )
                append(connection, actor.on_word_of(issued_by), [act])
        found = self._one(*key)
        if found.digest != row["digest"]:
            raise ConfigError(
                f"{what} number {draft.number} was issued meanwhile, and says something else: "
                "look at it, then issue again"
            )
        return found

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
        """See Statements.sign_statement."""
        what = f"statement {agreement} {month} number {number}"
        require_signature(what, by, "")
        key = (agreement, str(month), number)
        here = and_(
            statement.c.agreement == agreement,
            statement.c.month == str(month),
            statement.c.number == number,
        )
        of_it = and_(
            signature.c.agreement == agreement,
            signature.c.month == str(month),
            signature.c.statement == number,
        )
        with writing(self._engine) as connection:
            one = connection.execute(select(statement).where(here).with_for_update()).one_or_none()
            if one is None:
                raise ConfigError(f"there is no {what}: civicmeter statement list shows them")
            for r in connection.execute(select(signature).where(of_it)):
                if r.side == side:
                    raise ConfigError(f"{what} is signed for the {side} already, by {r.by}")
                if may_be_one_person(r.by, by):
                    raise ConfigError(
                        f"{r.by} has signed {what} for the {r.side}, and nobody signs for two "
                        f"sides: somebody else has to sign for the {side}"
                    )
            row: dict[str, Any] = {
                "agreement": agreement,
                "month": str(month),
                "statement": number,
                "side": side,
                "by": by,
                "at": datetime.now(UTC),
                "digest": one.digest,
            }
            made = connection.execute(signature.insert().values(row)).inserted_primary_key
            assert made is not None
            act = told(
                connection,
                SIGNATURE,
                (made[0],),
                "sign",
                contract=agreement,
                after={"statement": STATEMENT.id_of(key), "side": side, "digest": one.digest},
            )
            append(connection, actor.on_word_of(by), [act])
        return self._one(*key)

    def _one(self, agreement: str, month: str, number: int) -> Issued:
        (found,) = self.statements([agreement], month=Month.parse(month), number=number)
        return found


def _issued(row: Any, signatures: list[Signature]) -> Issued:
    return Issued(
        agreement=row.agreement,
        month=Month.parse(row.month),
        number=row.number,
        body=row.body,
        digest=row.digest,
        code_version=row.code_version,
        issued_by=row.issued_by,
        issued_at=row.issued_at,
        signatures=tuple(signatures),
    )
