"""The tables of keys: digests, never a secret."""

from sqlalchemy import JSON, Column, ForeignKey, String, Table, Text

from store.ledger.sql.tables import UtcDateTime, metadata

key_holder = Table(
    "key_holder",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("added_at", UtcDateTime, nullable=False),
)

api_key = Table(
    "api_key",
    metadata,
    Column("prefix", String(16), primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("holder", Text, ForeignKey("key_holder.id"), nullable=False),
    Column("role", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("scope", JSON, nullable=False),
    Column("issued_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime),
    Column("revoked_at", UtcDateTime),
    Column("last_used_at", UtcDateTime),
)
