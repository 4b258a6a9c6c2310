"""Opening the stores by their URLs."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import NamedTuple
from urllib.parse import unquote

from domain.errors import ConfigError
from store.ledger.answers import View
from store.ledger.sql.ledger import SqlLedger
from store.readings.port import Directory, ReadingStore

_FORMS = (
    "sqlite:///relative.db, sqlite:////absolute.db, influxdb+http://HOST:PORT/ORG/BUCKET"
    " or influxdb+https://HOST/ORG/BUCKET"
)


def open_reading_store(url: str, directory: Directory, token: str = "") -> ReadingStore:
    """The store of readings a URL names.

    `directory` tells what each device's readings are filed under; it may grow later. `token`
    is InfluxDB's. Raises ConfigError for a URL of another form.
    """
    scheme, _, rest = url.partition("://")
    if scheme == "sqlite" and rest.startswith("/") and len(rest) > 1:
        from store.readings.sqlite import SqliteReadingStore

        return SqliteReadingStore(rest[1:])
    if bucket := _bucket(url):
        # With SQLite nobody needs it.
        from store.readings.influx import InfluxReadingStore

        return InfluxReadingStore(bucket.server, token, bucket.org, bucket.name, directory)
    raise ConfigError(f"{url!r} names no store of readings: write {_FORMS}")


def deleted_after(url: str, token: str = "") -> timedelta | None:
    """The age at which the store a URL names deletes readings by itself; None: never, or it does
    not tell."""
    bucket = _bucket(url)
    if bucket is None:
        return None
    # Its client takes most of a second to import.
    from store.readings import influx_retention

    return influx_retention.deleted_after(bucket.server, token, bucket.org, bucket.name)


class _Bucket(NamedTuple):
    server: str
    org: str
    name: str


def _bucket(url: str) -> _Bucket | None:
    """The bucket of InfluxDB that a URL names; None: it names none."""
    scheme, _, rest = url.partition("://")
    if scheme not in ("influxdb+http", "influxdb+https"):
        return None
    host, *names = rest.rstrip("/").split("/")
    if not host or len(names) != 2 or not all(names):
        return None
    org, name = map(unquote, names)
    return _Bucket(f"{scheme.removeprefix('influxdb+')}://{host}", org, name)


def open_ledger(url: str, views: Callable[[], Sequence[View]] = tuple) -> SqlLedger:
    """The ledger of an SQLAlchemy URL, its tables brought up to date.

    `views` tells, when the first result is kept, what is made of every one.

    Raises ConfigError for a URL of another form than ``sqlite:///FILE`` and
    ``postgresql+psycopg://…``, StoreUnavailableError when nothing answers there.
    """
    return SqlLedger(url, views=views)
