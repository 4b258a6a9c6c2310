"""A ledger with something of everything that the audit trail tells of, and its owner who changes it."""

from dataclasses import replace
from datetime import date

from sqlalchemy import create_engine, text

from domain.adjustments import Adjustment, Decision
from domain.audit import PROCESSOR
from domain.corrections import Correction
from domain.models import ModelRecord
from store.ledger.audit import Wanted
from store.ledger.sql.ledger import SqlLedger
from tests.ledger_sample import FULL, MARCH, REGISTRY, T0

ADJUSTMENT = Adjustment(
    institution="full",
    contract="c1",
    carrier="electricity",
    start=date(2019, 1, 1),
    end=None,
    formula="-120",
    reason="a hall was closed",
    evidence="minutes.pdf",
    evidence_sha256="ab" * 32,
    author="Wang Fang",
    entered_at=T0,
)
CORRECTION = Correction(
    device="m1",
    quantity="energy_import_kwh",
    at_ms=1_551_000_000_000,
    value=0.1 + 0.2,
    author="王芳",
    reason="照片",
    entered_at=T0,
)
MODEL = ModelRecord(
    digest="cd" * 32,
    institution="full",
    contract="c1",
    kind="baseline",
    carrier="electricity",
    json="{}",
    fitted_at=T0,
)


def fill(ledger: SqlLedger) -> None:
    """Something of everything that the trail tells of."""
    ledger.save_registry(REGISTRY)
    ledger.save_result(FULL)
    ledger.close(FULL.institution, MARCH, signed_by="Wang Fang")
    ledger.save_result(replace(FULL, models=()))
    ledger.close(FULL.institution, MARCH, signed_by="Li Wei", reason="late readings")
    ledger.enter_corrections([CORRECTION, replace(CORRECTION, value=None, reason="again")], ())
    entered = ledger.enter_adjustment(ADJUSTMENT, content=b"\x00file")
    ledger.decide_adjustment(entered.number, Decision("approved", "Li Wei", T0))
    ledger.save_model(MODEL, actor=PROCESSOR)


def entries(ledger: SqlLedger) -> list[tuple[str, str, str]]:
    found = ledger.audit_entries(Wanted(), limit=1000, newest_first=False)
    return [(e.act.action, e.act.kind, e.act.id) for e in found]


def tamper(url: str, *statements: str) -> None:
    """Change the database as its owner can, who drops the triggers first."""
    engine = create_engine(url)
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SET session_replication_role = replica"))
        else:
            names = text("SELECT name FROM sqlite_master WHERE type = 'trigger'")
            for (name,) in connection.execute(names).all():
                connection.execute(text(f"DROP TRIGGER {name}"))
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()
