"""Touched months in the ledger's database."""

import uuid
from collections.abc import Iterable

from sqlalchemy import Connection, Engine, and_, delete, select

from domain.calendar import Month
from store.ledger.sql.engine import insert_into, reading, writing
from store.ledger.sql.tables import touched_month
from store.ledger.touched import TouchedMonth


class SqlTouchedMonths:
    """See TouchedMonths. A part of SqlLedger."""

    _engine: Engine

    def touch(self, months: Iterable[tuple[str, Month]]) -> None:
        """See TouchedMonths.touch."""
        with writing(self._engine) as connection:
            touch_months(connection, months)

    def touched(self) -> list[TouchedMonth]:
        """See TouchedMonths.touched."""
        query = select(touched_month).order_by(touched_month.c.institution, touched_month.c.month)
        with reading(self._engine) as connection:
            return [
                TouchedMonth(r.institution, Month.parse(r.month), r.stamp)
                for r in connection.execute(query)
            ]

    def settle(self, months: Iterable[TouchedMonth]) -> None:
        """See TouchedMonths.settle."""
        columns = touched_month.c
        with writing(self._engine) as connection:
            for m in months:
                same = and_(
                    columns.institution == m.institution,
                    columns.month == str(m.month),
                    columns.stamp == m.stamp,
                )
                connection.execute(delete(touched_month).where(same))


def touch_months(connection: Connection, months: Iterable[tuple[str, Month]]) -> None:
    """Touch months as part of a transaction."""
    stamp = uuid.uuid4().hex
    rows = [
        {"institution": institution, "month": str(month), "stamp": stamp}
        for institution, month in sorted(set(months))
    ]
    if not rows:
        return
    insert = insert_into(connection, touched_month)
    renewed = insert.on_conflict_do_update(
        index_elements=["institution", "month"], set_={"stamp": insert.excluded.stamp}
    )
    connection.execute(renewed, rows)
