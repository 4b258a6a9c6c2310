"""Waivers: kept once, vouched for in the audit trail."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Table, and_, select

from domain.audit import LOCAL, Act, Actor
from domain.calendar import Month
from domain.closing import Waiver
from store.ledger.lengths import require_signature
from store.ledger.sql.audit.append import append
from store.ledger.sql.audit.vouched import FINDING_WAIVER, told
from store.ledger.sql.engine import insert_into, reading, writing
from store.ledger.sql.paid import finding_waiver, waiver


class SqlWaivers:
    """See Waivers. A part of SqlLedger."""

    _engine: Engine

    def waive(self, waivers: Iterable[Waiver], *, actor: Actor = LOCAL) -> None:
        """See Waivers.waive."""
        wanted = list(waivers)
        for one in wanted:
            require_signature(f"the waiver of {one.code}", one.by, one.reason)
        acts: list[Act] = []
        word = wanted[0].by if wanted else ""
        with writing(self._engine) as connection:
            for one in wanted:
                key = (one.institution, str(one.month), one.code, one.fact_sha256)
                row: dict[str, Any] = dict(zip(FINDING_WAIVER.key, key, strict=True))
                row |= {"fact": one.fact, "by": one.by, "reason": one.reason, "at": one.at}
                here = and_(*(finding_waiver.c[k] == row[k] for k in FINDING_WAIVER.key))
                there = connection.execute(select(finding_waiver.c.code).where(here))
                insert = insert_into(connection, finding_waiver).on_conflict_do_nothing()
                new = insert.returning(finding_waiver.c.code)
                if there.one_or_none() is None and connection.execute(new, row).first() is not None:
                    acts.append(_told(connection, one, key))
            append(connection, actor.on_word_of(word), acts)

    def waivers(self, institution: str | None = None, month: Month | None = None) -> list[Waiver]:
        """See Waivers.waivers."""
        with reading(self._engine) as connection:
            # Of before waivers said what they are of, too: they stand on what they stood on.
            found = [
                w
                for table in (waiver, finding_waiver)
                for w in _read(connection, table, institution, month)
            ]
        return sorted(found, key=lambda w: (w.institution, w.month, w.code, w.at))


def _told(connection: Connection, one: Waiver, key: tuple[str, ...]) -> Act:
    return told(
        connection,
        FINDING_WAIVER,
        key,
        "waive",
        institution=one.institution,
        after={"fact": one.fact},
        reason=one.reason,
    )


def _read(
    connection: Connection, table: Table, institution: str | None, month: Month | None
) -> list[Waiver]:
    asked: list[ColumnElement[bool]] = []
    if institution is not None:
        asked.append(table.c.institution == institution)
    if month is not None:
        asked.append(table.c.month == str(month))
    return [
        Waiver(
            institution=r.institution,
            month=Month.parse(r.month),
            code=r.code,
            fact=r.fact if table is finding_waiver else "",
            by=r.by,
            reason=r.reason,
            at=r.at,
        )
        for r in connection.execute(select(table).where(*asked))
    ]
