"""Requests that are asked once, with what was answered.

Revision: 0021, after 0020.
"""

import sqlalchemy as sa
from alembic import op

from store.ledger.sql.tables import UtcDateTime

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "asked_once",
        sa.Column("sender", sa.String(64), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("asked", sa.String(64), nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("status", sa.Integer()),
        sa.Column("media", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("sender", "key", name="pk_asked_once"),
    )
    op.create_index("ix_asked_once_asked_at", "asked_once", ["asked_at"])


def downgrade() -> None:
    op.drop_index("ix_asked_once_asked_at", "asked_once")
    op.drop_table("asked_once")
