"""A version of the notes of late readings, to ask for in place of noting once more.

Revision: 0014, after 0013.
"""

from uuid import uuid4

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    table = op.create_table(
        "late_version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_late_version"),
    )
    op.bulk_insert(table, [{"id": 1, "version": uuid4().hex}])


def downgrade() -> None:
    op.drop_table("late_version")
