"""A kept message is kept once and referred to by its reasons, and what is kept is measured.

Revision: 0010, after 0009.
"""

from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None
_AT_ONCE = 200
_REASONS_MAX = 20

_old = sa.table(
    "kept_message",
    *map(sa.column, ("digest", "source", "code", "device", "topic", "payload", "grants")),
    sa.column("arrived_at_ms"),
)


def upgrade() -> None:
    kept = op.create_table(
        "kept",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("bringer", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("arrived_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("grants", sa.Text(), nullable=True),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_kept"),
    )
    op.create_index("ix_kept_source", "kept", ["source"])
    reason = op.create_table(
        "kept_reason",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("device", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("digest", "code", "device", name="pk_kept_reason"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_kept_reason_code_device", "kept_reason", ["code", "device"])
    op.create_table(
        "kept_room",
        sa.Column("bringer", sa.Text(), nullable=False),
        sa.Column("messages", sa.BigInteger(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("bringer", name="pk_kept_room"),
    )
    _move(kept, reason)
    op.drop_table("kept_message")
    op.execute(
        "INSERT INTO kept_room SELECT bringer, count(*), sum(size_bytes) FROM kept GROUP BY bringer"
    )
    op.execute("INSERT INTO kept_room SELECT '', count(*), coalesce(sum(size_bytes), 0) FROM kept")


def downgrade() -> None:
    """Every message under each of its reasons again; reasons beyond twenty were left out."""
    op.create_table(
        "kept_message",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("arrived_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("grants", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("digest", name="pk_kept_message"),
    )
    op.create_index("ix_kept_message_code_device", "kept_message", ["code", "device"])
    op.create_index("ix_kept_message_source", "kept_message", ["source"])
    connection = op.get_bind()
    both = sa.text(
        "SELECT k.source, r.code, r.device, k.topic, k.payload, k.arrived_at_ms, k.grants"
        " FROM kept k JOIN kept_reason r ON r.digest = k.digest"
    )
    for row in connection.execute(both).mappings():
        parts = [row["source"], row["code"], row["device"], row["topic"]]
        if row["grants"] is not None:
            parts.append(row["grants"])
        digest = _digest(parts, row["payload"], 64)
        connection.execute(_old.insert().values(digest=digest, **row))
    for table in ("kept_room", "kept_reason", "kept"):
        op.drop_table(table)


def _move(kept: Any, reason: Any) -> None:
    """Message by message as they were kept; the first of equal ones brings the payload."""
    connection = op.get_bind()
    reasons: dict[str, int] = {}
    for row in _rows(connection):
        parts = [row.source, row.topic, *([] if row.grants is None else [row.grants])]
        digest = _digest(parts, row.payload)
        named = {"digest": digest, "code": row.code, "device": row.device}
        if digest not in reasons:
            bringer = row.source
            if row.grants is not None:
                bringer += f" {sha256(row.grants.encode()).hexdigest()[:16]}"
            connection.execute(
                kept.insert().values(
                    digest=digest,
                    source=row.source,
                    bringer=bringer,
                    topic=row.topic,
                    payload=row.payload,
                    arrived_at_ms=row.arrived_at_ms,
                    grants=row.grants,
                    size_bytes=300 + len(row.payload) + len(f"{row.source}{row.topic}".encode()),
                )
            )
        elif reasons[digest] >= _REASONS_MAX:  # so many are told apart
            named["device"] = ""
        at = sa.and_(*(reason.c[k] == v for k, v in named.items()))
        if connection.execute(sa.select(reason.c.code).where(at)).first() is None:
            connection.execute(reason.insert().values(named))
            size = 150 + 2 * len(f"{named['code']}{named['device']}".encode())
            grown = kept.update().where(kept.c.digest == digest)
            connection.execute(grown.values(size_bytes=kept.c.size_bytes + size))
            reasons[digest] = reasons.get(digest, 0) + bool(named["device"])


def _rows(connection: Any) -> Iterator[Any]:
    """Everything kept, some at a time: payloads are many megabytes together."""
    after = ""
    while True:
        query = sa.select(_old).where(_old.c.digest > after).order_by(_old.c.digest)
        rows = connection.execute(query.limit(_AT_ONCE)).all()
        if not rows:
            return
        yield from rows
        after = rows[-1].digest


def _digest(parts: list[str], payload: bytes, chars: int = 32) -> str:
    head = "\n".join(parts).encode(errors="replace")
    return sha256(head + b"\n" + payload).hexdigest()[:chars]
