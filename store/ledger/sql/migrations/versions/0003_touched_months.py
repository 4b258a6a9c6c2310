"""Months that late or corrected readings touched.

Revision: 0003, after 0002.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "touched_month",
        sa.Column("institution", sa.Text(), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("stamp", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("institution", "month", name="pk_touched_month"),
    )


def downgrade() -> None:
    op.drop_table("touched_month")
