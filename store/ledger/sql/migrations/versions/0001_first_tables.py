"""The ledger's first tables.

Revision: 0001, after none. Signed revisions and what they name are kept from change by triggers.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
ROW_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

# table, how a row (OLD) is known to belong to a signed revision
_KEPT = {
    "revision": "1 = 1",
    "result": "EXISTS (SELECT 1 FROM revision WHERE result_id = OLD.id)",
    "figure": "EXISTS (SELECT 1 FROM revision WHERE result_id = OLD.result_id)",
    "day_value": "EXISTS (SELECT 1 FROM revision WHERE result_id = OLD.result_id)",
}
_REFUSAL = "a signed revision is never changed"


def upgrade() -> None:
    _create_registry()
    _create_results()
    _create_revisions()
    _create_rest()
    if op.get_bind().dialect.name == "postgresql":
        _keep_revisions_postgresql()
    else:
        _keep_revisions_sqlite()


def downgrade() -> None:
    raise NotImplementedError("there is nothing before the first tables: restore a backup")


def _keep_revisions_sqlite() -> None:
    for table, signed in _KEPT.items():
        for event in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_kept_{event.lower()} BEFORE {event} ON {table}"
                f" WHEN {signed} BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END"
            )


def _keep_revisions_postgresql() -> None:
    for table, signed in _KEPT.items():
        op.execute(
            f"CREATE FUNCTION {table}_kept() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            f" IF {signed} THEN RAISE EXCEPTION '{_REFUSAL}'; END IF;"
            " IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END $$"
        )
        op.execute(
            f"CREATE TRIGGER {table}_kept BEFORE UPDATE OR DELETE ON {table}"
            f" FOR EACH ROW EXECUTE FUNCTION {table}_kept()"
        )


def _create_registry() -> None:
    op.create_table(
        "institution",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name_zh", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("building_type", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.Column("calendar", sa.Text(), nullable=False),
        sa.Column("weather_device", sa.Text(), nullable=False),
        sa.Column("credit_code", sa.Text(), nullable=False),
        sa.Column("district_code", sa.Text(), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_institution"),
    )
    op.create_table(
        "building",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("institution", sa.Text(), nullable=False),
        sa.Column("name_zh", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("floor_area_m2", sa.Float(), nullable=True),
        sa.Column("latitude", sa.Float(), nullable=True),
        sa.Column("longitude", sa.Float(), nullable=True),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_building"),
    )
    op.create_index("ix_building_institution", "building", ["institution"], unique=False)
    op.create_table(
        "device",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("device_class", sa.Text(), nullable=False),
        sa.Column("institution", sa.Text(), nullable=False),
        sa.Column("building", sa.Text(), nullable=False),
        sa.Column("name_zh", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("expected_interval_s", sa.Integer(), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_device"),
    )
    op.create_index("ix_device_institution", "device", ["institution"], unique=False)
    op.create_table(
        "contract",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("institution", sa.Text(), nullable=False),
        sa.Column("name_zh", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column("baseline_start", sa.Date(), nullable=False),
        sa.Column("baseline_end", sa.Date(), nullable=False),
        sa.Column("reporting_start", sa.Date(), nullable=False),
        sa.Column("reporting_end", sa.Date(), nullable=True),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.Column("vendor", sa.Text(), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_contract"),
    )
    op.create_index("ix_contract_institution", "contract", ["institution"], unique=False)


def _create_results() -> None:
    op.create_table(
        "result",
        sa.Column("id", ROW_NUMBER, nullable=False),
        sa.Column("institution", sa.Text(), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("findings", sa.JSON(), nullable=False),
        sa.Column("models", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_result"),
    )
    op.create_index("ix_result_institution_month", "result", ["institution", "month"], unique=False)
    op.create_table(
        "figure",
        sa.Column("result_id", ROW_NUMBER, autoincrement=False, nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("value", sa.Float(), nullable=True),
        sa.Column("low", sa.Float(), nullable=True),
        sa.Column("high", sa.Float(), nullable=True),
        sa.Column("confidence", sa.Float(), nullable=True),
        sa.Column("verdict", sa.Text(), nullable=True),
        sa.Column("share_measured", sa.Float(), nullable=False),
        sa.Column("share_estimated", sa.Float(), nullable=False),
        sa.Column("share_missing", sa.Float(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("factors", sa.JSON(), nullable=False),
        sa.Column("findings", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("result_id", "position", name="pk_figure"),
        sa.UniqueConstraint("result_id", "name", "subject", name="uq_figure_result_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_figure_name", "figure", ["name"], unique=False)
    op.create_table(
        "day_value",
        sa.Column("result_id", ROW_NUMBER, autoincrement=False, nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("value", sa.Float(), nullable=True),
        sa.Column("quality", sa.Text(), nullable=False),
        sa.Column("low", sa.Float(), nullable=True),
        sa.Column("high", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("result_id", "position", name="pk_day_value"),
        sqlite_with_rowid=False,
    )


def _create_revisions() -> None:
    op.create_table(
        "month_state",
        sa.Column("institution", sa.Text(), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("standing_id", ROW_NUMBER, nullable=True),
        sa.Column("computed_id", ROW_NUMBER, nullable=True),
        sa.Column("computed_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("institution", "month", name="pk_month_state"),
    )
    op.create_table(
        "revision",
        sa.Column("institution", sa.Text(), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("result_id", ROW_NUMBER, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("code_version", sa.Text(), nullable=False),
        sa.Column("signed_by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("closed_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("institution", "month", "number", name="pk_revision"),
        sa.UniqueConstraint("result_id", name="uq_revision_result_id"),
    )


def _create_rest() -> None:
    op.create_table(
        "model",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("institution", sa.Text(), nullable=False),
        sa.Column("contract", sa.Text(), nullable=False),
        sa.Column("carrier", sa.Text(), nullable=False),
        sa.Column("json", sa.Text(), nullable=False),
        sa.Column("fitted_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_model"),
    )
    op.create_index("ix_model_institution", "model", ["institution"], unique=False)
    op.create_table(
        "aside",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("sample", sa.LargeBinary(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("first_at", INSTANT, nullable=False),
        sa.Column("last_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("source", "code", "device", name="pk_aside"),
    )
