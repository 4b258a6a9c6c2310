"""The tables of statements and of the names under them; rows are only ever added."""

from sqlalchemy import Column, Index, Integer, String, Table, Text, UniqueConstraint

from store.ledger.sql.tables import UtcDateTime, metadata, revision, row_number

statement = Table(
    "statement",
    metadata,
    Column("agreement", Text, primary_key=True),
    Column("month", String(7), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("body", Text, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("code_version", Text, nullable=False),
    Column("issued_by", Text, nullable=False),
    Column("issued_at", UtcDateTime, nullable=False),
    Index("ix_statement_month", "month"),
)

Index("ix_revision_digest", revision.c.digest)

signature = Table(
    "signature",
    metadata,
    row_number("number", primary_key=True, autoincrement=True),
    Column("agreement", Text, nullable=False),
    Column("month", String(7), nullable=False),
    Column("statement", Integer, nullable=False),
    Column("side", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("digest", String(64), nullable=False),
    UniqueConstraint("agreement", "month", "statement", "side"),
)

waiver = Table(
    "waiver",
    metadata,
    Column("institution", Text, primary_key=True),
    Column("month", String(7), primary_key=True),
    Column("code", Text, primary_key=True),
    Column("by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)
