"""Waivers of checks before a month is closed; they are never changed.

Revision: 0018, after 0017.
"""

import sqlalchemy as sa
from alembic import op

from store.ledger.sql.tables import UtcDateTime

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_REFUSAL = "a waiver is never changed: a month that is restated is checked anew"
_TAKEN = "institution = NEW.institution AND month = NEW.month AND code = NEW.code"


def upgrade() -> None:
    op.create_table(
        "waiver",
        sa.Column("institution", sa.Text(), nullable=False),
        sa.Column("month", sa.String(7), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("institution", "month", "code", name="pk_waiver"),
    )
    if op.get_bind().dialect.name == "postgresql":
        _keep_postgresql()
    else:
        _keep_sqlite()


def downgrade() -> None:
    op.drop_table("waiver")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION waiver_kept()")


def _keep_sqlite() -> None:
    for event in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER waiver_kept_{event.lower()} BEFORE {event} ON waiver"
            f" BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END"
        )
    # INSERT OR REPLACE deletes without asking the trigger that refuses a deletion.
    op.execute(
        "CREATE TRIGGER waiver_kept_insert BEFORE INSERT ON waiver WHEN EXISTS"
        f" (SELECT 1 FROM waiver WHERE {_TAKEN})"
        f" BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END"
    )


def _keep_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION waiver_kept() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN RAISE EXCEPTION '{_REFUSAL}'; END $$"
    )
    op.execute(
        "CREATE TRIGGER waiver_kept BEFORE UPDATE OR DELETE ON waiver"
        " FOR EACH ROW EXECUTE FUNCTION waiver_kept()"
    )
    op.execute(
        "CREATE TRIGGER waiver_never_truncated BEFORE TRUNCATE ON waiver"
        " FOR EACH STATEMENT EXECUTE FUNCTION never_truncated()"
    )
