"""What a registry that is saved really changes: an act for every record, by field."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table, select

from domain.audit import Act
from store.ledger.records import to_plain
from store.ledger.sql.tables import contract, institution

_AT_ONCE = 500
"""Ids in one statement: engines limit the number of parameters."""


def record_acts(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> list[Act]:
    """The acts of rows about to be written over those of the same id; none for equal ones."""
    before = _plain_by_id(connection, table, [row["id"] for row in rows])
    return [act for row in rows if (act := _act(table, before.get(row["id"]), _plain(row)))]


def _act(table: Table, before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> Act | None:
    where = after["id"] if table is institution else after["institution"]
    of = after["id"] if table is contract else ""
    about: dict[str, Any] = {
        "kind": table.name,
        "id": after["id"],
        "institution": where,
        "contract": of,
    }
    if before is None:
        return Act(action="add", after=after, **about)
    # A field that an older program did not write had its default: it is told when it differs.
    changed = [name for name in after if before.get(name) != after[name]]
    if not changed:
        return None
    was = {name: before.get(name) for name in changed}
    return Act(action="change", before=was, after={name: after[name] for name in changed}, **about)


def _plain_by_id(
    connection: Connection, table: Table, ids: Sequence[str]
) -> dict[str, dict[str, Any]]:
    found = {}
    for part in _parts(ids):
        for row in connection.execute(select(table).where(table.c.id.in_(part))):
            found[row.id] = _plain(dict(row._mapping))
    return found


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of a registry table as plain JSON values, its details beside the other fields."""
    fields = {**row, **row["details"]}
    fields.pop("details")
    return {name: to_plain(value) for name, value in fields.items()}


def _parts(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), _AT_ONCE):
        yield ids[start : start + _AT_ONCE]
