"""What is kept aside, in the ledger: dead letters and waiting devices, counted by group."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, and_, case, delete, select

from store.ledger.port import AsideEntry
from store.ledger.sql.tables import aside

_KEY = ("source", "code", "device")
_MAX_KEY_CHARS = 500
_MAX_DETAIL_CHARS = 2000
_MAX_SAMPLE_BYTES = 4096


def add_aside(connection: Connection, insert: Any, entries: Iterable[AsideEntry]) -> None:
    """Count entries into their groups; detail and sample are those of the latest one.

    `insert` is the dialect's insert into the table.
    """
    rows = sorted(map(_row, entries), key=_key)
    if not rows:
        return
    new, old = insert.excluded, aside.c
    is_later = new.last_at >= old.last_at
    statement = insert.on_conflict_do_update(
        index_elements=list(_KEY),
        set_={
            "count": old["count"] + new["count"],
            "detail": case((is_later, new.detail), else_=old.detail),
            "sample": case((is_later, new.sample), else_=old.sample),
            "first_at": case((new.first_at < old.first_at, new.first_at), else_=old.first_at),
            "last_at": case((is_later, new.last_at), else_=old.last_at),
        },
    )
    for row in rows:  # one by one: a group may be there twice
        connection.execute(statement, [row])


def read_aside(connection: Connection) -> list[AsideEntry]:
    """All groups, the most recently seen first."""
    query = select(aside).order_by(aside.c.last_at.desc(), *(aside.c[k] for k in _KEY))
    return [AsideEntry(**r._mapping) for r in connection.execute(query)]


def remove_aside(connection: Connection, entries: Iterable[AsideEntry]) -> None:
    """Drop the groups of these entries."""
    for row in sorted(map(_row, entries), key=_key):
        connection.execute(delete(aside).where(and_(*(aside.c[k] == row[k] for k in _KEY))))


def _key(row: dict[str, Any]) -> tuple[str, ...]:
    return tuple(row[k] for k in _KEY)


def _row(entry: AsideEntry) -> dict[str, Any]:
    return {
        "source": _storable(entry.source, _MAX_KEY_CHARS),
        "code": _storable(entry.code, _MAX_KEY_CHARS),
        "device": _storable(entry.device, _MAX_KEY_CHARS),
        "detail": _storable(entry.detail, _MAX_DETAIL_CHARS),
        "sample": bytes(entry.sample[:_MAX_SAMPLE_BYTES]),
        "count": entry.count,
        "first_at": entry.first_at,
        "last_at": entry.last_at,
    }


def _storable(text: str, limit: int) -> str:
    """Text from anywhere that any engine takes: no NUL, no half of a surrogate pair."""
    return text[:limit].replace("\0", "\ufffd").encode(errors="replace").decode()
