"""Verifying the audit trail: the chain in itself, then what it vouches for.

In blocks, so that the memory it takes does not grow with the years. Nothing is trusted that can
be computed: what is stored is read as it is stored, and a value that is no text, no number or no
JSON any more is something found, not a failure.
"""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select, true
from sqlalchemy import exc as sql

from store.ledger.audit import Broken, Head, Verdict
from store.ledger.chain import BEGINNING, FIELDS, entry_digest, row_digest
from store.ledger.sql import tables as t
from store.ledger.sql.audit.append import last_entry
from store.ledger.sql.audit.figures import check_figures
from store.ledger.sql.audit.table import audit_entry
from store.ledger.sql.audit.vouched import REVISION, VOUCHED, Vouched, as_stored

_BLOCK = 2_000
_MOST = 20


@dataclass(slots=True)
class Findings:
    """What is broken; of the first ones what, of all how many."""

    broken: list[Broken] = field(default_factory=list)
    count: int = 0

    def add(self, number: int | None, code: str, **values: object) -> None:
        """One more."""
        self.count += 1
        if len(self.broken) < 50 * _MOST:
            self.broken.append(Broken(number, code, values))

    def first(self) -> tuple[Broken, ...]:
        """By entry; what no entry tells of is last."""
        ordered = sorted(self.broken, key=lambda b: (b.number is None, b.number or 0))
        return tuple(ordered[:_MOST])


@dataclass(slots=True)
class Walked:
    """A chain that was walked: how many entries, of which kinds."""

    entries: int = 0
    kinds: Counter[str] = field(default_factory=Counter)


def verify(connection: Connection, *, deep: bool) -> Verdict:
    """See AuditTrail.verify_audit."""
    found, walked = Findings(), Walked()
    rows = results = 0
    head = None
    try:
        with anything_is_text(connection):
            walk(connection, found, walked)
            for of in VOUCHED:
                rows += check_rows(connection, of, found)
                _check_gone(connection, of, found, walked.kinds[of.kind])
            check_standing(connection, found)
            if deep:
                results = check_figures(connection, found.add)
            last = last_entry(connection)
            if last is not None and not found.count:
                head = Head(chain_of(connection), *last)
    except sql.DatabaseError as error:
        if isinstance(error, sql.OperationalError) or error.connection_invalidated:
            raise
        found.add(None, "unreadable", error=str(error.orig).strip())
    first = found.first()
    return Verdict(walked.entries, rows, results, head, first, found.count - len(first))


def walk(
    connection: Connection,
    found: Findings,
    walked: Walked,
    *,
    after: int = 0,
    until: int | None = None,
) -> None:
    """Check each entry, and that it follows the one before; `after` names the entry to begin
    behind, `until` the last one."""
    columns = [audit_entry.c[name] for name in (*FIELDS, "digest")]
    number, previous = after, BEGINNING
    if after:
        known = select(audit_entry.c.digest).where(audit_entry.c.number == after)
        previous = connection.execute(known).scalar_one_or_none() or ""
    kind = FIELDS.index("kind")
    while True:
        most = _BLOCK if until is None else min(_BLOCK, until - number)
        query = select(*columns).where(audit_entry.c.number > number).order_by(columns[0])
        block = connection.execute(query.limit(most)).all() if most > 0 else []
        for row in block:
            _check_entry(row, number + 1, previous, found)
            number, previous = row[0], row[-1]
            walked.kinds[row[kind]] += 1
        walked.entries += len(block)
        if len(block) < _BLOCK:
            break
    if not walked.entries and not after:
        found.add(1, "empty")
    elif until is not None and number < until:
        found.add(number + 1, "missing_entry")


def _check_entry(row: Any, number: int, previous: str, found: Findings) -> None:
    if row[0] != number:
        found.add(number, "missing_entry")
    elif row[-2] != previous:
        found.add(number, "link")
    try:
        digest = entry_digest(dict(zip(FIELDS, row, strict=False)))
    except (TypeError, ValueError):  # not a text any more
        digest = ""
    if digest != row[-1]:
        found.add(row[0], "changed")


def check_rows(
    connection: Connection, of: Vouched, found: Findings, where: ColumnElement[bool] | None = None
) -> int:
    """Check that an entry tells of each row, and of this one. Gives how many rows there are."""
    entry = audit_entry.c
    telling = and_(entry.kind == of.kind, entry.object == of.id_column())
    query = (
        select(*as_stored(connection, of.table, of.columns), entry.number, entry.after)
        .select_from(of.table.outerjoin(audit_entry, telling))
        .where(true() if where is None else where)
        .execution_options(yield_per=_BLOCK)
    )
    rows = 0
    for row in connection.execute(query):
        *values, number, after = row
        rows += 1
        if number is None:
            found.add(None, "untold", kind=of.kind, object=_name(of, values))
        elif row_digest(values) != told_value(after, "row"):
            found.add(number, "row_changed", kind=of.kind, object=_name(of, values))
    return rows


def _name(of: Vouched, values: list[Any]) -> str:
    return of.id_of([values[of.columns.index(k)] for k in of.key])


def told_value(after: Any, name: str) -> Any:
    """A value of what an entry says of a row; None where it says nothing that can be read."""
    try:
        found = json.loads(after)
    except (TypeError, ValueError):
        return None
    return found.get(name) if isinstance(found, dict) else None


def _check_gone(connection: Connection, of: Vouched, found: Findings, told: int) -> None:
    """Entries of rows that are not there, and rows that are told of twice."""
    there = connection.execute(select(func.count()).select_from(of.table)).scalar_one()
    if there == told and not found.count:
        return
    entry = audit_entry.c
    ids = select(of.id_column())
    gone = select(entry.number, entry.object).where(entry.kind == of.kind, entry.object.not_in(ids))
    for number, named in connection.execute(gone.order_by(entry.number).limit(_MOST)):
        found.add(number, "row_gone", kind=of.kind, object=named)
    twice = (
        select(func.max(entry.number), entry.object)
        .where(entry.kind == of.kind)
        .group_by(entry.object)
        .having(func.count() > 1)
    )
    for number, named in connection.execute(twice.limit(_MOST)):
        found.add(number, "told_twice", kind=of.kind, object=named)


def check_standing(
    connection: Connection, found: Findings, where: ColumnElement[bool] | None = None
) -> None:
    """Check that the results that revisions name are those that were signed, and that each month
    shows its last revision."""
    wanted = true() if where is None else where
    r, x, m = t.revision.c, t.result.c, t.month_state.c
    signed = t.revision.outerjoin(t.result, x.id == r.result_id).outerjoin(
        t.month_state, and_(m.institution == r.institution, m.month == r.month)
    )
    told = and_(audit_entry.c.kind == REVISION.kind, audit_entry.c.object == REVISION.id_column())
    number = select(audit_entry.c.number).where(told).limit(1).scalar_subquery()
    other_result = or_(
        x.id.is_(None), x.digest != r.digest, x.institution != r.institution, x.month != r.month
    )
    not_shown = or_(
        m.revision.is_(None),
        m.revision < r.number,
        and_(m.revision == r.number, func.coalesce(m.standing_id, -1) != r.result_id),
    )
    for code, wrong in (("result_other", other_result), ("not_shown", not_shown)):
        query = select(number, REVISION.id_column()).select_from(signed).where(wanted, wrong)
        for entry, named in connection.execute(query.limit(_MOST)):
            found.add(entry, code, object=named)
    # Months that show something signed of which there is no revision.
    named = and_(r.institution == m.institution, r.month == m.month, r.number == m.revision)
    unsigned = (
        select(m.institution, m.month)
        .select_from(t.month_state.outerjoin(t.revision, named))
        .where(or_(m.revision > 0, m.standing_id.is_not(None)), r.result_id.is_(None))
    )
    if where is None:
        for institution, month in connection.execute(unsigned.limit(_MOST)):
            found.add(None, "unsigned", object=f"{institution}/{month}")


def chain_of(connection: Connection) -> str:
    """See AuditTrail.audit_chain."""
    first = select(audit_entry.c.after).where(audit_entry.c.number == 1)
    return str(told_value(connection.execute(first).scalar_one_or_none(), "chain") or "")


@contextmanager
def anything_is_text(connection: Connection) -> Iterator[None]:
    """In the block, bytes that are no UTF-8 are read all the same, from a file of SQLite; a server
    never keeps such."""
    if connection.dialect.name != "sqlite":
        yield
        return
    raw: Any = connection.connection.dbapi_connection
    raw.text_factory = lambda b: b.decode(errors="surrogateescape")
    try:
        yield
    finally:
        raw.text_factory = str
