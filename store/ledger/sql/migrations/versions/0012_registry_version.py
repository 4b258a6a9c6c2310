"""A version of the registry, to ask for in place of reading it.

Revision: 0012, after 0011.
"""

from uuid import uuid4

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    table = op.create_table(
        "registry_version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_registry_version"),
    )
    op.bulk_insert(table, [{"id": 1, "version": uuid4().hex}])


def downgrade() -> None:
    op.drop_table("registry_version")
