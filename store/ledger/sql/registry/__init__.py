"""The registry's records in the database, and their version."""

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Engine, Table, select

from domain.audit import LOCAL, Act, Actor
from domain.errors import ChangedMeanwhileError
from domain.places import DEVICE_TYPES, Building, Contract, Institution
from domain.registry import Registry
from store.ledger.lengths import require_records
from store.ledger.records import from_plain, split_columns
from store.ledger.sql import tables as t
from store.ledger.sql.audit.append import append
from store.ledger.sql.audit.records import record_acts
from store.ledger.sql.engine import insert_into, reading, writing


class SqlRegistry:
    """See Ledger. A part of SqlLedger."""

    _engine: Engine

    def registry(self) -> Registry:
        """See Ledger.registry. Records come sorted by id."""
        with reading(self._engine) as connection:
            devices = _rows(connection, t.device)
            return Registry(
                tuple(from_plain(Institution, r) for r in _rows(connection, t.institution)),
                tuple(from_plain(Building, r) for r in _rows(connection, t.building)),
                tuple(from_plain(DEVICE_TYPES[r["device_class"]], r) for r in devices),
                tuple(from_plain(Contract, r) for r in _rows(connection, t.contract)),
            )

    def registry_version(self) -> str:
        """See Ledger.registry_version."""
        with reading(self._engine) as connection:
            query = select(t.registry_version.c.version).where(t.registry_version.c.id == 1)
            return str(connection.execute(query).scalar_one())

    def save_registry(
        self, registry: Registry, *, actor: Actor = LOCAL, if_version: str | None = None
    ) -> None:
        """See Ledger.save_registry."""
        for records in (
            registry.institutions,
            registry.buildings,
            registry.devices,
            registry.contracts,
        ):
            require_records(records)
        with writing(self._engine) as connection:
            # First: others who save wait, so that what is told of a record was its last state.
            _next_version(connection, if_version)
            devices = _record_rows(t.device, registry.devices)
            for row, device in zip(devices, registry.devices, strict=True):
                row["device_class"] = device.device_class
            acts: list[Act] = []
            for table, rows in (
                (t.institution, _record_rows(t.institution, registry.institutions)),
                (t.building, _record_rows(t.building, registry.buildings)),
                (t.device, devices),
                (t.contract, _record_rows(t.contract, registry.contracts)),
            ):
                acts += record_acts(connection, table, rows)
                _upsert(connection, table, rows)
            append(connection, actor, acts)


def _next_version(connection: Connection, if_version: str | None) -> None:
    """Another version of the registry, of that one only if it is given."""
    update = t.registry_version.update().values(version=uuid4().hex)
    if if_version is not None:
        update = update.where(t.registry_version.c.version == if_version)
    if connection.execute(update).rowcount != 1:
        raise ChangedMeanwhileError(
            "somebody changed the registry meanwhile, and nothing was imported: look at what would "
            "change now (civicmeter registry import FILE --dry-run), then import it again"
        )


def _upsert(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    if not rows:
        return
    insert = insert_into(connection, table)
    new = {c.name: insert.excluded[c.name] for c in table.c if not c.primary_key}
    connection.execute(insert.on_conflict_do_update(index_elements=["id"], set_=new), rows)


def _record_rows(table: Table, records: Sequence[Any]) -> list[dict[str, Any]]:
    columns = [c.name for c in table.c]
    return [split_columns(r, columns) for r in records]


def _rows(connection: Connection, table: Table) -> list[dict[str, Any]]:
    """The rows of a registry table, their details beside the other fields, sorted by id."""
    rows = [dict(r._mapping) for r in connection.execute(select(table))]
    return sorted(({**r, **r.pop("details")} for r in rows), key=lambda r: str(r["id"]))
