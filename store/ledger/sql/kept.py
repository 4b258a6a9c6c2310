"""Kept messages in the ledger's database."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Engine, and_, delete, func, select, true

from domain.audit import Act, Actor
from store.ledger.kept import (
    ROOM,
    KeptMessage,
    Reason,
    Room,
    grants_of,
    grants_text,
    merged,
    reason_bytes,
)
from store.ledger.sql.audit.append import append
from store.ledger.sql.engine import insert_into, reading, writing
from store.ledger.sql.tables import kept, kept_reason, kept_room

_AT_ONCE = 500
"""Digests in one statement: engines limit the number of parameters."""
_ALL = ""
"""The bringer of the sums over all of them; also what two writers wait for each other at."""


class SqlKeptMessages:
    """See KeptMessages. A part of SqlLedger."""

    _engine: Engine

    def keep_messages(self, messages: Iterable[KeptMessage], room: Room = ROOM) -> int:
        """See KeptMessages.keep_messages."""
        by_digest: dict[str, KeptMessage] = {}
        reasons: dict[str, tuple[Reason, ...]] = {}
        for message in messages:
            digest = message.digest
            by_digest.setdefault(digest, message)
            reasons[digest] = merged(reasons.get(digest, ()), message.reasons)
        if not by_digest:
            return 0
        with writing(self._engine) as connection:
            used = _Used(connection, {m.bringer for m in by_digest.values()}, room)
            there = _reasons(connection, list(by_digest))
            left_out, new, new_reasons = 0, [], []
            for digest in sorted(by_digest):
                message = by_digest[digest]
                known = there.get(digest, ())
                more = set(merged(known, reasons[digest])).difference(known)
                row = _row(digest, message, more)
                size = sum(map(reason_bytes, more)) if known else row["size_bytes"]
                if not used.take(message.bringer, size, 0 if known else 1):
                    left_out += not known
                    continue
                if not known:
                    new.append(row)
                elif more:
                    grown = kept.update().where(kept.c.digest == digest)
                    connection.execute(grown.values(size_bytes=kept.c.size_bytes + size))
                new_reasons += [{"digest": digest, **r._asdict()} for r in sorted(more)]
            for table, rows in ((kept, new), (kept_reason, new_reasons)):
                if rows:
                    connection.execute(table.insert(), rows)
            used.save()
        return left_out

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
        wanted = [kept.c.digest > after]
        if source is not None:
            wanted.append(kept.c.source == source)
        if code is not None or device is not None:
            pairs = ((kept_reason.c.code, code), (kept_reason.c.device, device))
            named = and_(true(), *(column == value for column, value in pairs if value is not None))
            wanted.append(kept.c.digest.in_(select(kept_reason.c.digest).where(named)))
        query = select(kept).where(and_(*wanted)).order_by(kept.c.digest).limit(limit)
        with reading(self._engine) as connection:
            rows = connection.execute(query).all()
            reasons = _reasons(connection, [r.digest for r in rows])
        return [
            KeptMessage(
                source=r.source,
                reasons=reasons[r.digest],
                topic=r.topic,
                payload=r.payload,
                arrived_at_ms=r.arrived_at_ms,
                grants=None if r.grants is None else grants_of(r.grants),
            )
            for r in rows
        ]

    def kept_devices(self, code: str) -> list[str]:
        """See KeptMessages.kept_devices."""
        query = select(kept_reason.c.device).where(kept_reason.c.code == code).distinct()
        with reading(self._engine) as connection:
            return sorted(connection.execute(query).scalars())

    def count_kept(self) -> int:
        """See KeptMessages.count_kept."""
        return self._sum(kept_room.c.messages)

    def kept_bytes(self) -> int:
        """See KeptMessages.kept_bytes."""
        return self._sum(kept_room.c.size_bytes)

    def forget_messages(self, digests: Collection[str], *, dropped_by: Actor | None = None) -> None:
        """See KeptMessages.forget_messages."""
        if not digests:
            return
        with writing(self._engine) as connection:
            freed: dict[str, tuple[int, int]] = {}
            used = _Used(connection, set(), ROOM)
            for part in _parts(sorted(digests)):
                among = kept.c.digest.in_(part)
                query = select(kept.c.bringer, func.count(), func.sum(kept.c.size_bytes))
                for bringer, count, size in connection.execute(
                    query.where(among).group_by(kept.c.bringer)
                ):
                    messages, bytes_ = freed.get(bringer, (0, 0))
                    freed[bringer] = messages + count, bytes_ + int(size)
                connection.execute(delete(kept_reason).where(kept_reason.c.digest.in_(part)))
                connection.execute(delete(kept).where(among))
            used.free(freed)
            if dropped_by is not None and freed:
                append(connection, dropped_by, [_dropped(digests, freed)])

    def _sum(self, column: Any) -> int:
        query = select(column).where(kept_room.c.bringer == _ALL)
        with reading(self._engine) as connection:
            return int(connection.execute(query).scalar_one_or_none() or 0)


def _dropped(digests: Collection[str], freed: dict[str, tuple[int, int]]) -> Act:
    """What to tell of messages that somebody dropped."""
    together = sha256("\n".join(sorted(digests)).encode()).hexdigest()
    before = {
        "messages": sum(count for count, _ in freed.values()),
        "size_bytes": sum(size for _, size in freed.values()),
        "digests_sha256": together,
    }
    return Act(action="drop", kind="kept", id="messages", before=before)


class _Used:
    """How much is kept, in all and of some bringers; nobody else changes it meanwhile."""

    def __init__(self, connection: Connection, bringers: Collection[str], room: Room) -> None:
        self._connection = connection
        self._room = room
        self._insert = insert_into(connection, kept_room)
        self._add({_ALL: (0, 0)})
        self._messages: dict[str, int] = {}
        self._bytes: dict[str, int] = {}
        self._more: dict[str, tuple[int, int]] = {}
        for part in _parts(sorted({_ALL, *bringers})):
            query = select(kept_room).where(kept_room.c.bringer.in_(part))
            for row in connection.execute(query):
                self._messages[row.bringer] = row.messages
                self._bytes[row.bringer] = row.size_bytes

    def take(self, bringer: str, size: int, messages: int) -> bool:
        """Whether there is room; then it is taken."""
        room = self._room
        if (
            self._messages.get(_ALL, 0) + messages > room.messages
            or self._bytes.get(_ALL, 0) + size > room.total_bytes
            or self._bytes.get(bringer, 0) + size > room.source_bytes
        ):
            return False
        for name in (_ALL, bringer):
            self._messages[name] = self._messages.get(name, 0) + messages
            self._bytes[name] = self._bytes.get(name, 0) + size
            count, bytes_ = self._more.get(name, (0, 0))
            self._more[name] = count + messages, bytes_ + size
        return True

    def save(self) -> None:
        self._add(self._more)

    def free(self, freed: dict[str, tuple[int, int]]) -> None:
        """Give back (messages, bytes) of bringers."""
        less = {name: (-count, -size) for name, (count, size) in freed.items()}
        less[_ALL] = sum(c for c, _ in less.values()), sum(s for _, s in less.values())
        self._add(less)
        empty = and_(kept_room.c.messages <= 0, kept_room.c.bringer != _ALL)
        self._connection.execute(delete(kept_room).where(empty))

    def _add(self, more: dict[str, tuple[int, int]]) -> None:
        rows = [
            {"bringer": name, "messages": count, "size_bytes": size}
            for name, (count, size) in sorted(more.items())
        ]
        if rows:
            new = self._insert.excluded
            statement = self._insert.on_conflict_do_update(
                index_elements=["bringer"],
                set_={
                    "messages": kept_room.c.messages + new.messages,
                    "size_bytes": kept_room.c.size_bytes + new.size_bytes,
                },
            )
            self._connection.execute(statement, rows)


def _reasons(connection: Connection, digests: Sequence[str]) -> dict[str, tuple[Reason, ...]]:
    """Why each of these messages is kept; those that are not there are left out."""
    found: dict[str, list[Reason]] = {}
    for part in _parts(digests):
        query = select(kept_reason).where(kept_reason.c.digest.in_(part))
        for row in connection.execute(query):
            found.setdefault(row.digest, []).append(Reason(row.code, row.device))
    return {digest: tuple(sorted(reasons)) for digest, reasons in found.items()}


def _parts(digests: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(digests), _AT_ONCE):
        yield digests[start : start + _AT_ONCE]


def _row(digest: str, message: KeptMessage, reasons: Iterable[Reason]) -> dict[str, Any]:
    alone = message.size_bytes - sum(map(reason_bytes, message.reasons))
    return {
        "digest": digest,
        "source": message.source,
        "bringer": message.bringer,
        "topic": message.topic,
        "payload": message.payload,
        "arrived_at_ms": message.arrived_at_ms,
        "grants": None if message.grants is None else grants_text(message.grants),
        "size_bytes": alone + sum(map(reason_bytes, reasons)),
    }
