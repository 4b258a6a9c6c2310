"""What who brought a kept message may speak for; and the messages of one source found quickly.

Revision: 0009, after 0008.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("kept_message", sa.Column("grants", sa.Text(), nullable=True))
    op.create_index("ix_kept_message_source", "kept_message", ["source"])


def downgrade() -> None:
    op.drop_index("ix_kept_message_source", table_name="kept_message")
    op.drop_column("kept_message", "grants")
