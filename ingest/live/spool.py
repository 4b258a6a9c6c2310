"""What was heard while the store was away, kept on disk in the order it came.

An SQLite file with a row for each batch. `append` returns when the row would survive a power
cut; only then the messages may be acknowledged. Kept is what the messages became, since some
formats cannot be decoded twice (Sparkplug numbers its metrics anew with each birth); those that
could not be read are kept whole.
"""

import logging
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from threading import Lock
from typing import NamedTuple
from urllib.parse import quote, unquote

import msgspec

from domain.errors import ConfigError
from domain.readings import Run
from ingest.messages.batch import DecodedMessages
from ingest.messages.message import Message
from store.private import private

log = logging.getLogger("civicmeter.collector")
_SCHEMA = """
CREATE TABLE IF NOT EXISTS heard (
    id INTEGER PRIMARY KEY,
    messages INTEGER NOT NULL,
    content BLOB NOT NULL
)
"""
_SIZE = "SELECT coalesce(sum(messages), 0), coalesce(sum(length(content)), 0) FROM heard"


class _Content(msgspec.Struct, array_like=True):
    """A row's content."""

    runs: list[Run]
    topics: list[str]
    firsts_ms: list[int]
    untimed: int
    unread: list[tuple[str, bytes, int]]
    """Topic, payload and time of arrival of messages that were wrong in whole or in part."""
    gateways: dict[str, str] = {}
    """As in DecodedMessages; a row of an earlier version has none."""


class Spooled(NamedTuple):
    """What waits longest: what was decoded, and the messages to hear again as they were wrong."""

    last_row: int
    messages: int
    bytes: int
    decoded: DecodedMessages
    unread: list[Message]


class Spool:
    """One collector's spool; it holds at most `limit_bytes`. May be used from several threads."""

    def __init__(self, path: Path, limit_bytes: int) -> None:
        """Open or create the file. Raises ConfigError when it cannot be one of ours."""
        self._path = path
        self._limit_bytes = limit_bytes
        # Held over I/O: one connection, and the worker alone uses it until the end.
        self._lock = Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(
                private(path), timeout=5, isolation_level=None, check_same_thread=False
            )
            # Nobody else may take from it meanwhile.
            self._db.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
            self._db.execute(_SCHEMA)
            self._messages, self._bytes = map(int, self._db.execute(_SIZE).fetchone())
        except (OSError, sqlite3.Error) as error:
            raise ConfigError(
                f"the spool {path} cannot be used ({error}): look whether the folder is writable,"
                " and give every collector a --client-id of its own"
            ) from error

    @property
    def messages(self) -> int:
        """How many messages wait."""
        return self._messages

    @property
    def bytes(self) -> int:
        return self._bytes

    def append(self, decoded: DecodedMessages) -> bool:
        """Keep durably what was heard; False, and nothing kept, when there is no room."""
        content = _packed(decoded)
        with self._lock:
            if self._bytes + len(content) > self._limit_bytes:
                return False
            try:
                self._db.execute(
                    "INSERT INTO heard (messages, content) VALUES (?, ?)",
                    (len(decoded.messages), content),
                )
            except sqlite3.Error as error:
                log.error("the spool %s takes nothing: %s", self._path, error)
                return False
            self._messages += len(decoded.messages)
            self._bytes += len(content)
            return True

    def oldest(self, messages: int) -> Spooled | None:
        """What has waited longest, in rows of together at least so many messages if there are."""
        last_row = count = size = 0
        decoded, unread = DecodedMessages(), []
        with self._lock:
            rows = self._db.execute("SELECT id, messages, content FROM heard ORDER BY id")
            for row, its_messages, content in rows:
                last_row = row
                part, again = _unpacked(content)
                decoded.add(part)
                unread += again
                count += its_messages
                size += len(content)
                if count >= messages:
                    break
            rows.close()
        return Spooled(last_row, count, size, decoded, unread) if last_row else None

    def forget(self, stored: Spooled) -> None:
        """Drop what is stored."""
        with self._lock:
            self._db.execute("DELETE FROM heard WHERE id <= ?", (stored.last_row,))
            self._messages -= stored.messages
            self._bytes -= stored.bytes
            if not self._bytes:
                self._db.execute("VACUUM")  # gives the disk back, costs nothing when empty

    def close(self) -> None:
        with self._lock:
            self._db.close()


def spool_path(folder: Path, client_id: str) -> Path:
    """The file of one collector; its client id is in its name."""
    return folder / f"{quote(client_id, safe='')}.db"


def spools(folder: Path) -> Iterator[tuple[str, int | None]]:
    """Client id and waiting messages of every spool; None for one a collector is using."""
    for path in sorted(folder.glob("*.db")):
        name = unquote(path.stem)
        try:
            with closing(
                sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", timeout=0, uri=True)
            ) as db:
                yield name, int(db.execute(_SIZE).fetchone()[0])
        except sqlite3.Error:
            yield name, None


def _packed(decoded: DecodedMessages) -> bytes:
    content = _Content(
        decoded.runs,
        decoded.topics,
        decoded.firsts_ms,
        decoded.untimed,
        _plain(dict.fromkeys(message for message, _ in decoded.wrong)),
        decoded.gateways,
    )
    try:
        return msgspec.msgpack.encode(content)
    except (UnicodeEncodeError, OverflowError, ValueError):
        # Half a letter in a device's name, a time beyond 64 bits: no reading, but to be told.
        return msgspec.msgpack.encode(_Content([], [], [], 0, _plain(decoded.messages)))


def _plain(messages: Iterable[Message]) -> list[tuple[str, bytes, int]]:
    return [(m.topic, m.payload, m.arrived_at_ms) for m in messages]


def _unpacked(content: bytes) -> tuple[DecodedMessages, list[Message]]:
    found = msgspec.msgpack.decode(content, type=_Content)
    decoded = DecodedMessages(
        runs=found.runs,
        topics=found.topics,
        firsts_ms=found.firsts_ms,
        untimed=found.untimed,
        gateways=found.gateways,
    )
    return decoded, [Message(0, 0, 0, topic, load, at_ms) for topic, load, at_ms in found.unread]
