"""Waivers: kept once, vouched for in the audit trail."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, Engine, and_, select

from domain.audit import LOCAL, Act, Actor
from domain.calendar import Month
from domain.closing import Waiver
from store.ledger.lengths import require_signature
from store.ledger.sql.audit.append import append
from store.ledger.sql.audit.vouched import WAIVER, told
from store.ledger.sql.engine import insert_into, reading, writing
from store.ledger.sql.paid import waiver

_KEY = ("institution", "month", "code")


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
                key = (one.institution, str(one.month), one.code)
                row: dict[str, Any] = dict(zip(_KEY, key, strict=True))
                row |= {"by": one.by, "reason": one.reason, "at": one.at}
                here = and_(*(waiver.c[k] == row[k] for k in _KEY))
                there = connection.execute(select(waiver.c.code).where(here)).one_or_none()
                insert = insert_into(connection, waiver).on_conflict_do_nothing()
                new = insert.returning(waiver.c.code)
                if there is None and connection.execute(new, row).one_or_none() is not None:
                    acts.append(
                        told(
                            connection,
                            WAIVER,
                            key,
                            "waive",
                            institution=one.institution,
                            reason=one.reason,
                        )
                    )
            append(connection, actor.on_word_of(word), acts)

    def waivers(self, institution: str | None = None, month: Month | None = None) -> list[Waiver]:
        """See Waivers.waivers."""
        c = waiver.c
        asked: list[ColumnElement[bool]] = []
        if institution is not None:
            asked.append(c.institution == institution)
        if month is not None:
            asked.append(c.month == str(month))
        query = select(waiver).where(*asked).order_by(c.institution, c.month, c.code)
        with reading(self._engine) as connection:
            return [
                Waiver(
                    institution=r.institution,
                    month=Month.parse(r.month),
                    code=r.code,
                    by=r.by,
                    reason=r.reason,
                    at=r.at,
                )
                for r in connection.execute(query)
            ]
