"""The tables of people: hashes and digests, never a secret."""

from sqlalchemy import JSON, Column, ForeignKey, Integer, String, Table, Text

from store.ledger.sql.tables import UtcDateTime, metadata

person = Table(
    "person",
    metadata,
    Column("login", String(100), primary_key=True),
    Column("holder", Text, ForeignKey("key_holder.id"), nullable=False),
    Column("role", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("scope", JSON, nullable=False),
    Column("password", Text, nullable=False),
    Column("subject", Text, unique=True),
    Column("added_at", UtcDateTime, nullable=False),
    Column("locked_at", UtcDateTime),
)

person_session = Table(
    "person_session",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("login", String(100), ForeignKey("person.login"), nullable=False, index=True),
    Column("begun_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
)

sign_in_attempt = Table(
    "sign_in_attempt",
    metadata,
    Column("mark", String(64), primary_key=True),
    Column("count", Integer, nullable=False),
    Column("since", UtcDateTime, nullable=False),
    Column("until", UtcDateTime),
)
"""Of a name or an address, by its digest; forgotten once its window is over."""
