"""Corrections of readings: added, never changed; triggers refuse it.

Revision: 0004, after 0003.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_REFUSAL = "a correction is never changed: enter another one"


def upgrade() -> None:
    op.create_table(
        "correction",
        sa.Column(
            "number",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("quantity", sa.Text(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("value", sa.Float(), nullable=True),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_correction"),
    )
    op.create_index("ix_correction_reading", "correction", ["device", "quantity", "at_ms"])
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION correction_kept() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            f" RAISE EXCEPTION '{_REFUSAL}'; END $$"
        )
        op.execute(
            "CREATE TRIGGER correction_kept BEFORE UPDATE OR DELETE ON correction"
            " FOR EACH ROW EXECUTE FUNCTION correction_kept()"
        )
        return
    for event in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER correction_kept_{event.lower()} BEFORE {event} ON correction"
            f" BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END"
        )


def downgrade() -> None:
    op.drop_table("correction")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION correction_kept()")
