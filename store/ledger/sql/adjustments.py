"""Non-routine adjustments in the ledger's database."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, func, select, true

from config.limits import EVIDENCE_BYTES, EVIDENCE_INSTITUTION_BYTES
from domain.adjustments import Adjustment, Decision
from domain.audit import LOCAL, Act, Actor
from domain.calendar import Month
from domain.errors import ConfigError
from store.ledger.lengths import require_adjustment, require_decision
from store.ledger.sql.answers import say_changed
from store.ledger.sql.audit.append import append_each
from store.ledger.sql.audit.vouched import ADJUSTMENT, DECISION, EVIDENCE, told
from store.ledger.sql.engine import reading, writing
from store.ledger.sql.tables import adjustment as table
from store.ledger.sql.tables import adjustment_decision as decided
from store.ledger.sql.tables import evidence as files
from store.ledger.sql.touched import touch_months


class SqlAdjustments:
    """See Adjustments. A part of SqlLedger."""

    _engine: Engine

    def enter_adjustment(
        self,
        adjustment: Adjustment,
        *,
        content: bytes | None = None,
        touches: Iterable[tuple[str, Month]] = (),
        actor: Actor = LOCAL,
    ) -> Adjustment:
        """See Adjustments.enter_adjustment."""
        require_adjustment(adjustment)
        row = {c.name: getattr(adjustment, c.name) for c in table.c if c.name != "number"}
        with writing(self._engine) as connection:
            made = connection.execute(table.insert().values(row).returning(table.c.number))
            number: int = made.scalar_one()
            entered = replace(adjustment, number=number)
            acts = [(adjustment.author, _entered(connection, entered))]
            if content is not None and _keep_file(connection, adjustment, content):
                acts.append((adjustment.author, _kept(connection, adjustment)))
            decisions = adjustment.decisions
            for k, decision in enumerate(decisions):
                before = replace(entered, decisions=decisions[:k])
                acts.append((decision.by, _decided(connection, before, decision)))
            touch_months(connection, touches)
            say_changed(connection, adjustment.institution)
            append_each(connection, actor, acts)
        return entered

    def decide_adjustment(
        self,
        number: int,
        decision: Decision,
        touches: Iterable[tuple[str, Month]] = (),
        *,
        actor: Actor = LOCAL,
    ) -> Adjustment:
        """See Adjustments.decide_adjustment."""
        require_decision(decision)
        with writing(self._engine) as connection:
            # Nobody else decides about it until we are done.
            mine = table.c.number == number
            connection.execute(select(table.c.number).where(mine).with_for_update())
            found = _read(connection, mine)
            if not found:
                raise ConfigError(
                    f"there is no adjustment {number}: see `civicmeter savings adjustments list`"
                )
            if found[0].status not in _OPEN_TO[decision.kind]:
                raise ConfigError(
                    f"adjustment {number} is {found[0].status}: it cannot be {decision.kind} now"
                )
            after = replace(found[0], decisions=(*found[0].decisions, decision))
            act = _decided(connection, found[0], decision)
            touch_months(connection, touches)
            say_changed(connection, after.institution)
            append_each(connection, actor, [(decision.by, act)])
        return after

    def adjustments(self, institution: str | None = None) -> list[Adjustment]:
        """See Adjustments.adjustments."""
        wanted = true() if institution is None else table.c.institution == institution
        with reading(self._engine) as connection:
            return _read(connection, wanted)

    def evidence(self, sha256: str) -> bytes | None:
        """See Adjustments.evidence."""
        with reading(self._engine) as connection:
            content = connection.execute(
                select(files.c.content).where(files.c.sha256 == sha256)
            ).scalar_one_or_none()
        return None if content is None else bytes(content)


_OPEN_TO = {"approved": ("waiting",), "withdrawn": ("waiting", "approved")}


def _read(connection: Connection, wanted: ColumnElement[bool]) -> list[Adjustment]:
    rows = connection.execute(select(table).where(wanted).order_by(table.c.number)).all()
    if not rows:
        return []
    decisions: dict[int, list[Decision]] = {}
    of_these = decided.c.adjustment.in_(select(table.c.number).where(wanted))
    for d in connection.execute(select(decided).where(of_these).order_by(decided.c.number)):
        decisions.setdefault(d.adjustment, []).append(Decision(d.kind, d.by, d.at, d.reason))
    return [Adjustment(**r._mapping, decisions=tuple(decisions.get(r.number, ()))) for r in rows]


def _entered(connection: Connection, of: Adjustment) -> Act:
    return told(
        connection,
        ADJUSTMENT,
        (of.number,),
        "enter",
        institution=of.institution,
        contract=of.contract,
        after={
            "carrier": of.carrier,
            "start": f"{of.start}",
            "end": None if of.end is None else f"{of.end}",
            "formula": of.formula,
            "evidence": of.evidence,
            "evidence_sha256": of.evidence_sha256,
        },
        reason=of.reason,
    )


def _kept(connection: Connection, of: Adjustment) -> Act:
    return told(
        connection,
        EVIDENCE,
        (of.evidence_sha256,),
        "keep",
        institution=of.institution,
        contract=of.contract,
        after={"name": of.evidence},
    )


def _decided(connection: Connection, of: Adjustment, decision: Decision) -> Act:
    """Add a decision about an adjustment as it stands; gives what to tell of it."""
    row: dict[str, Any] = {
        "adjustment": of.number,
        "kind": decision.kind,
        "by": decision.by,
        "at": decision.at,
        "reason": decision.reason,
    }
    made = connection.execute(decided.insert().values(row).returning(decided.c.number))
    return told(
        connection,
        DECISION,
        (made.scalar_one(),),
        "approve" if decision.kind == "approved" else "withdraw",
        institution=of.institution,
        contract=of.contract,
        before={"status": of.status},
        after={"adjustment": of.number, "status": decision.kind},
        reason=decision.reason,
    )


def _keep_file(connection: Connection, of: Adjustment, content: bytes) -> bool:
    """Keep a file, once, while there is room; `of` is entered already. Gives whether it is new.
    Raises ConfigError."""
    known = connection.execute(select(files.c.sha256).where(files.c.sha256 == of.evidence_sha256))
    if known.one_or_none() is not None:
        return False
    here = select(table.c.evidence_sha256).where(table.c.institution == of.institution)
    kept = select(func.coalesce(func.sum(func.length(files.c.content)), 0))
    for whose, wanted, most in (
        (of.institution, files.c.sha256.in_(here), EVIDENCE_INSTITUTION_BYTES),
        ("all institutions together", true(), EVIDENCE_BYTES),
    ):
        there = int(connection.execute(kept.where(wanted)).scalar_one())
        if there + len(content) > most:
            raise ConfigError(
                f"{of.evidence} has {len(content):,} bytes, and of {whose} {there:,} bytes of "
                f"evidence are kept already, at most {most:,}: keep the file yourself and give "
                "its digest alone (evidence_sha256, --digest-only), or give a smaller one"
            )
    connection.execute(files.insert().values(sha256=of.evidence_sha256, content=content))
    return True
