"""Non-routine adjustments, decisions about them, evidence: added, never changed.

Revision: 0005, after 0004.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_TABLES = ("adjustment", "adjustment_decision", "evidence")
_REFUSAL = "an adjustment is never changed: withdraw it and enter another one"


def _number() -> "sa.Column[int]":
    kind = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    return sa.Column("number", kind, autoincrement=True, nullable=False)


def _texts(*names: str) -> "list[sa.Column[str]]":
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def upgrade() -> None:
    op.create_table(
        "adjustment",
        _number(),
        *_texts("institution", "contract", "carrier"),
        sa.Column("start", sa.Date(), nullable=False),
        sa.Column("end", sa.Date(), nullable=True),
        *_texts("formula", "reason", "evidence"),
        sa.Column("evidence_sha256", sa.String(64), nullable=False),
        *_texts("author"),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_adjustment"),
    )
    op.create_index("ix_adjustment_institution", "adjustment", ["institution"])
    op.create_table(
        "adjustment_decision",
        _number(),
        sa.Column("adjustment", sa.BigInteger(), nullable=False),
        *_texts("kind", "by"),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        *_texts("reason"),
        sa.PrimaryKeyConstraint("number", name="pk_adjustment_decision"),
    )
    op.create_index("ix_adjustment_decision_adjustment", "adjustment_decision", ["adjustment"])
    op.create_table(
        "evidence",
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name="pk_evidence"),
    )
    _keep()


def _keep() -> None:
    """Let the database itself refuse changes."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION adjustment_kept() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            f" RAISE EXCEPTION '{_REFUSAL}'; END $$"
        )
        for table in _TABLES:
            op.execute(
                f"CREATE TRIGGER {table}_kept BEFORE UPDATE OR DELETE ON {table}"
                " FOR EACH ROW EXECUTE FUNCTION adjustment_kept()"
            )
        return
    for table in _TABLES:
        for event in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_kept_{event.lower()} BEFORE {event} ON {table}"
                f" BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END"
            )


def downgrade() -> None:
    for table in _TABLES:
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION adjustment_kept()")
