"""The hash chain of the audit trail: what a digest is over, for ever.

Whoever holds an entry's fields can compute its digest anew with any program: SHA-256 over one
line of JSON in UTF-8, an object of all fields but the digest itself, keys sorted, no spaces,
characters as they are. `before` and `after` are JSON texts inside it, byte for byte as stored.
Nothing here may ever change: a chain that was written must be read for as long as there are
contracts.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any

BEGINNING = "0" * 64
"""What stands for the digest before the first entry."""
FIELDS = (
    "number",
    "at",
    "principal",
    "person",
    "word",
    "action",
    "kind",
    "object",
    "institution",
    "contract",
    "before",
    "after",
    "reason",
    "previous",
)
_LARGE_CHARS = 500
_encode = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode


def entry_digest(entry: Mapping[str, Any]) -> str:
    """The digest of an entry given by its fields."""
    return _sha256(_encode({name: entry[name] for name in FIELDS}))


def row_digest(values: Iterable[Any]) -> str:
    """The digest of a row that an entry vouches for: over a JSON array of its values in the order
    of its columns. Instants are UTC (``2026-01-31 16:00:00.000000``), days ISO, bytes their
    SHA-256."""
    return _sha256(_encode([_said(v) for v in values]))


def rows_digest(rows: Iterable[Iterable[Any]]) -> str:
    """As `row_digest`, of rows one after another: each is a line."""
    found = sha256()
    for row in rows:
        found.update(_bytes(_encode([_said(v) for v in row]) + "\n"))
    return found.hexdigest()


def fields_text(fields: Mapping[str, Any] | None) -> str | None:
    """`before` or `after` as an entry keeps it. Of a value that takes more than 500 characters
    only its digest and how long it is."""
    if fields is None:
        return None
    return _encode({name: _small(value) for name, value in fields.items()})


def at_text(at: datetime) -> str:
    """An instant as an entry keeps it: sorted as text, it is sorted by time."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}Z"


def _small(value: Any) -> Any:
    text = _encode(value)
    if len(text) <= _LARGE_CHARS:
        return value
    return {"sha256": _sha256(text), "chars": len(text)}


def _said(value: Any) -> Any:
    if isinstance(value, datetime):
        utc = value if value.tzinfo is None else value.astimezone(UTC)
        return f"{utc:%Y-%m-%d %H:%M:%S.%f}"
    if isinstance(value, date):
        return value.isoformat()
    return sha256(value).hexdigest() if isinstance(value, bytes) else value


def _sha256(text: str) -> str:
    return sha256(_bytes(text)).hexdigest()


def _bytes(text: str) -> bytes:
    # A damaged file may give what is no text; it has a digest too, and that is another one.
    return text.encode(errors="surrogatepass")
