"""Kept messages in the ledger's database."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from sqlalchemy import Engine, and_, delete, func, select, true
from sqlalchemy.dialects import postgresql, sqlite

from store.ledger.kept import KeptMessage, grants_of, grants_text
from store.ledger.sql.engine import reading, writing
from store.ledger.sql.tables import kept_message

_AT_ONCE = 500
"""Digests in one statement: engines limit the number of parameters."""


class SqlKeptMessages:
    """See KeptMessages. A part of SqlLedger."""

    _engine: Engine

    def keep_messages(self, messages: Iterable[KeptMessage]) -> None:
        """See KeptMessages.keep_messages."""
        rows = sorted(map(_row, messages), key=lambda r: str(r["digest"]))
        if not rows:
            return
        with writing(self._engine) as connection:
            on_postgres = connection.dialect.name == "postgresql"
            insert: Any = (postgresql if on_postgres else sqlite).insert(kept_message)
            connection.execute(insert.on_conflict_do_nothing(), rows)

    def kept_messages(
        self,
        *,
        code: str | None = None,
        device: str | None = None,
        source: str | None = None,
        after: str = "",
        limit: int = 1000,
    ) -> list[KeptMessage]:
        """See KeptMessages.kept_messages."""
        columns = kept_message.c
        wanted = [
            column == value
            for column, value in (
                (columns.code, code),
                (columns.device, device),
                (columns.source, source),
            )
            if value is not None
        ]
        names = [c for c in columns if c.name != "digest"]
        query = (
            select(*names)
            .where(and_(true(), columns.digest > after, *wanted))
            .order_by(columns.digest)
            .limit(limit)
        )
        with reading(self._engine) as connection:
            return [_message(r._asdict()) for r in connection.execute(query)]

    def kept_devices(self, code: str) -> list[str]:
        """See KeptMessages.kept_devices."""
        query = select(kept_message.c.device).where(kept_message.c.code == code).distinct()
        with reading(self._engine) as connection:
            return sorted(connection.execute(query).scalars())

    def count_kept(self) -> int:
        """See KeptMessages.count_kept."""
        with reading(self._engine) as connection:
            counted = connection.execute(select(func.count()).select_from(kept_message))
            return int(counted.scalar_one())

    def kept_bytes(self, source: str) -> int:
        """See KeptMessages.kept_bytes."""
        size = func.coalesce(func.sum(func.length(kept_message.c.payload)), 0)
        with reading(self._engine) as connection:
            found = connection.execute(select(size).where(kept_message.c.source == source))
            return int(found.scalar_one())

    def forget_messages(self, digests: Collection[str]) -> None:
        """See KeptMessages.forget_messages."""
        several = sorted(digests)
        with writing(self._engine) as connection:
            for start in range(0, len(several), _AT_ONCE):
                part = several[start : start + _AT_ONCE]
                connection.execute(delete(kept_message).where(kept_message.c.digest.in_(part)))


def _row(message: KeptMessage) -> dict[str, object]:
    return {
        "digest": message.digest,
        "source": message.source,
        "code": message.code,
        "device": message.device,
        "topic": message.topic,
        "payload": message.payload,
        "arrived_at_ms": message.arrived_at_ms,
        "grants": None if message.grants is None else grants_text(message.grants),
    }


def _message(row: Mapping[str, Any]) -> KeptMessage:
    grants = None if row["grants"] is None else grants_of(row["grants"])
    return KeptMessage(**{**row, "grants": grants})
