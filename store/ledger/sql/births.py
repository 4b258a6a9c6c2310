"""Births of Sparkplug nodes in the ledger's database."""

import json
from collections.abc import Iterable

from sqlalchemy import Engine, select

from store.ledger.births import Birth
from store.ledger.sql.engine import insert_into, reading, writing
from store.ledger.sql.tables import sparkplug_birth


class SqlBirths:
    """See Births. A part of SqlLedger."""

    _engine: Engine

    def save_births(self, births: Iterable[Birth]) -> None:
        """See Births.save_births."""
        rows = [
            {
                # Databases take no NUL.
                "group_name": birth.group.replace("\0", "\ufffd"),
                "node": birth.node.replace("\0", "\ufffd"),
                "aliases": json.dumps(birth.aliases),
                "told_at_ms": birth.told_at_ms,
            }
            for birth in sorted(births)
        ]
        if not rows:
            return
        with writing(self._engine) as connection:
            insert = insert_into(connection, sparkplug_birth)
            newer = insert.on_conflict_do_update(
                index_elements=["group_name", "node"],
                set_={
                    "aliases": insert.excluded.aliases,
                    "told_at_ms": insert.excluded.told_at_ms,
                },
                where=sparkplug_birth.c.told_at_ms <= insert.excluded.told_at_ms,
            )
            connection.execute(newer, rows)

    def births(self, since_ms: int = 0) -> list[Birth]:
        """See Births.births."""
        told = sparkplug_birth.c.told_at_ms
        query = select(sparkplug_birth).where(told >= since_ms).order_by(told)
        with reading(self._engine) as connection:
            return [
                Birth(
                    row.group_name,
                    row.node,
                    {int(alias): name for alias, name in json.loads(row.aliases).items()},
                    row.told_at_ms,
                )
                for row in connection.execute(query)
            ]
