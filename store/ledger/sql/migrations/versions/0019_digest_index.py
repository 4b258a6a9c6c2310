"""Signed months found by their digest.

Revision: 0019, after 0018.
"""

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_revision_digest", "revision", ["digest"])


def downgrade() -> None:
    op.drop_index("ix_revision_digest", "revision")
