"""Requests asked once, in the ledger's database."""

import zlib
from datetime import datetime

from sqlalchemy import (
    Column,
    Connection,
    Engine,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    and_,
    delete,
    func,
    select,
    update,
)

from store.ledger.once import ONCE_ANSWERS, ONCE_BYTES, ONCE_KEPT, OnceAnswer
from store.ledger.sql.engine import insert_into, writing
from store.ledger.sql.tables import UtcDateTime, metadata

asked_once = Table(
    "asked_once",
    metadata,
    Column("sender", String(64), primary_key=True),
    Column("key", Text, primary_key=True),
    Column("asked", String(64), nullable=False),
    Column("asked_at", UtcDateTime, nullable=False),
    Column("status", Integer),
    Column("media", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Index("ix_asked_once_asked_at", "asked_at"),
)
_C = asked_once.c


class SqlAskedOnce:
    """See AskedOnce. A part of SqlLedger."""

    _engine: Engine

    def ask_once(self, sender: str, key: str, asked: str, at: datetime) -> OnceAnswer:
        """See AskedOnce.ask_once."""
        row = {"sender": sender, "key": key, "asked": asked, "asked_at": at}
        row |= {"media": "", "language": "", "body": b""}
        with writing(self._engine) as connection:
            connection.execute(delete(asked_once).where(_C.asked_at < at - ONCE_KEPT))
            new = insert_into(connection, asked_once).on_conflict_do_nothing()
            connection.execute(new, row)
            query = select(asked_once).where(_C.sender == sender, _C.key == key)
            stands = connection.execute(query).one()
            _forget_beyond(connection, sender, key)
        body = zlib.decompress(stands.body) if stands.body else b""
        return OnceAnswer(stands.asked, stands.status, stands.media, stands.language, body)

    def answer_once(self, sender: str, key: str, answer: OnceAnswer) -> None:
        """See AskedOnce.answer_once."""
        same = and_(_C.sender == sender, _C.key == key, _C.asked == answer.asked)
        answered = {"status": answer.status, "media": answer.media, "language": answer.language}
        with writing(self._engine) as connection:
            connection.execute(
                update(asked_once)
                .where(same, _C.status.is_(None))
                .values(**answered, body=zlib.compress(answer.body))
            )


def _forget_beyond(connection: Connection, sender: str, key: str) -> None:
    """Forget the sender's oldest requests beyond what is kept of one; not the one under `key`."""
    query = select(_C.key, func.length(_C.body)).where(_C.sender == sender, _C.key != key)
    count, size = 1, 0
    beyond = []
    for other, length in connection.execute(query.order_by(_C.asked_at.desc(), _C.key)):
        count, size = count + 1, size + length
        if count > ONCE_ANSWERS or size > ONCE_BYTES:
            beyond.append(other)
    if beyond:
        here = and_(_C.sender == sender, _C.key.in_(beyond))
        connection.execute(delete(asked_once).where(here))
