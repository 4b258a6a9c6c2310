"""Waivers on every ledger engine: kept once, never changed, vouched for."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from domain.calendar import Month
from domain.closing import Check, Waiver
from domain.closing.checks import blocking
from domain.errors import ConfigError
from store.ledger.audit import Wanted
from store.ledger.sql.ledger import SqlLedger
from store.ledger.sql.paid import waiver as old

JUNE, AT = Month(2026, 6), datetime(2026, 7, 2, 8, 0, tzinfo=UTC)
GAP = Check("incomplete", "electricity_use_kwh", True, 0.2, 0.05)
WAIVER = Waiver(
    institution="hall",
    month=JUNE,
    code="incomplete",
    fact=GAP.fact,
    by="王芳",
    reason="停电两天",
    at=AT,
)


def test_a_waiver_is_kept_and_told_of_once(ledger: SqlLedger) -> None:
    other = replace(WAIVER, code="unbalanced", reason="x")
    wider = replace(WAIVER, fact=replace(GAP, given=0.3).fact, reason="三天", at=AT.replace(day=9))
    ledger.waive([WAIVER, other])
    ledger.waive([replace(WAIVER, by="Li", reason="y")])
    ledger.waive([wider])
    assert ledger.waivers() == ledger.waivers("hall", JUNE) == [WAIVER, wider, other]
    assert ledger.waivers("mill") == ledger.waivers(month=JUNE.plus(1)) == []
    told = ledger.audit_entries(Wanted(), limit=9, newest_first=False)
    own = [(e.act.id, e.actor.word) for e in told if e.act.kind == "finding_waiver"]
    assert own == [
        (f"hall/2026-06/{w.code}/{w.fact_sha256}", "王芳") for w in (WAIVER, other, wider)
    ]
    assert ledger.verify_audit().broken == ()


def test_one_of_before_waivers_said_what_they_are_of_is_told_and_lets_nothing_go(
    ledger: SqlLedger,
) -> None:
    with ledger._engine.begin() as connection:
        row = {"institution": "hall", "month": "2026-06", "code": "incomplete"}
        connection.execute(old.insert().values(**row, by="Li", reason="x", at=AT))
    (found,) = ledger.waivers("hall", JUNE)
    assert (found.by, found.fact) == ("Li", "")
    assert blocking([GAP], [found]) == [GAP] and blocking([GAP], [WAIVER]) == []


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE finding_waiver SET reason = 'z'",
        "DELETE FROM finding_waiver",
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
