"""The audit trail asked and appended to from outside the ledger's own changes."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Engine, Row, and_, false, func, or_, select, true

from domain.access import Grant
from domain.audit import Act, Actor, AuditEntry
from domain.instants import parse_instant
from store.ledger.audit import Verdict, Wanted
from store.ledger.chain import at_text
from store.ledger.sql.audit.append import append
from store.ledger.sql.audit.table import audit_entry
from store.ledger.sql.audit.verify import chain_of, verify
from store.ledger.sql.engine import reading, writing
from store.ledger.sql.tables import registry_version


class SqlAuditTrail:
    """See AuditTrail. A part of SqlLedger."""

    _engine: Engine

    def audit(self, actor: Actor, acts: Iterable[Act]) -> None:
        """See AuditTrail.audit."""
        with writing(self._engine) as connection:
            append(connection, actor, acts)

    def audit_tables(self, actor: Actor, digests: Mapping[str, str]) -> int:
        """See AuditTrail.audit_tables."""
        c = audit_entry.c
        newest = select(func.max(c.number)).where(c.kind == _TABLE).group_by(c.object)
        query = select(c.object, c.after).where(c.number.in_(newest))
        with reading(self._engine) as connection:
            if not _differing(connection.execute(query).all(), digests):
                return 0  # as at nearly every start: nobody waits for a writer
        with writing(self._engine) as connection:
            # Of several that start at once, one appends.
            connection.execute(select(registry_version).with_for_update())
            acts = _differing(connection.execute(query).all(), digests)
            append(connection, actor, acts)
        return len(acts)

    def audit_entries(
        self, wanted: Wanted, *, limit: int, offset: int = 0, newest_first: bool = True
    ) -> list[AuditEntry]:
        """See AuditTrail.audit_entries."""
        number = audit_entry.c.number
        order = number.desc() if newest_first else number
        query = select(audit_entry).where(_wanted(wanted)).order_by(order)
        with reading(self._engine) as connection:
            return list(map(_entry, connection.execute(query.limit(limit).offset(offset))))

    def count_audit_entries(self, wanted: Wanted) -> int:
        """See AuditTrail.count_audit_entries."""
        query = select(func.count()).select_from(audit_entry).where(_wanted(wanted))
        with reading(self._engine) as connection:
            return int(connection.execute(query).scalar_one())

    def audit_chain(self) -> str:
        """See AuditTrail.audit_chain."""
        with reading(self._engine) as connection:
            return chain_of(connection)

    def audit_digest(self, number: int) -> str | None:
        """See AuditTrail.audit_digest."""
        query = select(audit_entry.c.digest).where(audit_entry.c.number == number)
        with reading(self._engine) as connection:
            return connection.execute(query).scalar_one_or_none()

    def verify_audit(self, *, deep: bool = False) -> Verdict:
        """See AuditTrail.verify_audit."""
        with reading(self._engine) as connection:
            return verify(connection, deep=deep)


_TABLE = "table"


def _differing(rows: Iterable[Any], digests: Mapping[str, str]) -> list[Act]:
    """An act for each table that is in use and was not told of, or has another digest."""
    last = {name: json.loads(after or "{}").get("sha256") for name, after in rows}
    return [
        Act(
            action="use",
            kind=_TABLE,
            id=name,
            before={"sha256": last[name]} if name in last else None,
            after={"sha256": digest},
        )
        for name, digest in sorted(digests.items())
        if last.get(name) != digest
    ]


def _wanted(wanted: Wanted) -> ColumnElement[bool]:
    c = audit_entry.c
    asked: list[ColumnElement[bool]] = [true()]
    for column, values in (
        (c.institution, wanted.institutions),
        (c.contract, wanted.contracts),
        (c.kind, wanted.kinds),
        (c.action, wanted.actions),
    ):
        if values:
            asked.append(column.in_(sorted(values)))
    if wanted.people:
        names = sorted(wanted.people)
        asked.append(or_(*(column.in_(names) for column in (c.principal, c.person, c.word))))
    if wanted.start is not None:
        asked.append(c.at >= at_text(wanted.start))
    if wanted.end is not None:
        asked.append(c.at < at_text(wanted.end))
    if wanted.below is not None:
        asked.append(c.number < wanted.below)
    if wanted.within is not None:
        asked.append(or_(false(), *map(_within, wanted.within)))
    return and_(*asked)


def _within(grant: Grant) -> ColumnElement[bool]:
    """As `Grant.covers`: what is narrowed to some devices covers nothing that is told here."""
    if grant.devices is not None:
        return false()
    narrowed = (
        (audit_entry.c.institution, grant.institutions),
        (audit_entry.c.contract, grant.contracts),
    )
    inside = [column.in_(sorted(ids - {""})) for column, ids in narrowed if ids is not None]
    return and_(true(), *inside)


def _entry(row: Row[Any]) -> AuditEntry:
    return AuditEntry(
        number=row.number,
        at=parse_instant(row.at),
        actor=Actor(row.principal, row.person, row.word),
        act=Act(
            action=row.action,
            kind=row.kind,
            id=row.object,
            institution=row.institution,
            contract=row.contract,
            before=None if row.before is None else json.loads(row.before),
            after=None if row.after is None else json.loads(row.after),
            reason=row.reason,
        ),
        previous=row.previous,
        digest=row.digest,
    )
