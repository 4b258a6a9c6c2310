"""People who sign in with a password, their sessions, and their attempts.

Revision: 0019, after 0018.
"""

import sqlalchemy as sa
from alembic import op

from store.ledger.sql.tables import UtcDateTime

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "person",
        sa.Column("login", sa.String(100), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("scope", sa.JSON(), nullable=False),
        sa.Column("password", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text()),
        sa.Column("added_at", UtcDateTime(), nullable=False),
        sa.Column("locked_at", UtcDateTime()),
        sa.PrimaryKeyConstraint("login", name="pk_person"),
        sa.UniqueConstraint("subject", name="uq_person_subject"),
        sa.ForeignKeyConstraint(["holder"], ["key_holder.id"], name="fk_person_holder"),
    )
    op.create_table(
        "person_session",
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("login", sa.String(100), nullable=False),
        sa.Column("begun_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_person_session"),
        sa.ForeignKeyConstraint(["login"], ["person.login"], name="fk_person_session_login"),
    )
    op.create_index("ix_person_session_login", "person_session", ["login"])
    op.create_table(
        "sign_in_attempt",
        sa.Column("mark", sa.String(64), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("until", UtcDateTime()),
        sa.PrimaryKeyConstraint("mark", name="pk_sign_in_attempt"),
    )


def downgrade() -> None:
    op.drop_table("sign_in_attempt")
    op.drop_table("person_session")
    op.drop_table("person")
