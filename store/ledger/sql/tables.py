"""The ledger's tables. Change them together with a migration in `store/ledger/sql/migrations/versions`."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Date,
    DateTime,
    Dialect,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)

HEAD = "0022"
"""The newest migration."""


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC instant, also on engines that know no time zones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        at: datetime = value
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
    }
)


def _id(name: str = "id", **options: Any) -> Column[str]:
    return Column(name, Text, **options)


def row_number(name: str = "id", **options: Any) -> Column[int]:
    # SQLite counts up only a column of exactly the type INTEGER.
    return Column(name, BigInteger().with_variant(Integer(), "sqlite"), **options)


def _name() -> tuple[Column[str], Column[str]]:
    return Column("name_zh", Text, nullable=False), Column("name_en", Text, nullable=False)


def _details() -> Column[Any]:
    return Column("details", JSON, nullable=False)


institution = Table(
    "institution",
    metadata,
    _id(primary_key=True),
    *_name(),
    Column("building_type", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("timezone", Text, nullable=False),
    Column("calendar", Text, nullable=False),
    _id("weather_device", nullable=False),
    Column("credit_code", Text, nullable=False),
    Column("district_code", Text, nullable=False),
    _details(),
)

building = Table(
    "building",
    metadata,
    _id(primary_key=True),
    _id("institution", nullable=False, index=True),
    *_name(),
    Column("floor_area_m2", Float),
    Column("latitude", Float),
    Column("longitude", Float),
    _details(),
)

device = Table(
    "device",
    metadata,
    _id(primary_key=True),
    Column("device_class", Text, nullable=False),
    _id("institution", nullable=False, index=True),
    _id("building", nullable=False),
    *_name(),
    Column("expected_interval_s", Integer, nullable=False),
    _details(),
)

contract = Table(
    "contract",
    metadata,
    _id(primary_key=True),
    _id("institution", nullable=False, index=True),
    *_name(),
    Column("form", Text, nullable=False),
    Column("baseline_start", Date, nullable=False),
    Column("baseline_end", Date, nullable=False),
    Column("reporting_start", Date, nullable=False),
    Column("reporting_end", Date),
    Column("confidence", Float, nullable=False),
    Column("vendor", Text, nullable=False),
    _details(),
)

# One row: another random word after every change of the four tables above.
registry_version = Table(
    "registry_version",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("version", Text, nullable=False),
)

# One computed result of an institution and month. Rows that a revision names are never changed.
result = Table(
    "result",
    metadata,
    row_number(primary_key=True),
    _id("institution", nullable=False),
    Column("month", String(7), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("findings", JSON, nullable=False),
    Column("models", JSON, nullable=False),
    Index("ix_result_institution_month", "institution", "month"),
)

figure = Table(
    "figure",
    metadata,
    row_number("result_id", primary_key=True, autoincrement=False),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False, index=True),
    Column("subject", Text, nullable=False),
    Column("value", Float),
    Column("low", Float),
    Column("high", Float),
    Column("confidence", Float),
    Column("verdict", Text),
    Column("share_measured", Float, nullable=False),
    Column("share_estimated", Float, nullable=False),
    Column("share_missing", Float, nullable=False),
    Column("method", Text, nullable=False),
    Column("factors", JSON, nullable=False),
    Column("findings", JSON, nullable=False),
    UniqueConstraint("result_id", "name", "subject"),
    # All of a value but its words, which are most of the table's bytes.
    Index(
        "ix_figure_value",
        "result_id",
        "name",
        "subject",
        "value",
        "share_measured",
        "share_estimated",
        "share_missing",
    ),
    sqlite_with_rowid=False,
)

day_value = Table(
    "day_value",
    metadata,
    row_number("result_id", primary_key=True, autoincrement=False),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("day", Date, nullable=False),
    Column("name", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("value", Float),
    Column("quality", Text, nullable=False),
    Column("low", Float),
    Column("high", Float),
    sqlite_with_rowid=False,
)

# Where each month stands. `computed_id` is the open result, or the restatement that waits.
month_state = Table(
    "month_state",
    metadata,
    _id("institution", primary_key=True),
    Column("month", String(7), primary_key=True, index=True),
    Column("revision", Integer, nullable=False),
    row_number("standing_id"),
    row_number("computed_id"),
    Column("computed_at", UtcDateTime, nullable=False),
)

# One row an institution, and one ("") for all: another random word after every change of what its
# results say, or of how its months stand.
results_version = Table(
    "results_version",
    metadata,
    _id("institution", primary_key=True),
    Column("version", Text, nullable=False),
)

# Views of results kept ready, compressed, by the result's digest: never out of date.
shown = Table(
    "shown",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("view", Text, primary_key=True),
    Column("shape", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
)

revision = Table(
    "revision",
    metadata,
    _id("institution", primary_key=True),
    Column("month", String(7), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    row_number("result_id", nullable=False, unique=True),
    Column("digest", String(64), nullable=False),
    Column("code_version", Text, nullable=False),
    Column("signed_by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("closed_at", UtcDateTime, nullable=False),
)

model = Table(
    "model",
    metadata,
    Column("digest", String(64), primary_key=True),
    _id("institution", primary_key=True, index=True),
    _id("contract", primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("carrier", Text, primary_key=True),
    Column("boundary", Text, primary_key=True),
    Column("json", Text, nullable=False),
    Column("fitted_at", UtcDateTime, nullable=False),
)

aside = Table(
    "aside",
    metadata,
    Column("source", Text, primary_key=True),
    Column("code", Text, primary_key=True),
    Column("device", Text, primary_key=True),
    Column("detail", Text, nullable=False),
    Column("sample", LargeBinary, nullable=False),
    Column("count", BigInteger, nullable=False),
    Column("first_at", UtcDateTime, nullable=False),
    Column("last_at", UtcDateTime, nullable=False),
)

# What `aside` counts, whole, to be ingested later: each message once.
kept = Table(
    "kept",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("source", Text, nullable=False),
    Column("bringer", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("arrived_at_ms", BigInteger, nullable=False),
    Column("grants", Text),
    Column("size_bytes", BigInteger, nullable=False),
    Index("ix_kept_source", "source"),
)

# Why: the groups of `aside` that refer to a kept message.
kept_reason = Table(
    "kept_reason",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("code", Text, primary_key=True),
    Column("device", Text, primary_key=True),
    Index("ix_kept_reason_code_device", "code", "device"),
    sqlite_with_rowid=False,
)

# How much is kept of each bringer, and of all (the bringer without a name).
kept_room = Table(
    "kept_room",
    metadata,
    Column("bringer", Text, primary_key=True),
    Column("messages", BigInteger, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
)

# Late readings of which nobody has found out yet which months they touch: the first and the last
# of a series and UTC day (counted from 1970).
late_readings = Table(
    "late_readings",
    metadata,
    Column("device", Text, primary_key=True),
    Column("quantity", Text, primary_key=True),
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("start_ms", BigInteger, nullable=False),
    Column("end_ms", BigInteger, nullable=False),
    Column("stamp", String(32), nullable=False),
)

# One row: another random word after notes of late readings were forgotten.
late_version = Table(
    "late_version",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("version", String(32), nullable=False),
)

# What late readings touched and nobody has recomputed yet.
touched_month = Table(
    "touched_month",
    metadata,
    Column("institution", Text, primary_key=True),
    Column("month", String(7), primary_key=True),
    Column("stamp", String(32), nullable=False),
)

# The numbers that metrics of Sparkplug nodes go by.
sparkplug_birth = Table(
    "sparkplug_birth",
    metadata,
    Column("group_name", Text, primary_key=True),
    Column("node", Text, primary_key=True),
    Column("aliases", Text, nullable=False),
    Column("told_at_ms", BigInteger, nullable=False),
)

# What people say readings should have been; only ever added to.
correction = Table(
    "correction",
    metadata,
    Column(
        "number",
        BigInteger().with_variant(Integer, "sqlite"),
        primary_key=True,
        autoincrement=True,
    ),
    Column("device", Text, nullable=False),
    Column("quantity", Text, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("value", Float),
    Column("author", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("entered_at", UtcDateTime, nullable=False),
    Index("ix_correction_reading", "device", "quantity", "at_ms"),
)

# What people say changed in a building, and what was decided about it; only ever added to.
adjustment = Table(
    "adjustment",
    metadata,
    row_number("number", primary_key=True, autoincrement=True),
    _id("institution", nullable=False, index=True),
    _id("contract", nullable=False),
    Column("carrier", Text, nullable=False),
    Column("start", Date, nullable=False),
    Column("end", Date),
    Column("formula", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("evidence", Text, nullable=False),
    Column("evidence_sha256", String(64), nullable=False),
    Column("author", Text, nullable=False),
    Column("entered_at", UtcDateTime, nullable=False),
)

adjustment_decision = Table(
    "adjustment_decision",
    metadata,
    row_number("number", primary_key=True, autoincrement=True),
    Column("adjustment", BigInteger, nullable=False, index=True),
    Column("kind", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("reason", Text, nullable=False),
)

# Files that show what people said, by the SHA-256 of their content.
evidence = Table(
    "evidence",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("content", LargeBinary, nullable=False),
)
