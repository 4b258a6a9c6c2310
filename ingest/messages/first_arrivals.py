"""When messages without a time of their own came first.

Their readings get the time of arrival. If the connection or this process breaks before the broker
knows that such a message is stored, it sends it again, and a second arrival would be a second
reading. So a message that comes again keeps the time of its first arrival, and storing it changes
nothing. With a file, that is noted before the message is stored, and outlives the process.

Messages of a topic that arrive in the same millisecond get one each, in their order: otherwise
one would be stored, and the others contradict it.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from hashlib import blake2b
from pathlib import Path
from threading import Lock
from urllib.parse import quote

from domain.errors import ConfigError, StoreUnavailableError
from ingest.messages.message import Message

_SCHEMA = """
CREATE TABLE IF NOT EXISTS arrival (
    mid INTEGER PRIMARY KEY,
    content INTEGER NOT NULL,
    at_ms INTEGER NOT NULL
)
"""
_REMEMBERED_TOPICS = 50_000


class Arrivals:
    """Remembers one message for each packet id, so at most 65,535.

    An entry stands until the broker gives its packet id to another undated message, since an
    acknowledgement that was sent may not have reached it; or until the session is a new one,
    whose packet ids begin anew. Without a `file`, nothing outlives the process.
    """

    def __init__(self, file: Path | None = None) -> None:
        """Raises ConfigError when the file cannot be used."""
        self._file = None if file is None else _File(file)
        self._first = {} if self._file is None else self._file.content()
        self._last_ms: dict[str, int] = {}
        self._told: set[str] = set()

    def remember(self, undated: Iterable[Message]) -> None:
        """Keep when these came; QoS 0 messages never come again."""
        for message in undated:
            if message.qos:
                self._first[message.mid] = (_content(message), message.arrived_at_ms)

    def note(self, undated: Iterable[Message]) -> None:
        """The same, so that it outlives the process. Raises StoreUnavailableError."""
        if self._file is not None:
            self._file.note({m.mid: (_content(m), m.arrived_at_ms) for m in undated if m.qos})

    def forget(self) -> None:
        """The broker knows nothing of what it sent before."""
        self._first.clear()
        if self._file is not None:
            self._file.clear()

    def as_first_heard(self, messages: list[Message]) -> list[Message]:
        """The messages; those that came before have the time they first came at."""
        if not any(m.again for m in messages):
            return messages
        return [self._first_heard(m) if m.again else m for m in messages]

    def own_ms(self, message: Message, span_ms: int) -> int:
        """The time to give an undated message that takes `span_ms` beyond it: that of arrival,
        or later than that of the message before on its topic."""
        if message.again and self._first.get(message.mid) == (
            _content(message),
            message.arrived_at_ms,
        ):
            return message.arrived_at_ms
        topic = message.topic
        if len(self._last_ms) >= _REMEMBERED_TOPICS and topic not in self._last_ms:
            self._last_ms.clear()
        at_ms = max(message.arrived_at_ms, self._last_ms.get(topic, message.arrived_at_ms - 1) + 1)
        if at_ms - message.arrived_at_ms > 60_000:  # the clock was set back
            at_ms = message.arrived_at_ms
        self._last_ms[topic] = at_ms + max(0, span_ms)
        return at_ms

    def new_topic(self, topic: str) -> bool:
        """Whether this is the first time that a topic is asked about."""
        if topic in self._told or len(self._told) >= _REMEMBERED_TOPICS:
            return False
        self._told.add(topic)
        return True

    def close(self) -> None:
        if self._file is not None:
            self._file.close()

    def _first_heard(self, message: Message) -> Message:
        content, at_ms = self._first.get(message.mid, (0, 0))
        if content != _content(message):
            return message
        return message._replace(arrived_at_ms=at_ms)


class _File:
    """The same on disk. Used by the network thread and the worker."""

    def __init__(self, path: Path) -> None:
        self._path = path
        # Held over I/O: one connection, one transaction at a time. The worker is who writes; the
        # network thread waits for it only where the broker has begun a new session.
        self._lock = Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(
                path, timeout=5, isolation_level=None, check_same_thread=False
            )
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
            self._db.execute(_SCHEMA)
        except (OSError, sqlite3.Error) as error:
            raise ConfigError(
                f"the file of arrivals {path} cannot be used ({error}): look whether the folder is "
                "writable, and give every collector a --client-id of its own"
            ) from error

    def content(self) -> dict[int, tuple[int, int]]:
        rows = self._db.execute("SELECT mid, content, at_ms FROM arrival")
        return {mid: (content, at_ms) for mid, content, at_ms in rows}

    def note(self, arrivals: dict[int, tuple[int, int]]) -> None:
        if not arrivals:
            return
        rows = [(mid, *said) for mid, said in arrivals.items()]
        self._do("INSERT OR REPLACE INTO arrival VALUES (?, ?, ?)", rows)

    def clear(self) -> None:
        self._do("DELETE FROM arrival WHERE ?", [(1,)])

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def _do(self, statement: str, rows: Sequence[tuple[int, ...]]) -> None:
        with self._lock:
            try:
                self._db.execute("BEGIN")
                self._db.executemany(statement, rows)
                self._db.execute("COMMIT")
            except sqlite3.Error as error:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise StoreUnavailableError(
                    f"{self._path} takes no arrivals ({error}): look whether the disk is full"
                ) from error


def arrivals_path(folder: Path, client_id: str) -> Path:
    """The file of one collector; its client id is in its name."""
    return folder / f"{quote(client_id, safe='')}.db"


def _content(message: Message) -> int:
    said = message.topic.encode(errors="replace") + b"\0" + message.payload
    return int.from_bytes(blake2b(said, digest_size=8).digest(), "big", signed=True)
