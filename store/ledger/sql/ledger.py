"""The ledger on SQLAlchemy: SQLite for one machine, PostgreSQL for many.

A result is written once and then either replaced as a whole (open month, waiting restatement)
or named by a revision; from then on triggers in the database refuse to change its rows.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from sqlalchemy import Connection, Row, and_, select

from domain.audit import LOCAL, Actor
from domain.calendar import Month
from domain.figures import MonthResult
from store.ledger.answers import View
from store.ledger.canonical import digest
from store.ledger.port import AsideEntry, ModelRecord, MonthState, MonthStatus
from store.ledger.sql import tables as t
from store.ledger.sql.adjustments import SqlAdjustments
from store.ledger.sql.answers import SqlAnswers, keep_views, say_changed
from store.ledger.sql.aside import add_aside, read_aside, remove_aside
from store.ledger.sql.audit.append import append
from store.ledger.sql.audit.trail import SqlAuditTrail
from store.ledger.sql.audit.vouched import frozen
from store.ledger.sql.births import SqlBirths
from store.ledger.sql.corrections import SqlCorrections
from store.ledger.sql.engine import asking, insert_into, open_engine, reading, upgrade, writing
from store.ledger.sql.kept import SqlKeptMessages
from store.ledger.sql.keys.keys import SqlKeys
from store.ledger.sql.late_readings import SqlLateSeries
from store.ledger.sql.once import SqlAskedOnce
from store.ledger.sql.people.people import SqlPeople
from store.ledger.sql.registry import SqlRegistry
from store.ledger.sql.result_rows import check_unique
from store.ledger.sql.results import (
    asked_again,
    count_values,
    delete_result,
    digest_of,
    insert_result,
    is_month,
    months_between,
    read_results,
    state_of,
    status_of,
    statuses_query,
)
from store.ledger.sql.signed.closing import SqlClosing, is_refused
from store.ledger.sql.signed.statements import SqlStatements
from store.ledger.sql.signed.waivers import SqlWaivers
from store.ledger.sql.touched import SqlTouchedMonths


class SqlLedger(
    SqlAdjustments,
    SqlAnswers,
    SqlAskedOnce,
    SqlAuditTrail,
    SqlBirths,
    SqlClosing,
    SqlCorrections,
    SqlKeptMessages,
    SqlKeys,
    SqlLateSeries,
    SqlPeople,
    SqlRegistry,
    SqlStatements,
    SqlTouchedMonths,
    SqlWaivers,
):
    """A Ledger in a database. May be used from several threads, processes and hosts."""

    def __init__(
        self,
        url: str,
        *,
        code_version: str | None = None,
        views: Callable[[], Sequence[View]] = tuple,
    ) -> None:
        """Open the database and bring its tables up to date.

        `code_version` is written into the revisions; by default the installed version. `views`
        tells, when the first result is kept, what is made of every one.
        Raises ConfigError for a wrong URL, StoreUnavailableError when nothing answers there.
        """
        self._code_version = code_version or _installed_version()
        self._views = views
        self._engine = open_engine(url)
        upgrade(self._engine)

    def save_result(self, result: MonthResult) -> MonthState:
        """See Ledger.save_result. Raises CivicmeterError when a value is there twice."""
        check_unique(result)
        new_digest = digest(result)
        with writing(self._engine) as connection:
            state = _lock_state(connection, result.institution, result.month)
            signed = digest_of(connection, state.standing_id)
            computed_id = state.computed_id
            if new_digest == signed or is_refused(connection, state, new_digest):
                computed_id = None
            elif computed_id is None or new_digest != digest_of(connection, computed_id):
                computed_id = insert_result(connection, result, new_digest)
                keep_views(connection, self._views(), result, new_digest)
            connection.execute(
                t.month_state.update()
                .where(is_month(t.month_state, result.institution, result.month))
                .values(computed_id=computed_id, computed_at=datetime.now(UTC))
            )
            if state.computed_id not in (None, computed_id):
                delete_result(connection, state.computed_id)
            say_changed(connection, result.institution)
            return state_of(state.standing_id, computed_id)

    def statuses(
        self,
        institution: str | None = None,
        start: Month | None = None,
        end: Month | None = None,
    ) -> list[MonthStatus]:
        """See Ledger.statuses."""
        query, values = asked_again(statuses_query, institution, start, end)
        with asking(self._engine) as connection:
            return sorted(map(status_of, connection.execute(query, values)), key=_place_and_month)

    def results(
        self,
        institution: str | None = None,
        start: Month | None = None,
        end: Month | None = None,
        *,
        names: Collection[str] | None = None,
        days: bool = True,
        among: Collection[str] | None = None,
    ) -> list[MonthResult]:
        """See Ledger.results."""
        wanted = months_between(institution, start, end)
        if among is not None:
            wanted = and_(wanted, t.month_state.c.institution.in_(sorted(among)))
        with reading(self._engine) as connection:
            found = read_results(connection, wanted, names, days)
        return sorted(found.values(), key=_place_and_month)

    def count_values(
        self,
        institution: str | None = None,
        start: Month | None = None,
        end: Month | None = None,
        *,
        names: Collection[str] | None = None,
        days: bool = True,
    ) -> int:
        """See Ledger.count_values."""
        wanted = months_between(institution, start, end)
        with reading(self._engine) as connection:
            return count_values(connection, wanted, names, days)

    def save_model(self, model: ModelRecord, *, actor: Actor = LOCAL) -> None:
        """See Ledger.save_model."""
        row = {name: getattr(model, name) for name in t.model.c.keys()}  # noqa: SIM118
        with writing(self._engine) as connection:
            insert = insert_into(connection, t.model).on_conflict_do_nothing()
            new = connection.execute(insert.values(row).returning(t.model.c.digest)).all()
            say_changed(connection, model.institution)
            append(connection, actor, [frozen(connection, model) for _ in new])

    def models(self, institution: str | None = None) -> list[ModelRecord]:
        """See Ledger.models. The first fitted first."""
        query = select(t.model).order_by(t.model.c.fitted_at, t.model.c.digest)
        if institution is not None:
            query = query.where(t.model.c.institution == institution)
        with reading(self._engine) as connection:
            return [ModelRecord(**r._mapping) for r in connection.execute(query)]

    def keep_aside(self, entries: Iterable[AsideEntry]) -> None:
        """See Ledger.keep_aside."""
        with writing(self._engine) as connection:
            add_aside(connection, insert_into(connection, t.aside), entries)

    def aside(self, codes: Collection[str] = (), *, samples: bool = True) -> list[AsideEntry]:
        """See Ledger.aside."""
        with reading(self._engine) as connection:
            return read_aside(connection, codes, samples=samples)

    def forget_aside(
        self, entries: Iterable[AsideEntry], *, dropped_by: Actor | None = None
    ) -> None:
        """See Ledger.forget_aside."""
        with writing(self._engine) as connection:
            act = remove_aside(connection, entries)
            if dropped_by is not None:
                append(connection, dropped_by, [act])

    def close_connections(self) -> None:
        """See Ledger.close_connections."""
        self._engine.dispose()


def _installed_version() -> str:
    try:
        return f"civicmeter {version('civicmeter')}"
    except PackageNotFoundError:
        return "civicmeter, not installed"


def _lock_state(connection: Connection, institution: str, month: Month) -> Row[Any]:
    """The month's state, made if need be; nobody else changes it until we are done."""
    row = {
        "institution": institution,
        "month": str(month),
        "revision": 0,
        "computed_at": datetime.now(UTC),
    }
    insert = insert_into(connection, t.month_state).on_conflict_do_nothing()
    connection.execute(insert, [row])
    return connection.execute(
        select(t.month_state).where(is_month(t.month_state, institution, month)).with_for_update()
    ).one()


def _place_and_month(found: MonthStatus | MonthResult) -> tuple[str, Month]:
    return found.institution, found.month
