"""Notes of late readings in the ledger's database."""

import json
import uuid
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, Engine, and_, case, delete, func, select, true, tuple_

from domain.calendar import DAY_MS, Month
from domain.readings import Series
from store.ledger.late_readings import LateReadings
from store.ledger.sql.engine import asking, insert_into, reading, writing
from store.ledger.sql.tables import late_readings as table
from store.ledger.sql.tables import late_version
from store.ledger.sql.touched import touch_months

_KEY = ("device", "quantity", "day")
_VERSION = select(late_version.c.version)


class SqlLateSeries:
    """See LateSeries. A part of SqlLedger."""

    _engine: Engine

    def note_late(self, readings: Iterable[LateReadings]) -> str:
        """See LateSeries.note_late."""
        stamp = uuid.uuid4().hex
        # Sorted, so that of two who note at once none waits for the other in a circle.
        rows = sorted((_row(r, stamp) for r in readings), key=lambda r: tuple(r[k] for k in _KEY))
        if not rows:
            return self.late_version()
        with writing(self._engine) as connection:
            _widen(connection, rows)
            # Behind the rows: who forgets them has to wait, and changes the version afterwards.
            return str(connection.execute(_VERSION).scalar_one())

    def late_version(self) -> str:
        """See LateSeries.late_version."""
        with asking(self._engine) as connection:
            return str(connection.execute(_VERSION).scalar_one())

    def late(self, after: LateReadings | None = None, limit: int = 10_000) -> list[LateReadings]:
        """See LateSeries.late."""
        key = tuple_(*(table.c[k] for k in _KEY))
        behind = true() if after is None else key > tuple_(*_key(after))
        query = select(table).where(behind).order_by(*(table.c[k] for k in _KEY)).limit(limit)
        with reading(self._engine) as connection:
            return [
                LateReadings(Series(r.device, r.quantity), r.start_ms, r.end_ms, r.stamp)
                for r in connection.execute(query)
            ]

    def touch_for_late(
        self, readings: Iterable[LateReadings], months: Iterable[tuple[str, Month]]
    ) -> None:
        """See LateSeries.touch_for_late."""
        with writing(self._engine) as connection:
            touch_months(connection, months)
            for one in readings:
                same = (table.c[k] == v for k, v in zip(_KEY, _key(one), strict=True))
                connection.execute(delete(table).where(and_(*same, table.c.stamp == one.stamp)))
            connection.execute(late_version.update().values(version=uuid.uuid4().hex))


def _widen(connection: Connection, rows: list[dict[str, Any]]) -> None:
    """Add the rows, or widen the spans of those that are there."""
    insert: Any = insert_into(connection, table)
    given: list[dict[str, Any]] | None = rows
    if connection.dialect.name == "sqlite":
        # As one statement: while another thread computes, each waits for the interpreter's lock.
        each = func.json_each(json.dumps([[*row.values()] for row in rows])).table_valued("value")
        columns = [func.json_extract(each.c.value, f"$[{k}]") for k in range(len(rows[0]))]
        insert = insert.from_select([*rows[0]], select(*columns).where(true()))
        given = None
    new, old = insert.excluded, table.c
    widened = {
        "start_ms": case((new.start_ms < old.start_ms, new.start_ms), else_=old.start_ms),
        "end_ms": case((new.end_ms > old.end_ms, new.end_ms), else_=old.end_ms),
        "stamp": new.stamp,
    }
    connection.execute(insert.on_conflict_do_update(index_elements=list(_KEY), set_=widened), given)


def _key(one: LateReadings) -> tuple[str, str, int]:
    return one.series.device, one.series.quantity, one.start_ms // DAY_MS


def _row(one: LateReadings, stamp: str) -> dict[str, Any]:
    times = {"start_ms": one.start_ms, "end_ms": one.end_ms}
    return {**dict(zip(_KEY, _key(one), strict=True)), **times, "stamp": stamp}
