"""Waivers on every ledger engine: kept once, never changed, vouched for."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from domain.calendar import Month
from domain.closing import Waiver
from domain.errors import ConfigError
from store.ledger.audit import Wanted
from store.ledger.sql.ledger import SqlLedger

JUNE, AT = Month(2026, 6), datetime(2026, 7, 2, 8, 0, tzinfo=UTC)
WAIVER = Waiver(
    institution="hall", month=JUNE, code="incomplete", by="王芳", reason="停电两天", at=AT
)


def test_a_waiver_is_kept_and_told_of_once(ledger: SqlLedger) -> None:
    other = Waiver(institution="hall", month=JUNE, code="unbalanced", by="王芳", reason="x", at=AT)
    ledger.waive([WAIVER, other])
    ledger.waive(
        [Waiver(institution="hall", month=JUNE, code="incomplete", by="Li", reason="y", at=AT)]
    )
    assert ledger.waivers() == ledger.waivers("hall", JUNE) == [WAIVER, other]
    assert ledger.waivers("mill") == ledger.waivers(month=JUNE.plus(1)) == []
    told = ledger.audit_entries(Wanted(), limit=9, newest_first=False)
    own = [(e.act.id, e.actor.word) for e in told if e.act.kind == "waiver"]
    assert own == [("hall/2026-06/incomplete", "王芳"), ("hall/2026-06/unbalanced", "王芳")]
    assert ledger.verify_audit().broken == ()


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE waiver SET reason = 'z'",
        "DELETE FROM waiver",
    ],
)
def test_nobody_changes_a_waiver(ledger: SqlLedger, change: str) -> None:
    ledger.waive([WAIVER])
    with pytest.raises(DatabaseError, match="never changed"), ledger._engine.begin() as connection:
        connection.execute(text(change))
    assert ledger.waivers() == [WAIVER]


def test_a_waiver_needs_a_name_and_a_reason() -> None:
    for given in ({"by": " "}, {"reason": " "}):
        values = {"by": "Li", "reason": "x", **given}
        with pytest.raises(ConfigError):
            Waiver(institution="hall", month=JUNE, code="incomplete", at=AT, **values)
