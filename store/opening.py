"""Opening the stores by their URLs."""

from collections.abc import Callable, Sequence
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
    if scheme in ("influxdb+http", "influxdb+https"):
        host, *names = rest.rstrip("/").split("/")
        if host and len(names) == 2 and all(names):
            # Its client takes most of a second to import; with SQLite nobody needs it.
            from store.readings.influx import InfluxReadingStore

            org, bucket = map(unquote, names)
            server = f"{scheme.removeprefix('influxdb+')}://{host}"
            return InfluxReadingStore(server, token, org, bucket, directory)
    raise ConfigError(f"{url!r} names no store of readings: write {_FORMS}")


def open_ledger(url: str, views: Callable[[], Sequence[View]] = tuple) -> SqlLedger:
    """The ledger of an SQLAlchemy URL, its tables brought up to date.

    `views` tells, when the first result is kept, what is made of every one.

    Raises ConfigError for a URL of another form than ``sqlite:///FILE`` and
    ``postgresql+psycopg://…``, StoreUnavailableError when nothing answers there.
    """
    return SqlLedger(url, views=views)
