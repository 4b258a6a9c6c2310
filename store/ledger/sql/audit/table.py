"""The table of the audit trail: texts as they are hashed, so that what is stored is what was said."""

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, Text

from store.ledger.sql.tables import metadata

audit_entry = Table(
    "audit_entry",
    metadata,
    Column(
        "number",
        BigInteger().with_variant(Integer, "sqlite"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("at", Text, nullable=False),
    Column("principal", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("word", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("object", Text, nullable=False),
    Column("institution", Text, nullable=False),
    Column("contract", Text, nullable=False),
    Column("before", Text),
    Column("after", Text),
    Column("reason", Text, nullable=False),
    Column("previous", String(64), nullable=False),
    Column("digest", String(64), nullable=False),
    Index("ix_audit_entry_object", "kind", "object"),
    Index("ix_audit_entry_institution", "institution"),
)
