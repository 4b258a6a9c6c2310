"""Signed months found by their digest.

Revision: 0020, after 0019.
"""

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_revision_digest", "revision", ["digest"])


def downgrade() -> None:
    op.drop_index("ix_revision_digest", "revision")
