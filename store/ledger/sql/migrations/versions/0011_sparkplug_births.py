"""What Sparkplug nodes told at birth.

Revision: 0011, after 0010.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sparkplug_birth",
        sa.Column("group_name", sa.Text(), nullable=False),
        sa.Column("node", sa.Text(), nullable=False),
        sa.Column("aliases", sa.Text(), nullable=False),
        sa.Column("told_at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("group_name", "node", name="pk_sparkplug_birth"),
    )


def downgrade() -> None:
    op.drop_table("sparkplug_birth")
