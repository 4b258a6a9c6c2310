"""Opening the ledger's database: SQLAlchemy engine, transactions, migrations, errors."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import BoundedSemaphore
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    URL,
    Column,
    ColumnElement,
    Connection,
    Engine,
    Table,
    and_,
    create_engine,
    event,
    inspect,
    make_url,
    text,
)
from sqlalchemy import exc as sql

from domain.errors import ConfigError, StoreUnavailableError
from store.ledger.sql.tables import HEAD
from store.private import private

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql, sqlite

_FORMS = "sqlite:///FILE or postgresql+psycopg://USER:PASSWORD@HOST/DATABASE"
_MIGRATION_LOCK = 0x63_6D_74_72  # any number all our processes agree on
_CONNECT_TIMEOUT_S = 10
_BUSY_TIMEOUT_S = 30
_WRITERS = "civicmeter_writers"
_POSTGRES_WRITERS = 5
"""Writers wait for each other at single rows: they must not hold the connections of all."""
_READERS, _POSTGRES_READERS = 40, 25
"""Connections beyond the five kept open: with a file as many as the service has threads, fewer
where a server counts them."""


def open_engine(url: str) -> Engine:
    """An engine for the ledger's URL. Raises ConfigError for a wrong one; connects to nothing."""
    try:
        parsed = make_url(url)
        if parsed.drivername in ("postgresql", "postgres"):
            parsed = parsed.set(drivername="postgresql+psycopg")
        if parsed.drivername == "postgresql+psycopg":
            return create_engine(
                parsed,
                pool_pre_ping=True,
                max_overflow=_POSTGRES_READERS,
                connect_args={"connect_timeout": _CONNECT_TIMEOUT_S},
                execution_options={_WRITERS: BoundedSemaphore(_POSTGRES_WRITERS)},
            )
        if parsed.drivername == "sqlite" and parsed.database:
            return _sqlite_engine(parsed, parsed.database)
    except sql.ArgumentError:
        pass
    raise ConfigError(f"{_shown(url)!r} is not a ledger's URL: write {_FORMS}")


def _sqlite_engine(url: URL, path: str) -> Engine:
    if not Path(path).parent.is_dir():
        raise ConfigError(f"no folder {Path(path).parent} for the ledger: create it first")
    if path != ":memory:":
        private(Path(path))
    engine = create_engine(
        url,
        max_overflow=_READERS,
        connect_args={"timeout": _BUSY_TIMEOUT_S},
        execution_options={_WRITERS: BoundedSemaphore(1)},
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _: object) -> None:
        # The driver must not begin transactions by itself: see `begin` below.
        connection.isolation_level = None
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        if options.get("civicmeter_single", False):
            return
        # Taking the write lock first, so that nothing read before writing is out of date.
        writes = options.get("civicmeter_writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def insert_into(connection: Connection, table: Table) -> "sqlite.Insert | postgresql.Insert":
    """An INSERT of the connection's own dialect, which knows what to do on a conflict. The other
    dialect is not loaded."""
    if connection.dialect.name == "postgresql":
        from sqlalchemy.dialects import postgresql

        return postgresql.insert(table)
    from sqlalchemy.dialects import sqlite

    return sqlite.insert(table)


def begins(column: Column[str], start: str) -> ColumnElement[bool]:
    """Whether a column of hexadecimal digits begins with these, by its index."""
    return and_(column >= start, column < start + "g")


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that writes; committed at the end, rolled back on an exception.

    Held over I/O: a file of SQLite has one writer whatever we do, and its own waiting, by asking
    again and again, lets some wait for seconds. Those who wait here hold no connection, so that
    readers find one. Other processes' writes are waited for as before.
    """
    with _turn(engine), unavailable_explained(engine), engine.connect() as connection:
        connection = connection.execution_options(civicmeter_writes=True)
        with connection.begin():
            yield connection


@contextmanager
def _turn(engine: Engine) -> Iterator[None]:
    """One of this process's places for writers."""
    writers: BoundedSemaphore = engine.get_execution_options()[_WRITERS]
    if not writers.acquire(timeout=_BUSY_TIMEOUT_S):
        raise StoreUnavailableError(
            f"the ledger {engine.url.render_as_string()} does not come to it: others of this "
            f"process have been writing for {_BUSY_TIMEOUT_S} s"
        )
    try:
        yield
    finally:
        writers.release()


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A transaction that sees one state of the database throughout."""
    with unavailable_explained(engine), engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection = connection.execution_options(isolation_level="REPEATABLE READ")
        with connection.begin():
            yield connection


@contextmanager
def asking(engine: Engine) -> Iterator[Connection]:
    """For one question of one statement, which needs no transaction: where another thread computes
    meanwhile, each statement more waits for the interpreter's lock once more."""
    with unavailable_explained(engine), engine.connect() as connection:
        yield connection.execution_options(civicmeter_single=True)


@contextmanager
def unavailable_explained(engine: Engine) -> Iterator[None]:
    """Turn the database's "not now" into StoreUnavailableError."""
    try:
        yield
    except sql.DatabaseError as error:
        if isinstance(error, sql.OperationalError) or error.connection_invalidated:
            raise _unavailable(engine, error) from error
        raise
    except (sql.InterfaceError, sql.TimeoutError) as error:
        raise _unavailable(engine, error) from error


def upgrade(engine: Engine) -> None:
    """Bring the tables to the newest migration; quick when they are there already.

    Raises ConfigError for a database that is not a ledger or newer than this program.
    """
    try:
        with writing(engine) as connection:
            if engine.dialect.name == "postgresql":
                connection.execute(text(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})"))
            if _version(connection) != HEAD:
                _migrate(connection)
    except sql.DatabaseError as error:
        raise ConfigError(
            f"{engine.url.render_as_string()} cannot be used as the ledger ({error.orig}):"
            " name another database"
        ) from error


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _migrate(connection: Connection) -> None:
    # Slow to import, and seldom needed.
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    folder = str(Path(__file__).parent / "migrations")
    config.set_main_option("script_location", folder.replace("%", "%%"))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise ConfigError(
            f"the ledger was written by a newer version of Civicmeter ({error}): update it"
        ) from error


def _unavailable(engine: Engine, error: sql.SQLAlchemyError) -> StoreUnavailableError:
    cause = getattr(error, "orig", None) or error
    return StoreUnavailableError(
        f"the ledger {engine.url.render_as_string()} does not answer ({str(cause).strip()}):"
        " look whether the database runs and the disk has room"
    )


def _shown(url: str) -> str:
    """The URL without what might be a password."""
    head, at, tail = url.rpartition("@")
    return f"{head.split('://')[0]}://…@{tail}" if at else url
