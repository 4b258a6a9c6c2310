"""The deep part of a verification: the figures of every signed result, to the last bit."""

import json
from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, select, true
from sqlalchemy import exc as sql

from store.ledger.canonical import digest
from store.ledger.sql import tables as t
from store.ledger.sql.audit.table import audit_entry
from store.ledger.sql.audit.vouched import REVISION, result_digest
from store.ledger.sql.results import build_results

_AT_ONCE = 200


def check_figures(
    connection: Connection, add: Callable[..., None], where: ColumnElement[bool] | None = None
) -> int:
    """Compute the digests of signed results anew, by what is stored and by what was signed; gives
    of how many. Those closed before the chain are known by what was signed alone: the figures to
    ten significant digits."""
    r, entry = t.revision.c, audit_entry.c
    telling = and_(entry.kind == REVISION.kind, entry.object == REVISION.id_column())
    query = (
        select(r.result_id, r.digest, REVISION.id_column().label("object"))
        .add_columns(entry.number.label("entry"), entry.after)
        .select_from(t.revision.outerjoin(audit_entry, telling))
        .where(true() if where is None else where)
        .order_by(r.result_id)
    )
    count, last = 0, -1
    while True:
        block = connection.execute(query.where(r.result_id > last).limit(_AT_ONCE)).all()
        for row in block:
            code = _wrong(connection, row)
            if code:
                add(row.entry, code, object=row.object)
        count += len(block)
        if len(block) < _AT_ONCE:
            return count
        last = block[-1].result_id


def _wrong(connection: Connection, row: Row[Any]) -> str:
    """What is wrong with a signed result, as a code; empty: nothing."""
    try:
        stored = json.loads(row.after or "{}").get("stored")
        if stored is not None and stored != result_digest(connection, row.result_id):
            return "figures_changed"
        of = select(t.result).where(t.result.c.id == row.result_id)
        built = build_results(connection, of)
        return "" if digest(built[row.result_id]) == row.digest else "signed_otherwise"
    except sql.OperationalError:
        raise
    except Exception:  # whatever a changed byte makes of a value: it cannot be read any more
        return "result_unreadable"
