"""What questions are answered from: a version of the results, views kept ready, narrow indexes.

Revision: 0013, after 0012.
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "results_version",
        sa.Column("institution", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("institution", name="pk_results_version"),
    )
    op.create_table(
        "shown",
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("view", sa.Text(), nullable=False),
        sa.Column("shape", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("digest", "view", name="pk_shown"),
    )
    op.create_index("ix_month_state_month", "month_state", ["month"])
    op.create_index(
        "ix_figure_value",
        "figure",
        [
            "result_id",
            "name",
            "subject",
            "value",
            "share_measured",
            "share_estimated",
            "share_missing",
        ],
    )


def downgrade() -> None:
    op.drop_index("ix_figure_value", "figure")
    op.drop_index("ix_month_state_month", "month_state")
    op.drop_table("shown")
    op.drop_table("results_version")
