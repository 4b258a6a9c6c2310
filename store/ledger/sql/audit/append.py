"""Appending to the audit trail, in the transaction of the change it tells of."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, func, select

from domain.audit import Act, Actor
from store.ledger.chain import BEGINNING, at_text, entry_digest, fields_text
from store.ledger.lengths import require_entry
from store.ledger.sql.audit.table import audit_entry

_LOCK = 0x63_6D_61_75
"""Any number all our processes agree on."""


def append(connection: Connection, actor: Actor, acts: Iterable[Act]) -> None:
    """Append what `actor` did, as the LAST statement of the transaction that does it.

    Whatever people answer for is told of here: months closed and restated, corrections,
    adjustments and decisions, models, the registry, tables in use, what was dropped; and so
    statements, signatures, waivers and keys. To tell of something new::

        append(connection, actor, [told(connection, STATEMENT, (contract, month, 1), "issue",
                                        institution=…, contract=…, after={"payment_cny": "12.30"})])

    where STATEMENT is a line in `audit.vouched.VOUCHED`, for rows that are only ever added: then
    a verification finds one that was changed, dropped, or slipped in. What has no such row (a key
    revoked, a setting changed) is told of by an `Act` alone, with `before` and `after`. An action
    has its sentences in `config/texts/audit.toml`.

    Last, because on PostgreSQL who appends makes others who append wait until the transaction
    ends: for a moment then, and never in a ring. On SQLite the file's one writer has waited
    already.
    Raises ConfigError for a text that is too long.
    """
    append_each(connection, actor, [(actor.word, act) for act in acts])


def append_each(connection: Connection, actor: Actor, acts: Iterable[tuple[str, Act]]) -> None:
    """As `append`, each act with the name on whose word it was done."""
    acts = list(acts)
    if not acts:
        return
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))
    at = at_text(datetime.now(UTC))
    append_at(connection, [(at, actor.on_word_of(word), act) for word, act in acts])


def append_at(connection: Connection, told: Iterable[tuple[str, Actor, Act]]) -> None:
    """Append with instants given (see `at_text`): for what was there before the chain."""
    number, previous = last_entry(connection) or (0, BEGINNING)
    rows: list[dict[str, Any]] = []
    for at, actor, act in told:
        require_entry(actor, act)
        number += 1
        row: dict[str, Any] = {
            "number": number,
            "at": at,
            "principal": actor.principal,
            "person": actor.person,
            "word": actor.word,
            "action": act.action,
            "kind": act.kind,
            "object": act.id,
            "institution": act.institution,
            "contract": act.contract,
            "before": fields_text(act.before),
            "after": fields_text(act.after),
            "reason": act.reason,
            "previous": previous,
        }
        previous = row["digest"] = entry_digest(row)
        rows.append(row)
    if rows:
        connection.execute(audit_entry.insert(), rows)


def last_entry(connection: Connection) -> tuple[int, str] | None:
    """Number and digest of where the chain ends."""
    end = select(audit_entry.c.number, audit_entry.c.digest).order_by(audit_entry.c.number.desc())
    found = connection.execute(end.limit(1)).one_or_none()
    return None if found is None else (found.number, found.digest)
