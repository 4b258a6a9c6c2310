"""Statements of what contracts pay, and the names under them; neither is ever changed.

Revision: 0016, after 0015.
"""

import sqlalchemy as sa
from alembic import op

from store.ledger.sql.tables import UtcDateTime

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_REFUSALS = {
    "statement": "an issued statement is never changed: what its month comes to is settled in the next",
    "signature": "a signature is never changed: the next statement is signed anew",
}
_TAKEN = {
    "statement": "agreement = NEW.agreement AND month = NEW.month AND number = NEW.number",
    "signature": "number = NEW.number OR (agreement = NEW.agreement AND month = NEW.month"
    " AND statement = NEW.statement AND side = NEW.side)",
}


def upgrade() -> None:
    op.create_table(
        "statement",
        sa.Column("agreement", sa.Text(), nullable=False),
        sa.Column("month", sa.String(7), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("code_version", sa.Text(), nullable=False),
        sa.Column("issued_by", sa.Text(), nullable=False),
        sa.Column("issued_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("agreement", "month", "number", name="pk_statement"),
    )
    op.create_index("ix_statement_month", "statement", ["month"])
    op.create_table(
        "signature",
        sa.Column(
            "number",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("agreement", sa.Text(), nullable=False),
        sa.Column("month", sa.String(7), nullable=False),
        sa.Column("statement", sa.Integer(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_signature"),
        sa.UniqueConstraint(
            "agreement", "month", "statement", "side", name="uq_signature_agreement"
        ),
    )
    if op.get_bind().dialect.name == "postgresql":
        _keep_postgresql()
    else:
        _keep_sqlite()


def downgrade() -> None:
    op.drop_table("signature")
    op.drop_table("statement")
    if op.get_bind().dialect.name == "postgresql":
        for table in _REFUSALS:
            op.execute(f"DROP FUNCTION {table}_kept()")


def _keep_sqlite() -> None:
    for table, refusal in _REFUSALS.items():
        for event in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_kept_{event.lower()} BEFORE {event} ON {table}"
                f" BEGIN SELECT RAISE(ABORT, '{refusal}'); END"
            )
        # INSERT OR REPLACE deletes without asking the trigger that refuses a deletion.
        op.execute(
            f"CREATE TRIGGER {table}_kept_insert BEFORE INSERT ON {table} WHEN EXISTS"
            f" (SELECT 1 FROM {table} WHERE {_TAKEN[table]})"
            f" BEGIN SELECT RAISE(ABORT, '{refusal}'); END"
        )


def _keep_postgresql() -> None:
    for table, refusal in _REFUSALS.items():
        op.execute(
            f"CREATE FUNCTION {table}_kept() RETURNS trigger LANGUAGE plpgsql AS"
            f" $$ BEGIN RAISE EXCEPTION '{refusal}'; END $$"
        )
        op.execute(
            f"CREATE TRIGGER {table}_kept BEFORE UPDATE OR DELETE ON {table}"
            f" FOR EACH ROW EXECUTE FUNCTION {table}_kept()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_never_truncated BEFORE TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION never_truncated()"
        )
