"""The ledger's tables for those who ask again and again; see `store.ledger.answers`."""

import zlib
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from typing import Any, Protocol
from uuid import uuid4

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Row,
    Select,
    Text,
    and_,
    bindparam,
    case,
    cast,
    func,
    select,
)

from domain.calendar import Month
from domain.errors import StoreUnavailableError
from domain.figures import MonthResult
from store.ledger.answers import LastMonth, LatestShown, MonthCounts, Value, View
from store.ledger.port import MonthStatus
from store.ledger.sql import tables as t
from store.ledger.sql.engine import asking, insert_into, reading, writing
from store.ledger.sql.results import (
    STANDING_ID,
    asked_again,
    build_results,
    months_between,
    status_of,
)

_ALL = ""
"""The row of `results_version` that stands for every institution."""
_MADE_TOGETHER = 200
_READ_TOGETHER = 500
_OF_ONE = t.results_version.c.institution != _ALL
_VERSION = select(t.results_version.c.version).where(~_OF_ONE)
_VERSIONS = select(t.results_version.c.institution, t.results_version.c.version)
_VERSIONS_AMONG = _VERSIONS.where(
    t.results_version.c.institution.in_(bindparam("among", expanding=True))
)


def _shown_query(wanted: ColumnElement[bool]) -> Select[Any]:
    """Of the months wanted, with what is kept of the view, or null."""
    state, kept = t.month_state, t.shown.c
    is_view = and_(
        kept.digest == t.result.c.digest,
        kept.view == bindparam("view"),
        kept.shape == bindparam("shape"),
    )
    return (
        select(state, t.result.c.id, t.result.c.digest, kept.body)
        .join(t.result, t.result.c.id == STANDING_ID)
        .outerjoin(t.shown, is_view)
        .where(wanted)
        .order_by(state.c.institution, state.c.month)
    )


def _count_query(wanted: ColumnElement[bool]) -> Select[Any]:
    return select(func.count()).select_from(t.month_state).where(wanted)


class _Has(Protocol):
    _engine: Engine


class SqlAnswers:
    """See Answers."""

    def results_version(self: _Has) -> str:
        """See Answers.results_version."""
        with asking(self._engine) as connection:
            return connection.execute(_VERSION).scalar() or ""

    def shown(
        self: _Has,
        view: View,
        institution: str | None = None,
        start: Month | None = None,
        end: Month | None = None,
    ) -> list[tuple[MonthStatus, bytes]]:
        """See Answers.shown."""
        query, months = asked_again(_shown_query, institution, start, end)
        values = {**months, "view": view.name, "shape": view.shape}
        with asking(self._engine) as connection:
            rows = connection.execute(query, values).all()
        if all(r.body is not None for r in rows):
            return [(status_of(r), zlib.decompress(r.body)) for r in rows]
        # Once more, and what is missing is made of the same state.
        with reading(self._engine) as connection:
            rows = connection.execute(query, values).all()
            made = _made(connection, view, [r for r in rows if r.body is None])
        _keep_if_possible(self._engine, view, made)
        return [(status_of(r), made.get(r.digest) or zlib.decompress(r.body)) for r in rows]

    def values(
        self: _Has,
        names: Collection[str],
        start: Month | None = None,
        end: Month | None = None,
        *,
        institutions: Collection[str] | None = None,
        subject: str | None = None,
        unless: str = "",
    ) -> list[Value]:
        """See Answers.values."""
        state, f = t.month_state.c, t.figure.c
        query = (
            select(
                state.institution,
                state.month,
                state.revision,
                f.name,
                f.subject,
                f.value,
                f.share_measured,
                f.share_estimated,
                f.share_missing,
            )
            .join_from(t.month_state, t.figure, f.result_id == STANDING_ID)
            .where(months_between(None, start, end), f.name.in_(sorted(names)))
        )
        if institutions is not None:
            query = query.where(state.institution.in_(sorted(institutions)))
        if subject is not None:
            query = query.where(f.subject == subject)
        if unless:
            found = cast(t.result.c.findings, Text).contains(f'"{unless}"', autoescape=True)
            query = query.join(t.result, and_(t.result.c.id == STANDING_ID, ~found))
        # All at once: fetched row by row a city's month takes half as long again.
        with asking(self._engine) as connection:
            return list(map(Value._make, connection.execute(query).all()))

    def last_months(
        self: _Has,
        institutions: Collection[str],
        wholes: Collection[str],
        parts: Collection[str],
        missing_max: float,
    ) -> list[LastMonth]:
        """See Answers.last_months."""
        state, f = t.month_state.c, t.figure.c
        closed = state.revision > 0
        query = (
            select(state.institution, closed.label("closed"), func.max(state.month).label("month"))
            .where(state.institution.in_(sorted(institutions)))
            .group_by(state.institution, closed)
        )
        if wholes or parts:
            about = and_(f.name.in_(sorted(wholes)), f.subject == "") | f.name.in_(sorted(parts))
            known = and_(f.value.is_not(None), f.share_missing <= missing_max)
            query = query.join_from(t.month_state, t.figure, f.result_id == STANDING_ID)
            query = query.where(about, known)
        with reading(self._engine) as connection:
            rows = connection.execute(query).all()
        return [LastMonth(r.institution, bool(r.closed), Month.parse(r.month)) for r in rows]

    def months_known(self: _Has, institution: str | None = None) -> list[Month]:
        """See Answers.months_known."""
        month = t.month_state.c.month
        query = select(month).where(months_between(institution, None, None)).distinct()
        with reading(self._engine) as connection:
            return [Month.parse(m) for m in connection.execute(query.order_by(month)).scalars()]

    def count_months(
        self: _Has,
        institution: str | None = None,
        start: Month | None = None,
        end: Month | None = None,
    ) -> int:
        """See Answers.count_months."""
        query, values = asked_again(_count_query, institution, start, end)
        with asking(self._engine) as connection:
            counted: int = connection.execute(query, values).scalar_one()
            return counted

    def month_counts(self: _Has) -> list[MonthCounts]:
        """See Answers.month_counts."""
        state = t.month_state.c
        waits = and_(state.standing_id.is_not(None), state.computed_id.is_not(None))
        query = (
            select(
                state.institution,
                func.count(),
                func.sum(case((state.standing_id.is_not(None), 1), else_=0)),
                func.sum(case((waits, 1), else_=0)),
                func.max(state.month),
            )
            .group_by(state.institution)
            .order_by(state.institution)
        )
        with asking(self._engine) as connection:
            return list(map(MonthCounts._make, connection.execute(query).all()))

    def results_versions(self: _Has, among: Collection[str] | None = None) -> dict[str, str]:
        """See Answers.results_versions."""
        with asking(self._engine) as connection:
            if among is None:
                rows = connection.execute(_VERSIONS.where(_OF_ONE))
            else:
                rows = connection.execute(_VERSIONS_AMONG, {"among": sorted(among)})
            return {row.institution: row.version for row in rows}

    def latest_shown(
        self: _Has, view: View, institutions: Collection[str] | None = None
    ) -> list[LatestShown]:
        """See Answers.latest_shown."""
        if institutions is not None and len(institutions) > _READ_TOGETHER:
            found = SqlAnswers.latest_shown(self, view)
            return [f for f in found if f.institution in institutions]
        state = t.month_state.c
        last = select(state.institution, func.max(state.month).label("month"))
        if institutions is not None:
            last = last.where(state.institution.in_(sorted(institutions)))
        last_of = last.group_by(state.institution).subquery()
        is_last = and_(state.institution == last_of.c.institution, state.month == last_of.c.month)
        query: Select[Any] = (
            select(state.institution, state.month, t.result.c.id, t.result.c.digest)
            .join_from(last_of, t.month_state, is_last)
            .join(t.result, t.result.c.id == STANDING_ID)
        )
        with reading(self._engine) as connection:
            rows = connection.execute(query).all()
            bodies = _kept(connection, view, [r.digest for r in rows])
            made = _made(connection, view, [r for r in rows if r.digest not in bodies])
        _keep_if_possible(self._engine, view, made)
        bodies |= made
        return [LatestShown(r.institution, r.month, bodies[r.digest]) for r in rows]


def _kept(connection: Connection, view: View, digests: Sequence[str]) -> dict[str, bytes]:
    """The views that are kept of these results, by digest."""
    kept = t.shown.c
    found: dict[str, bytes] = {}
    for k in range(0, len(digests), _READ_TOGETHER):
        those = kept.digest.in_(digests[k : k + _READ_TOGETHER])
        query = select(kept.digest, kept.body).where(
            those, kept.view == view.name, kept.shape == view.shape
        )
        found |= {digest: zlib.decompress(body) for digest, body in connection.execute(query)}
    return found


def _made(connection: Connection, view: View, missing: Sequence[Row[Any]]) -> dict[str, bytes]:
    """The views of results that lack one, by digest: read as they are in this transaction."""
    found: dict[str, bytes] = {}
    for k in range(0, len(missing), _MADE_TOGETHER):
        digests = {r.id: r.digest for r in missing[k : k + _MADE_TOGETHER]}
        those = select(t.result).where(t.result.c.id.in_(digests))
        results = build_results(connection, those, days=False)
        found |= {digests[number]: view.make(result) for number, result in results.items()}
    return found


def _keep_if_possible(engine: Engine, view: View, made: Mapping[str, bytes]) -> None:
    """Whoever asks has the answer, also while the ledger takes nothing."""
    if made:
        with suppress(StoreUnavailableError), writing(engine) as connection:
            _keep(connection, view, made)


def _keep(connection: Connection, view: View, made: Mapping[str, bytes]) -> None:
    rows: list[dict[str, Any]] = [
        {"digest": digest, "view": view.name, "shape": view.shape, "body": zlib.compress(body, 1)}
        for digest, body in made.items()
    ]
    insert = insert_into(connection, t.shown)
    new = {name: insert.excluded[name] for name in ("shape", "body")}
    insert = insert.on_conflict_do_update(
        index_elements=["digest", "view"], set_=new, where=t.shown.c.shape != insert.excluded.shape
    )
    connection.execute(insert, rows)


def keep_views(
    connection: Connection, views: Sequence[View], result: MonthResult, digest: str
) -> None:
    """What is asked of a result that is kept now."""
    for view in views:
        _keep(connection, view, {digest: view.make(result)})


def say_changed(connection: Connection, institution: str) -> None:
    """Give the institution's results another version, and those of all. The last thing of a
    transaction: on an engine of many writers, others wait for the row of all."""
    insert = insert_into(connection, t.results_version)
    insert = insert.on_conflict_do_update(
        index_elements=["institution"], set_={"version": insert.excluded.version}
    )
    version = uuid4().hex
    for name in (institution, _ALL):
        connection.execute(insert, [{"institution": name, "version": version}])
