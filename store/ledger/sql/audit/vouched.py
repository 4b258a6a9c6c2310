"""The rows that the audit trail vouches for: each is told of by one entry, which holds its digest.

A table is vouched for by a line in `VOUCHED`. The columns a digest is over never change: a column
added to a table later is not in the digests of rows that were there before, so it needs another
kind beside the old one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    ColumnElement,
    Connection,
    Table,
    Text,
    and_,
    cast,
    literal,
    select,
    type_coerce,
)

from domain.audit import Act
from domain.models import ModelRecord
from store.ledger.chain import row_digest, rows_digest
from store.ledger.sql import paid
from store.ledger.sql import tables as t


@dataclass(frozen=True, slots=True)
class Vouched:
    """A table whose rows are vouched for: as the objects of entries of `kind`, by `key`, which
    together make the object's id."""

    kind: str
    table: Table
    key: tuple[str, ...]
    columns: tuple[str, ...]

    def id_of(self, key: Sequence[Any]) -> str:
        """The id by which an entry names a row."""
        return "/".join(map(str, key))

    def id_column(self) -> ColumnElement[str]:
        """As `id_of`, in the database."""
        first, *others = (cast(self.table.c[k], Text) for k in self.key)
        joined: ColumnElement[str] = first
        for part in others:
            joined = joined.concat(literal("/")).concat(part)
        return joined


REVISION = Vouched(
    "revision",
    t.revision,
    ("institution", "month", "number"),
    (
        "institution",
        "month",
        "number",
        "result_id",
        "digest",
        "code_version",
        "signed_by",
        "reason",
        "closed_at",
    ),
)
CORRECTION = Vouched(
    "correction",
    t.correction,
    ("number",),
    ("number", "device", "quantity", "at_ms", "value", "author", "reason", "entered_at"),
)
ADJUSTMENT = Vouched(
    "adjustment",
    t.adjustment,
    ("number",),
    (
        "number",
        "institution",
        "contract",
        "carrier",
        "start",
        "end",
        "formula",
        "reason",
        "evidence",
        "evidence_sha256",
        "author",
        "entered_at",
    ),
)
DECISION = Vouched(
    "adjustment_decision",
    t.adjustment_decision,
    ("number",),
    ("number", "adjustment", "kind", "by", "at", "reason"),
)
EVIDENCE = Vouched("evidence", t.evidence, ("sha256",), ("sha256", "content"))
MODEL = Vouched(
    "model",
    t.model,
    ("digest", "institution", "contract", "kind", "carrier", "boundary"),
    ("digest", "institution", "contract", "kind", "carrier", "boundary", "json", "fitted_at"),
)
STATEMENT = Vouched(
    "statement",
    paid.statement,
    ("agreement", "month", "number"),
    ("agreement", "month", "number", "body", "digest", "code_version", "issued_by", "issued_at"),
)
SIGNATURE = Vouched(
    "signature",
    paid.signature,
    ("number",),
    ("number", "agreement", "month", "statement", "side", "by", "at", "digest"),
)
WAIVER = Vouched(
    "waiver",
    paid.waiver,
    ("institution", "month", "code"),
    ("institution", "month", "code", "by", "reason", "at"),
)
FINDING_WAIVER = Vouched(
    "finding_waiver",
    paid.finding_waiver,
    ("institution", "month", "code", "fact_sha256"),
    ("institution", "month", "code", "fact_sha256", "fact", "by", "reason", "at"),
)
RESTATEMENT_REFUSAL = Vouched(
    "restatement_refusal",
    paid.restatement_refusal,
    ("institution", "month", "revision", "digest"),
    ("institution", "month", "revision", "digest", "changes", "by", "reason", "at"),
)
STATEMENT_REFUSAL = Vouched(
    "statement_refusal",
    paid.statement_refusal,
    ("number",),
    ("number", "agreement", "month", "statement", "side", "by", "reason", "at", "digest"),
)
VOUCHED = (
    REVISION,
    CORRECTION,
    ADJUSTMENT,
    DECISION,
    EVIDENCE,
    MODEL,
    STATEMENT,
    SIGNATURE,
    WAIVER,
    FINDING_WAIVER,
    RESTATEMENT_REFUSAL,
    STATEMENT_REFUSAL,
)

_RESULT = ("institution", "month", "digest", "findings", "models")
_FIGURE = (
    "position",
    "name",
    "subject",
    "value",
    "low",
    "high",
    "confidence",
    "verdict",
    "share_measured",
    "share_estimated",
    "share_missing",
    "method",
    "factors",
    "findings",
)
_DAY = ("position", "day", "name", "subject", "value", "quality", "low", "high")


def told(
    connection: Connection,
    of: Vouched,
    key: Sequence[Any],
    action: str,
    *,
    institution: str = "",
    contract: str = "",
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str = "",
) -> Act:
    """The act of a row that was just written, with its digest as it is stored."""
    here = and_(*(of.table.c[k] == v for k, v in zip(of.key, key, strict=True)))
    row = connection.execute(select(*as_stored(connection, of.table, of.columns)).where(here)).one()
    return Act(
        action=action,
        kind=of.kind,
        id=of.id_of(key),
        institution=institution,
        contract=contract,
        before=before,
        after={**(after or {}), "row": row_digest(row)},
        reason=reason,
    )


def frozen(connection: Connection, model: ModelRecord) -> Act:
    """The act of a model that was just kept."""
    return told(
        connection,
        MODEL,
        [getattr(model, k) for k in MODEL.key],
        "freeze",
        institution=model.institution,
        contract=model.contract,
        after={"model": model.kind, "carrier": model.carrier},
    )


def result_digest(connection: Connection, result_id: int) -> str:
    """The digest of everything stored of a result, to the last bit; None of it is rounded, as it
    is for the digest that is signed."""
    rows: list[Sequence[Any]] = []
    for table, names, column in (
        (t.result, _RESULT, t.result.c.id),
        (t.figure, _FIGURE, t.figure.c.result_id),
        (t.day_value, _DAY, t.day_value.c.result_id),
    ):
        query = select(*as_stored(connection, table, names)).where(column == result_id)
        rows += connection.execute(query.order_by(*_position(table))).all()
    return rows_digest(rows)


def _position(table: Table) -> list[Column[Any]]:
    return [table.c.position] if "position" in table.c else []


def as_stored(
    connection: Connection, table: Table, names: Sequence[str]
) -> list[ColumnElement[Any]]:
    """The columns without any reading between the lines: what a file holds, and not what could
    be made of it."""
    plain = connection.dialect.name == "sqlite"
    found: list[ColumnElement[Any]] = []
    for column in (table.c[n] for n in names):
        if isinstance(column.type, JSON):
            found.append(cast(column, Text).label(column.name))
        else:
            found.append(type_coerce(column, Text).label(column.name) if plain else column)
    return found
