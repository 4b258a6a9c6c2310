"""Writing, reading and deleting whole results in the ledger's tables."""

from collections import defaultdict
from collections.abc import Callable, Collection
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    Table,
    and_,
    bindparam,
    delete,
    func,
    select,
    true,
)

from domain.calendar import Month
from domain.figures import MonthResult
from store.ledger.port import MonthState, MonthStatus
from store.ledger.sql import tables as t
from store.ledger.sql.result_rows import (
    day_of,
    day_row,
    figure_of,
    figure_row,
    findings_of,
    findings_plain,
)

STANDING_ID = func.coalesce(t.month_state.c.standing_id, t.month_state.c.computed_id)
"""The result that stands for a month: the signed one, else the computed one."""


def is_month(table: Table, institution: str, month: Month | str) -> ColumnElement[bool]:
    return and_(table.c.institution == institution, table.c.month == str(month))


def months_between(
    institution: str | None, start: Month | None, end: Month | None
) -> ColumnElement[bool]:
    state = t.month_state.c
    return and_(
        true(),
        *([state.institution == institution] if institution is not None else []),
        *([state.month >= str(start)] if start is not None else []),
        *([state.month < str(end)] if end is not None else []),
    )


@cache
def _months_bound(institution: bool, start: bool, end: bool) -> ColumnElement[bool]:
    state = t.month_state.c
    return and_(
        true(),
        *([state.institution == bindparam("institution")] if institution else []),
        *([state.month >= bindparam("start")] if start else []),
        *([state.month < bindparam("end")] if end else []),
    )


@cache
def _bound(
    query: Callable[[ColumnElement[bool]], Select[Any]], institution: bool, start: bool, end: bool
) -> Select[Any]:
    return query(_months_bound(institution, start, end))


def asked_again(
    query: Callable[[ColumnElement[bool]], Select[Any]],
    institution: str | None,
    start: Month | None,
    end: Month | None,
) -> tuple[Select[Any], dict[str, str]]:
    """The statement of `query`, a function of the module, for these months, and its parameters. It
    is composed once: that takes longer than asking SQLite for an institution's year."""
    statement = _bound(query, institution is not None, start is not None, end is not None)
    named = {"institution": institution, "start": start, "end": end}
    return statement, {k: str(v) for k, v in named.items() if v is not None}


def statuses_query(wanted: ColumnElement[bool]) -> Select[Any]:
    """Rows for `status_of`."""
    standing = t.month_state.c.standing_id
    return (
        select(t.month_state, t.result.c.digest, t.revision.c.closed_at)
        .join(t.result, t.result.c.id == STANDING_ID)
        .outerjoin(t.revision, t.revision.c.result_id == standing)
        .where(wanted)
    )


def digest_of(connection: Connection, result_id: int | None) -> str | None:
    return connection.execute(select(t.result.c.digest).where(t.result.c.id == result_id)).scalar()


def insert_result(connection: Connection, result: MonthResult, new_digest: str) -> int:
    inserted = connection.execute(
        t.result.insert()
        .values(
            institution=result.institution,
            month=str(result.month),
            digest=new_digest,
            findings=findings_plain(result.findings),
            models=list(result.models),
        )
        .returning(t.result.c.id)
    )
    result_id: int = inserted.scalar_one()
    figures = [figure_row(result_id, i, f) for i, f in enumerate(result.figures)]
    days = [day_row(result_id, i, d) for i, d in enumerate(result.days)]
    for table, rows in ((t.figure, figures), (t.day_value, days)):
        if rows:
            connection.execute(table.insert(), rows)
    return result_id


def delete_result(connection: Connection, result_id: int) -> None:
    """Delete a result, and the views of it if no other of its month is equal."""
    gone = connection.execute(select(t.result).where(t.result.c.id == result_id)).one()
    for column in (t.figure.c.result_id, t.day_value.c.result_id, t.result.c.id):
        connection.execute(delete(column.table).where(column == result_id))
    alike = and_(is_month(t.result, gone.institution, gone.month), t.result.c.digest == gone.digest)
    if connection.execute(select(t.result.c.id).where(alike)).first() is None:
        connection.execute(delete(t.shown).where(t.shown.c.digest == gone.digest))


def read_results(
    connection: Connection,
    wanted: ColumnElement[bool],
    names: Collection[str] | None = None,
    days: bool = True,
    result_id: ColumnElement[int] = STANDING_ID,
) -> dict[int, MonthResult]:
    """The results by their id which the wanted months name."""
    months = select(t.result).join(t.month_state, result_id == t.result.c.id).where(wanted)
    return build_results(connection, months, names, days)


def count_values(
    connection: Connection,
    wanted: ColumnElement[bool],
    names: Collection[str] | None,
    days: bool,
) -> int:
    """The figures, and with `days` the day values, of the wanted months."""
    ids = select(STANDING_ID).where(wanted).scalar_subquery()
    counted = 0
    for table in (t.figure, t.day_value) if days else (t.figure,):
        query = select(func.count()).select_from(table).where(table.c.result_id.in_(ids))
        if names is not None:
            query = query.where(table.c.name.in_(sorted(names)))
        counted += connection.execute(query).scalar_one()
    return counted


def build_results(
    connection: Connection, months: Any, names: Collection[str] | None = None, days: bool = True
) -> dict[int, MonthResult]:
    results = connection.execute(months).all()
    ids = months.with_only_columns(t.result.c.id).scalar_subquery()
    figures = defaultdict(list)
    for row in connection.execute(_parts(t.figure, ids, names)):
        figures[row.result_id].append(figure_of(row))
    by_day = defaultdict(list)
    if days:
        for row in connection.execute(_parts(t.day_value, ids, names)):
            by_day[row.result_id].append(day_of(row))
    return {
        r.id: MonthResult(
            institution=r.institution,
            month=Month.parse(r.month),
            figures=tuple(figures[r.id]),
            days=tuple(by_day[r.id]),
            findings=findings_of(r.findings),
            models=tuple(r.models),
        )
        for r in results
    }


def _parts(table: Table, ids: Any, names: Collection[str] | None) -> Any:
    query = select(table).where(table.c.result_id.in_(ids))
    if names is not None:
        query = query.where(table.c.name.in_(sorted(names)))
    return query.order_by(table.c.result_id, table.c.position)


def state_of(standing_id: int | None, computed_id: int | None) -> MonthState:
    if standing_id is None:
        return "open"
    return "closed" if computed_id is None else "restatement_pending"


def status_of(row: Row[Any]) -> MonthStatus:
    return MonthStatus(
        institution=row.institution,
        month=Month.parse(row.month),
        state=state_of(row.standing_id, row.computed_id),
        revision=row.revision,
        digest=row.digest,
        computed_at=row.computed_at,
        closed_at=getattr(row, "closed_at", None),
    )
