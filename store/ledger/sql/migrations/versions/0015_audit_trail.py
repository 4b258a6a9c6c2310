"""The audit trail: a hash chain, begun with what is there already; more is kept from change.

Revision: 0015, after 0014.
"""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import sqlalchemy as sa
from alembic import op

# The chain and the rows' digests never change, so neither does what is called of them here.
from domain.audit import LOCAL, Act, Actor
from domain.calendar import from_ms
from store.ledger.chain import at_text
from store.ledger.sql import tables as t
from store.ledger.sql.audit.append import append, append_at
from store.ledger.sql.audit.vouched import (
    ADJUSTMENT,
    CORRECTION,
    DECISION,
    EVIDENCE,
    MODEL,
    REVISION,
    Vouched,
    told,
)

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_SIGNED = (
    "a signed revision is never changed: correct the readings or enter an adjustment, and approve"
    " the restatement with civicmeter close --reason"
)
_TRAIL = "an audit entry is never changed: put right what is wrong, the trail tells of that too"
_MODEL = "a frozen model is never changed: freeze another one"
_OF_REVISION = "EXISTS (SELECT 1 FROM revision WHERE result_id = {row}.{column})"

# table, how a row is known to be kept, the refusal
_KEPT = {
    "revision": ("1 = 1", _SIGNED),
    "result": (_OF_REVISION.format(row="OLD", column="id"), _SIGNED),
    "figure": (_OF_REVISION.format(row="OLD", column="result_id"), _SIGNED),
    "day_value": (_OF_REVISION.format(row="OLD", column="result_id"), _SIGNED),
    "audit_entry": ("1 = 1", _TRAIL),
    "model": ("1 = 1", _MODEL),
}
# On SQLite, INSERT OR REPLACE deletes without asking the triggers that refuse a deletion.
_REPLACED = {
    "revision": (
        "EXISTS (SELECT 1 FROM revision WHERE result_id = NEW.result_id OR (institution ="
        " NEW.institution AND month = NEW.month AND number = NEW.number))",
        _SIGNED,
    ),
    "result": (_OF_REVISION.format(row="NEW", column="id"), _SIGNED),
    "figure": (_OF_REVISION.format(row="NEW", column="result_id"), _SIGNED),
    "day_value": (_OF_REVISION.format(row="NEW", column="result_id"), _SIGNED),
    "audit_entry": ("EXISTS (SELECT 1 FROM audit_entry WHERE number = NEW.number)", _TRAIL),
    "correction": (
        "EXISTS (SELECT 1 FROM correction WHERE number = NEW.number)",
        "a correction is never changed: enter another one",
    ),
    "adjustment": (
        "EXISTS (SELECT 1 FROM adjustment WHERE number = NEW.number)",
        "an adjustment is never changed: withdraw it and enter another one",
    ),
    "adjustment_decision": (
        "EXISTS (SELECT 1 FROM adjustment_decision WHERE number = NEW.number)",
        "a decision is never changed: withdraw the adjustment and enter another one",
    ),
    "evidence": (
        "EXISTS (SELECT 1 FROM evidence WHERE sha256 = NEW.sha256)",
        "evidence is never changed: enter another adjustment with another file",
    ),
}
_OLDER = ("revision", "result", "figure", "day_value")
_AT_ONCE = 1_000
_BEFORE = "before the chain"
"""The principal of what was entered before: nobody wrote down who it was."""


def upgrade() -> None:
    op.create_table(
        "audit_entry",
        sa.Column(
            "number",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        *(
            sa.Column(name, sa.Text(), nullable=name in ("before", "after"))
            for name in (
                "at",
                "principal",
                "person",
                "word",
                "action",
                "kind",
                "object",
                "institution",
                "contract",
                "before",
                "after",
                "reason",
            )
        ),
        sa.Column("previous", sa.String(64), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_audit_entry"),
    )
    op.create_index("ix_audit_entry_object", "audit_entry", ["kind", "object"])
    op.create_index("ix_audit_entry_institution", "audit_entry", ["institution"])
    _begin()
    if op.get_bind().dialect.name == "postgresql":
        _keep_postgresql()
    else:
        _keep_sqlite()


def downgrade() -> None:
    """The older refusals stay, with the newer words. The chain is lost: upgrading begins another."""
    tables = sorted({*_KEPT, *_REPLACED})
    if op.get_bind().dialect.name == "postgresql":
        for table in tables:
            op.execute(f"DROP TRIGGER {table}_never_truncated ON {table}")
        op.execute("DROP FUNCTION never_truncated()")
        op.execute("DROP TRIGGER model_kept ON model")
        op.drop_table("audit_entry")
        op.execute("DROP FUNCTION model_kept()")
        op.execute("DROP FUNCTION audit_entry_kept()")
        return
    for table in _REPLACED:
        op.execute(f"DROP TRIGGER {table}_kept_insert")
    for event in ("update", "delete"):
        op.execute(f"DROP TRIGGER model_kept_{event}")
    op.drop_table("audit_entry")


def _begin() -> None:
    """The first entry, and one for every row that is there, in the order of their times."""
    connection = op.get_bind()
    chain = {"chain": uuid4().hex}
    append(connection, LOCAL, [Act(action="begin", kind="chain", id="chain", after=chain)])
    found = sorted(_there(connection), key=lambda one: one[0])
    for start in range(0, len(found), _AT_ONCE):
        part = found[start : start + _AT_ONCE]
        append_at(
            connection,
            [
                (at, Actor(_BEFORE, word=word), told(connection, of, key, action, **more))
                for at, _, of, key, word, action, more in part
            ],
        )


_There = tuple[str, int, Vouched, tuple[Any, ...], str, str, dict[str, Any]]


def _there(connection: sa.Connection) -> Iterator[_There]:
    """(when, in which order at that time, the row's table and key, on whose word, action, more)."""
    for r in connection.execute(sa.select(t.revision)):
        key = (r.institution, r.month, r.number)
        after = {"revision": r.number, "digest": r.digest}
        more = {"institution": r.institution, "after": after, "reason": r.reason}
        action = "close" if r.number == 1 else "restate"
        yield at_text(r.closed_at), r.number, REVISION, key, r.signed_by, action, more
    devices = dict(connection.execute(sa.select(t.device.c.id, t.device.c.institution)).all())
    for r in connection.execute(sa.select(t.correction)):
        at = from_ms(r.at_ms).isoformat()
        after = {"device": r.device, "quantity": r.quantity, "at": at, "value": r.value}
        more = {"institution": devices.get(r.device, ""), "after": after, "reason": r.reason}
        yield at_text(r.entered_at), r.number, CORRECTION, (r.number,), r.author, "enter", more
    owner: dict[int, dict[str, str]] = {}
    first: dict[str, Any] = {}
    for r in connection.execute(sa.select(t.adjustment).order_by(t.adjustment.c.number)):
        owner[r.number] = {"institution": r.institution, "contract": r.contract}
        first.setdefault(r.evidence_sha256, r)
        after = {"carrier": r.carrier, "start": f"{r.start}", "formula": r.formula}
        more = {**owner[r.number], "after": after, "reason": r.reason}
        yield at_text(r.entered_at), r.number, ADJUSTMENT, (r.number,), r.author, "enter", more
    for r in connection.execute(sa.select(t.adjustment_decision)):
        action = "approve" if r.kind == "approved" else "withdraw"
        after = {"adjustment": r.adjustment, "status": r.kind}
        more = {**owner.get(r.adjustment, {}), "after": after, "reason": r.reason}
        yield at_text(r.at), r.number, DECISION, (r.number,), r.by, action, more
    for (digest,) in connection.execute(sa.select(t.evidence.c.sha256)):
        of = first.get(digest)
        more = owner[of.number] if of else {}
        at, word = (at_text(of.entered_at), of.author) if of else ("", "")
        yield at, of.number if of else 0, EVIDENCE, (digest,), word, "keep", more
    for r in connection.execute(sa.select(t.model)):
        key = tuple(getattr(r, k) for k in MODEL.key)
        more = {"institution": r.institution, "contract": r.contract}
        yield at_text(r.fitted_at), 0, MODEL, key, "", "freeze", more


def _keep_sqlite() -> None:
    for table, (kept, refusal) in _KEPT.items():
        for event in ("UPDATE", "DELETE"):
            name = f"{table}_kept_{event.lower()}"
            if table in _OLDER:
                op.execute(f"DROP TRIGGER {name}")
            op.execute(
                f"CREATE TRIGGER {name} BEFORE {event} ON {table}"
                f" WHEN {kept} BEGIN SELECT RAISE(ABORT, '{refusal}'); END"
            )
    for table, (there, refusal) in _REPLACED.items():
        op.execute(
            f"CREATE TRIGGER {table}_kept_insert BEFORE INSERT ON {table}"
            f" WHEN {there} BEGIN SELECT RAISE(ABORT, '{refusal}'); END"
        )


def _keep_postgresql() -> None:
    for table, (kept, refusal) in _KEPT.items():
        op.execute(
            f"CREATE OR REPLACE FUNCTION {table}_kept() RETURNS trigger LANGUAGE plpgsql AS $$"
            f" BEGIN IF {kept} THEN RAISE EXCEPTION '{refusal}'; END IF;"
            " IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END $$"
        )
        if table not in _OLDER:
            op.execute(
                f"CREATE TRIGGER {table}_kept BEFORE UPDATE OR DELETE ON {table}"
                f" FOR EACH ROW EXECUTE FUNCTION {table}_kept()"
            )
    op.execute(
        "CREATE FUNCTION never_truncated() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " RAISE EXCEPTION 'what the audit trail vouches for is never changed: restore a backup"
        " into another database'; END $$"
    )
    for table in sorted({*_KEPT, *_REPLACED}):
        op.execute(
            f"CREATE TRIGGER {table}_never_truncated BEFORE TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION never_truncated()"
        )
