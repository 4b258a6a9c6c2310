"""Waivers of one finding each, refused restatements and refused statements; rows are never changed.

Revision: 0022, after 0021.
"""

import sqlalchemy as sa
from alembic import op

from store.ledger.sql.tables import UtcDateTime

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

_REFUSALS = {
    "finding_waiver": "a waiver is never changed: a month that is restated is checked anew",
    "restatement_refusal": "a refusal is never changed: what comes later waits as another restatement",
    "statement_refusal": "a refusal is never changed: who thinks otherwise now signs",
}
_KEYS = {
    "finding_waiver": ("institution", "month", "code", "fact_sha256"),
    "restatement_refusal": ("institution", "month", "revision", "digest"),
    "statement_refusal": ("number",),
}


def upgrade() -> None:
    op.create_table(
        "finding_waiver",
        sa.Column("institution", sa.Text(), nullable=False),
        sa.Column("month", sa.String(7), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("fact_sha256", sa.String(64), nullable=False),
        sa.Column("fact", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint(*_KEYS["finding_waiver"], name="pk_finding_waiver"),
    )
    op.create_table(
        "restatement_refusal",
        sa.Column("institution", sa.Text(), nullable=False),
        sa.Column("month", sa.String(7), nullable=False),
        sa.Column("revision", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("changes", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint(*_KEYS["restatement_refusal"], name="pk_restatement_refusal"),
    )
    op.create_table(
        "statement_refusal",
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
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_statement_refusal"),
    )
    if op.get_bind().dialect.name == "postgresql":
        _keep_postgresql()
    else:
        _keep_sqlite()


def downgrade() -> None:
    for table in reversed(_REFUSALS):
        op.drop_table(table)
        if op.get_bind().dialect.name == "postgresql":
            op.execute(f"DROP FUNCTION {table}_kept()")


def _keep_sqlite() -> None:
    for table, refusal in _REFUSALS.items():
        for event in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_kept_{event.lower()} BEFORE {event} ON {table}"
                f" BEGIN SELECT RAISE(ABORT, '{refusal}'); END"
            )
        # INSERT OR REPLACE deletes without asking the trigger that refuses a deletion.
        taken = " AND ".join(f"{k} = NEW.{k}" for k in _KEYS[table])
        op.execute(
            f"CREATE TRIGGER {table}_kept_insert BEFORE INSERT ON {table} WHEN EXISTS"
            f" (SELECT 1 FROM {table} WHERE {taken})"
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
