"""What is kept aside, in the ledger: dead letters and waiting devices, counted by group."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, and_, case, delete, func, select

from config.limits import ASIDE_GROUPS, ASIDE_SOURCE_GROUPS
from domain.audit import Act
from store.ledger.port import AsideEntry
from store.ledger.sql.tables import aside

_KEY = ("source", "code", "device")
_MAX_KEY_CHARS = 500
_MAX_DETAIL_CHARS = 2000
_MAX_SAMPLE_BYTES = 4096
_NAMED = 3
_AT_ONCE = 500
"""Sources in one statement: engines limit the number of parameters."""


def add_aside(connection: Connection, insert: Any, entries: Iterable[AsideEntry]) -> None:
    """Count entries into their groups; detail and sample are those of the latest one.

    New groups beyond ASIDE_SOURCE_GROUPS of a source are counted under no device, beyond
    ASIDE_GROUPS in all under no source either, by reason alone. `insert` is the dialect's insert
    into the table.
    """
    came = list(map(_row, entries))
    if not came:
        return
    groups = _Groups(connection, {row["source"] for row in came})
    # Sorted by the groups they go to: two writers then wait for each other, and never in a ring.
    rows = sorted(_together(map(groups.folded, came)), key=_key)
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
    connection.execute(statement, rows)


def _together(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows of one group as one: a flood of bad devices is one, and not a statement each."""
    found: dict[tuple[str, ...], dict[str, Any]] = {}
    for row in rows:
        before = found.get(_key(row))
        if before is None:
            found[_key(row)] = row
            continue
        later = row if row["last_at"] >= before["last_at"] else before
        found[_key(row)] = {
            **later,
            "count": before["count"] + row["count"],
            "first_at": min(before["first_at"], row["first_at"]),
        }
    return list(found.values())


class _Groups:
    """Tells which groups there are, and makes room for no more than there may be."""

    def __init__(self, connection: Connection, sources: Collection[str]) -> None:
        query = select(*(aside.c[k] for k in _KEY))
        self._known: set[tuple[str, ...]] = set()
        for part in _parts(sorted({"", *sources})):
            rows = connection.execute(query.where(aside.c.source.in_(part)))
            self._known.update(map(tuple, rows))
        self._of_source = Counter(source for source, _, _ in self._known)
        self._total: int = connection.execute(select(func.count()).select_from(aside)).scalar_one()

    def folded(self, row: dict[str, Any]) -> dict[str, Any]:
        """The row, in the group it is counted under."""
        if _key(row) in self._known:
            return row
        if row["device"] and self._of_source[row["source"]] >= ASIDE_SOURCE_GROUPS:
            row = {**row, "device": ""}
        if _key(row) not in self._known and self._total >= ASIDE_GROUPS:
            row = {**row, "source": "", "device": ""}
        if _key(row) not in self._known:
            self._known.add(_key(row))
            self._of_source[row["source"]] += 1
            self._total += 1
        return row


def _parts(sources: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(sources), _AT_ONCE):
        yield sources[start : start + _AT_ONCE]


def read_aside(
    connection: Connection, codes: Collection[str], *, samples: bool
) -> list[AsideEntry]:
    """See Ledger.aside."""
    wanted = aside.c if samples else [c for c in aside.c if c.name != "sample"]
    query = select(*wanted).order_by(aside.c.last_at.desc(), *(aside.c[k] for k in _KEY))
    if codes:
        query = query.where(aside.c.code.in_(sorted(codes)))
    return [AsideEntry(**r._mapping) for r in connection.execute(query)]


def remove_aside(connection: Connection, entries: Iterable[AsideEntry]) -> Act:
    """Drop the groups of these entries; gives what to tell of it."""
    rows = sorted(map(_row, entries), key=_key)
    for row in rows:
        connection.execute(delete(aside).where(and_(*(aside.c[k] == row[k] for k in _KEY))))
    before = {"groups": len(rows), "first": [_key(row) for row in rows[:_NAMED]]}
    return Act(action="drop", kind="aside", id="groups", before=before)


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
