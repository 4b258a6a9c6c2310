"""The tables of what people answer for: statements, the names under them, what was waived or refused;
rows are only ever added."""

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

# Of before waivers said what they are of: a check of a month, whatever it found. None is added.
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

finding_waiver = Table(
    "finding_waiver",
    metadata,
    Column("institution", Text, primary_key=True),
    Column("month", String(7), primary_key=True),
    Column("code", Text, primary_key=True),
    Column("fact_sha256", String(64), primary_key=True),
    Column("fact", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)

# A waiting result that somebody refused, beside the revision that stayed.
restatement_refusal = Table(
    "restatement_refusal",
    metadata,
    Column("institution", Text, primary_key=True),
    Column("month", String(7), primary_key=True),
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("digest", String(64), primary_key=True),
    Column("changes", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)

statement_refusal = Table(
    "statement_refusal",
    metadata,
    row_number("number", primary_key=True, autoincrement=True),
    Column("agreement", Text, nullable=False),
    Column("month", String(7), nullable=False),
    Column("statement", Integer, nullable=False),
    Column("side", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("digest", String(64), nullable=False),
)
