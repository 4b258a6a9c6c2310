"""Statements in the ledger's database."""

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, and_, select

from domain.access import may_be_one_person
from domain.audit import LOCAL, Actor
from domain.calendar import Month
from domain.contracts.issued import Draft, Issued, Refused, Side, Signature, digest_of
from domain.errors import ConfigError
from store.ledger.lengths import require_signature
from store.ledger.sql.audit.append import append
from store.ledger.sql.audit.vouched import SIGNATURE, STATEMENT, STATEMENT_REFUSAL, told
from store.ledger.sql.engine import begins, insert_into, reading, writing
from store.ledger.sql.paid import signature, statement, statement_refusal


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
        f = statement_refusal.c
        refused: list[ColumnElement[bool]] = []
        if agreements is not None:
            refused.append(f.agreement.in_(sorted(agreements)))
        if month is not None:
            refused.append(f.month == str(month))
        if number is not None:
            refused.append(f.statement == number)
        with reading(self._engine) as connection:
            against: dict[tuple[str, str, int], list[Refused]] = {}
            for r in connection.execute(
                select(statement_refusal).where(*refused).order_by(f.number)
            ):
                said = Refused(r.side, r.by, r.reason, r.at, r.digest)
                against.setdefault((r.agreement, r.month, r.statement), []).append(said)
            names: dict[tuple[str, str, int], list[Signature]] = {}
            for r in connection.execute(select(signature).where(*signed).order_by(s.number)):
                one = Signature(r.side, r.by, r.at, r.digest)
                names.setdefault((r.agreement, r.month, r.statement), []).append(one)
            rows = connection.execute(
                select(statement).where(*asked).order_by(c.agreement, c.month, c.number)
            )
            return [
                _issued(r, names.get(key, []), against.get(key, []))
                for r in rows
                for key in [(r.agreement, r.month, r.number)]
            ]

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
        key = (agreement, str(month), number)
        with writing(self._engine) as connection:
            row = _spoken(connection, key, side, by)
            made = connection.execute(signature.insert().values(row)).inserted_primary_key
            assert made is not None
            after = {"statement": STATEMENT.id_of(key), "side": side, "digest": row["digest"]}
            act = told(connection, SIGNATURE, (made[0],), "sign", contract=agreement, after=after)
            append(connection, actor.on_word_of(by), [act])
        return self._one(*key)

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
        """See Statements.refuse_statement."""
        key = (agreement, str(month), number)
        if not reason.strip():
            raise ConfigError(
                f"a refusal of {_named(key)} needs its reason: the other side reads it"
            )
        require_signature(_named(key), by, reason)
        with writing(self._engine) as connection:
            row = _spoken(connection, key, side, by) | {"reason": reason}
            made = connection.execute(statement_refusal.insert().values(row)).inserted_primary_key
            assert made is not None
            after = {"statement": STATEMENT.id_of(key), "side": side, "digest": row["digest"]}
            act = told(
                connection,
                STATEMENT_REFUSAL,
                (made[0],),
                "refuse",
                contract=agreement,
                after=after,
                reason=reason,
            )
            append(connection, actor.on_word_of(by), [act])
        return self._one(*key)

    def _one(self, agreement: str, month: str, number: int) -> Issued:
        (found,) = self.statements([agreement], month=Month.parse(month), number=number)
        return found


def _named(key: tuple[str, str, int]) -> str:
    return "statement {} {} number {}".format(*key)


def _spoken(
    connection: Connection, key: tuple[str, str, int], side: Side, by: str
) -> dict[str, Any]:
    """The row of what somebody now says for a side of a statement, which nobody else changes
    until we are done. Raises ConfigError where they may not."""
    what = _named(key)
    require_signature(what, by, "")
    agreement, month, number = key
    c = statement.c
    here = and_(c.agreement == agreement, c.month == month, c.number == number)
    one = connection.execute(select(statement).where(here).with_for_update()).one_or_none()
    if one is None:
        raise ConfigError(f"there is no {what}: civicmeter statement list shows them")
    for table, did in ((signature, "signed"), (statement_refusal, "refused")):
        t = table.c
        of_it = and_(t.agreement == agreement, t.month == month, t.statement == number)
        for r in connection.execute(select(table).where(of_it)):
            if r.side == side and table is signature:
                raise ConfigError(f"{what} is signed for the {side} already, by {r.by}")
            if r.side != side and may_be_one_person(r.by, by):
                raise ConfigError(
                    f"{r.by} has {did} {what} for the {r.side}, and nobody signs for two "
                    f"sides: somebody else has to speak for the {side}"
                )
    return {
        "agreement": agreement,
        "month": month,
        "statement": number,
        "side": side,
        "by": by,
        "at": datetime.now(UTC),
        "digest": one.digest,
    }


def _issued(row: Any, signatures: list[Signature], refusals: list[Refused]) -> Issued:
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
        refusals=tuple(refusals),
    )
