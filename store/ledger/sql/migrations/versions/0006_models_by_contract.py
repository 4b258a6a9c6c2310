"""Models are kept by contract: two contracts may have the same baseline.

Revision: 0006, after 0005.
"""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _key("digest", "institution", "contract", "carrier")


def downgrade() -> None:
    op.execute(
        "DELETE FROM model WHERE EXISTS (SELECT 1 FROM model AS other WHERE"
        " other.digest = model.digest AND (other.institution, other.contract, other.carrier)"
        " < (model.institution, model.contract, model.carrier))"
    )
    _key("digest")


def _key(*columns: str) -> None:
    """Another primary key; SQLite copies the table for it."""
    with op.batch_alter_table("model") as table:
        table.drop_constraint("pk_model", type_="primary")
        table.create_primary_key("pk_model", list(columns))
