"""Corrections in the ledger's database."""

from collections.abc import Iterable
from dataclasses import asdict

from sqlalchemy import Connection, Engine, select

from domain.calendar import Month
from domain.corrections import Correction
from store.ledger.lengths import require_correction
from store.ledger.sql.engine import reading, writing
from store.ledger.sql.tables import correction as table
from store.ledger.sql.touched import touch_months


class SqlCorrections:
    """See Corrections. A part of SqlLedger."""

    _engine: Engine

    def enter_corrections(
        self, corrections: Iterable[Correction], touches: Iterable[tuple[str, Month]]
    ) -> int:
        """See Corrections.enter_corrections."""
        added = 0
        corrections = list(corrections)
        for one in corrections:
            require_correction(one)
        with writing(self._engine) as connection:
            for one in corrections:
                if not _stands(connection, one):
                    connection.execute(table.insert().values(asdict(one)))
                    added += 1
            touch_months(connection, touches)
        return added

    def corrections(self) -> list[Correction]:
        """See Corrections.corrections."""
        columns = [c for c in table.c if c.name != "number"]
        with reading(self._engine) as connection:
            found = connection.execute(select(*columns).order_by(table.c.number))
            return [Correction(**r._mapping) for r in found]


def _stands(connection: Connection, one: Correction) -> bool:
    last = connection.execute(
        select(table.c.value, table.c.author, table.c.reason)
        .where(
            table.c.device == one.device,
            table.c.quantity == one.quantity,
            table.c.at_ms == one.at_ms,
        )
        .order_by(table.c.number.desc())
        .limit(1)
    ).one_or_none()
    return last is not None and tuple(last) == (one.value, one.author, one.reason)
