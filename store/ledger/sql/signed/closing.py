"""Closing: a month's result signed as its next revision, or what waits refused."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, and_, select

from domain.audit import LOCAL, Act, Actor
from domain.calendar import Month
from domain.errors import ConfigError
from domain.figures import MonthResult
from store.ledger.lengths import require_signature
from store.ledger.port import ChangedMeanwhileError, Closing, Refusal, Revision
from store.ledger.sql import tables as t
from store.ledger.sql.answers import say_changed
from store.ledger.sql.audit.append import append
from store.ledger.sql.audit.vouched import RESTATEMENT_REFUSAL, REVISION, result_digest, told
from store.ledger.sql.engine import begins, reading, writing
from store.ledger.sql.paid import restatement_refusal
from store.ledger.sql.results import (
    build_results,
    delete_result,
    digest_of,
    is_month,
    read_results,
)


class SqlClosing:
    """A part of SqlLedger: see Ledger."""

    _engine: Engine
    _code_version: str

    def pending(self, institution: str, month: Month) -> MonthResult | None:
        """See Ledger.pending."""
        state = t.month_state.c
        waits = and_(is_month(t.month_state, institution, month), state.standing_id.is_not(None))
        with reading(self._engine) as connection:
            found = read_results(connection, waits, result_id=state.computed_id)
        return next(iter(found.values()), None)

    def closing_by_digest(self, start: str) -> Closing | None:
        """See Ledger.closing_by_digest."""
        c = t.revision.c
        names = (c.institution, c.month, c.number, c.digest, c.signed_by, c.closed_at)
        query = select(*names).where(begins(c.digest, start)).order_by(c.closed_at.desc()).limit(1)
        with reading(self._engine) as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else Closing(**{**row._mapping, "month": Month.parse(row.month)})

    def close(
        self,
        institution: str,
        month: Month,
        *,
        signed_by: str,
        reason: str = "",
        expected: str | None = None,
        actor: Actor = LOCAL,
    ) -> Revision:
        """See Ledger.close. Of two at the same time, one closes and both get its revision."""
        require_signature(f"{institution} {month}", signed_by, reason)
        with writing(self._engine) as connection:
            state = _locked(connection, institution, month)
            found_id = state.standing_id if state.computed_id is None else state.computed_id
            if expected is not None and digest_of(connection, found_id) != expected:
                raise ChangedMeanwhileError(institution, month)
            number: int = state.revision
            if state.computed_id is not None:
                number += 1
                act = self._sign(connection, state, number, signed_by, reason)
                say_changed(connection, institution)
                append(connection, actor.on_word_of(signed_by), [act])
            return _revisions(connection, institution, month, number)[0]

    def refuse_restatement(
        self,
        institution: str,
        month: Month,
        *,
        digest: str,
        changes: str,
        by: str,
        reason: str,
        actor: Actor = LOCAL,
    ) -> Refusal:
        """See Ledger.refuse_restatement."""
        require_signature(f"the refusal of {institution} {month}", by, reason)
        with writing(self._engine) as connection:
            state = _locked(connection, institution, month)
            waits = None if state.standing_id is None else state.computed_id
            if waits is None or digest_of(connection, waits) != digest:
                raise ChangedMeanwhileError(institution, month)
            key = (institution, str(month), state.revision, digest)
            row: dict[str, Any] = dict(zip(RESTATEMENT_REFUSAL.key, key, strict=True))
            row |= {"changes": changes, "by": by, "reason": reason, "at": datetime.now(UTC)}
            connection.execute(restatement_refusal.insert().values(row))
            connection.execute(
                t.month_state.update()
                .where(is_month(t.month_state, institution, month))
                .values(computed_id=None)
            )
            delete_result(connection, waits)
            say_changed(connection, institution)
            act = told(
                connection,
                RESTATEMENT_REFUSAL,
                key,
                "refuse",
                institution=institution,
                before={"digest": digest},
                after={"digest": digest_of(connection, state.standing_id)},
                reason=reason,
            )
            append(connection, actor.on_word_of(by), [act])
        return Refusal(**{**row, "month": month})

    def refusals(self, institution: str, month: Month) -> list[Refusal]:
        """See Ledger.refusals."""
        wanted = is_month(restatement_refusal, institution, month)
        query = select(restatement_refusal).where(wanted).order_by(restatement_refusal.c.at)
        with reading(self._engine) as connection:
            return [Refusal(**{**r._mapping, "month": month}) for r in connection.execute(query)]

    def revisions(self, institution: str, month: Month) -> list[Revision]:
        """See Ledger.revisions. The first one first."""
        with reading(self._engine) as connection:
            return _revisions(connection, institution, month)

    def _sign(
        self, connection: Connection, state: Row[Any], number: int, signed_by: str, reason: str
    ) -> Act:
        """Sign what was computed; gives what to tell of it."""
        signed = digest_of(connection, state.computed_id)
        connection.execute(
            t.revision.insert().values(
                institution=state.institution,
                month=state.month,
                number=number,
                result_id=state.computed_id,
                digest=signed,
                code_version=self._code_version,
                signed_by=signed_by,
                reason=reason,
                closed_at=datetime.now(UTC),
            )
        )
        connection.execute(
            t.month_state.update()
            .where(
                t.month_state.c.institution == state.institution,
                t.month_state.c.month == state.month,
            )
            .values(revision=number, standing_id=state.computed_id, computed_id=None)
        )
        before = digest_of(connection, state.standing_id)
        return told(
            connection,
            REVISION,
            (state.institution, state.month, number),
            "close" if before is None else "restate",
            institution=state.institution,
            before=None if before is None else {"revision": state.revision, "digest": before},
            after={
                "revision": number,
                "digest": signed,
                "stored": result_digest(connection, state.computed_id),
            },
            reason=reason,
        )


def is_refused(connection: Connection, state: Row[Any], digest: str) -> bool:
    """Whether somebody refused that this becomes the next revision of a month as it stands."""
    c = restatement_refusal.c
    here = and_(
        is_month(restatement_refusal, state.institution, state.month),
        c.revision == state.revision,
        c.digest == digest,
    )
    return connection.execute(select(c.digest).where(here)).one_or_none() is not None


def _locked(connection: Connection, institution: str, month: Month) -> Row[Any]:
    """The month's state, which nobody else changes until we are done."""
    wanted = is_month(t.month_state, institution, month)
    state = connection.execute(select(t.month_state).where(wanted).with_for_update()).one_or_none()
    if state is None:
        raise ConfigError(
            f"{institution} {month} was never computed: run `civicmeter process` first"
        )
    return state


def _revisions(
    connection: Connection, institution: str, month: Month, number: int | None = None
) -> list[Revision]:
    wanted = is_month(t.revision, institution, month)
    if number is not None:
        wanted = and_(wanted, t.revision.c.number == number)
    named = select(t.result).join(t.revision, t.revision.c.result_id == t.result.c.id)
    results = build_results(connection, named.where(wanted))
    rows = connection.execute(select(t.revision).where(wanted).order_by(t.revision.c.number))
    return [
        Revision(
            institution=r.institution,
            month=month,
            number=r.number,
            result=results[r.result_id],
            digest=r.digest,
            code_version=r.code_version,
            signed_by=r.signed_by,
            reason=r.reason,
            closed_at=r.closed_at,
        )
        for r in rows
    ]
