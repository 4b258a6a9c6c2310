"""Models are kept by kind and boundary; before, the carrier said these as well.

``electricity:chiller+pump`` was the baseline of two meters' electricity, ``typical_year`` no
carrier at all. Revision: 0007, after 0006.
"""

import sqlalchemy as sa
from alembic import op
from alembic.operations import BatchOperations

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_BEFORE = ("digest", "institution", "contract", "carrier")
_AFTER = ("digest", "institution", "contract", "kind", "carrier", "boundary")
_MODEL = sa.table("model", *(sa.column(name, sa.Text()) for name in _AFTER))


def upgrade() -> None:
    with op.batch_alter_table("model") as table:
        table.add_column(sa.Column("kind", sa.Text(), nullable=False, server_default="baseline"))
        table.add_column(sa.Column("boundary", sa.Text(), nullable=False, server_default=""))
        _key(table, _AFTER)  # before the carriers become equal
    is_year = _MODEL.c.carrier == "typical_year"
    op.execute(_MODEL.update().where(is_year).values(kind="typical_year", carrier=""))
    connection = op.get_bind()
    together = sa.select(_MODEL.c.carrier).where(_MODEL.c.carrier.contains(":")).distinct()
    for (written,) in connection.execute(together).all():
        carrier, _, boundary = written.partition(":")
        of_these = _MODEL.update().where(_MODEL.c.carrier == written)
        op.execute(of_these.values(carrier=carrier, boundary=boundary))
    with op.batch_alter_table("model") as table:
        table.alter_column("kind", server_default=None)
        table.alter_column("boundary", server_default=None)


def downgrade() -> None:
    carrier, boundary = _MODEL.c.carrier, _MODEL.c.boundary
    with_meters = _MODEL.update().where(boundary != "")
    op.execute(with_meters.values(carrier=carrier + ":" + boundary))
    is_year = _MODEL.c.kind == "typical_year"
    op.execute(_MODEL.update().where(is_year).values(carrier="typical_year"))
    with op.batch_alter_table("model") as table:
        _key(table, _BEFORE)
        table.drop_column("kind")
        table.drop_column("boundary")


def _key(table: BatchOperations, columns: tuple[str, ...]) -> None:
    """Another primary key; SQLite copies the table for it."""
    table.drop_constraint("pk_model", type_="primary")
    table.create_primary_key("pk_model", list(columns))
