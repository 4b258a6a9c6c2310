"""Adjustments on every ledger engine: kept with their decisions and evidence, never changed."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from domain.adjustments import Adjustment, Decision
from domain.calendar import Month
from domain.errors import ConfigError
from store.ledger.sql.ledger import SqlLedger

AT = datetime(2026, 3, 5, 1, 2, 3, tzinfo=UTC)
CONTENT = "会议纪要".encode()
ENTRY = Adjustment(
    institution="hall",
    contract="c1",
    carrier="electricity",
    start=date(2026, 1, 5),
    end=None,
    formula="0.08 * counterfactual",
    reason="新增机房",
    evidence="纪要.pdf",
    evidence_sha256=hashlib.sha256(CONTENT).hexdigest(),
    author="王",
    entered_at=AT,
)
APPROVED = Decision("approved", "李", AT + timedelta(hours=1))
WITHDRAWN = Decision("withdrawn", "赵", AT + timedelta(days=1), "counted twice")
MARCH = ("hall", Month(2026, 3))


def test_an_entry_keeps_its_decisions_and_its_evidence(ledger: SqlLedger) -> None:
    assert ledger.adjustments() == []
    first = ledger.enter_adjustment(ENTRY, content=CONTENT)
    assert first == replace(ENTRY, number=first.number) and first.number > 0
    assert (first.status, ledger.touched()) == ("waiting", [])
    approved = ledger.decide_adjustment(first.number, APPROVED, [MARCH])
    assert (approved.status, approved.approver) == ("approved", "李")
    assert [(m.institution, m.month) for m in ledger.touched()] == [MARCH]
    withdrawn = ledger.decide_adjustment(first.number, WITHDRAWN)
    assert withdrawn.decisions == (APPROVED, WITHDRAWN) and withdrawn.status == "withdrawn"
    other = replace(ENTRY, institution="other", end=date(2026, 2, 1), decisions=(APPROVED,))
    second = ledger.enter_adjustment(other, content=CONTENT, touches=[MARCH])
    assert ledger.adjustments() == [withdrawn, second] and second.number > first.number
    assert ledger.adjustments("other") == [second] and second.status == "approved"
    assert ledger.evidence(ENTRY.evidence_sha256) == CONTENT
    assert ledger.evidence("0" * 64) is None


def test_evidence_is_bounded_by_institution_and_in_all(
    ledger: SqlLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("store.ledger.sql.adjustments.EVIDENCE_INSTITUTION_BYTES", 1_000)
    monkeypatch.setattr("store.ledger.sql.adjustments.EVIDENCE_BYTES", 1_500)

    def enter(institution: str, content: bytes) -> Adjustment:
        digest = hashlib.sha256(content).hexdigest()
        entry = replace(ENTRY, institution=institution, evidence_sha256=digest)
        return ledger.enter_adjustment(entry, content=content)

    enter("hall", b"a" * 900)
    enter("hall", b"a" * 900)  # is there already
    with pytest.raises(ConfigError, match=r"of hall 900 bytes .* digest alone"):
        enter("hall", b"b" * 101)
    enter("other", b"c" * 600)
    with pytest.raises(ConfigError, match=r"all institutions together 1,500 bytes"):
        enter("third", b"d")
    assert len(ledger.adjustments()) == 3, "what is refused leaves nothing"
    ledger.enter_adjustment(replace(ENTRY, institution="third"))


def test_decisions_that_cannot_be_are_refused_and_leave_nothing(ledger: SqlLedger) -> None:
    number = ledger.enter_adjustment(ENTRY).number
    with pytest.raises(ConfigError, match="no adjustment"):
        ledger.decide_adjustment(number + 7, APPROVED)
    with pytest.raises(ConfigError, match="cannot approve"):
        ledger.decide_adjustment(number, replace(APPROVED, by=" 王 "), [MARCH])
    assert ledger.adjustments()[0].status == "waiting" and ledger.touched() == []
    ledger.decide_adjustment(number, WITHDRAWN)
    for decision in (APPROVED, WITHDRAWN):
        with pytest.raises(ConfigError, match="is withdrawn"):
            ledger.decide_adjustment(number, decision)
    assert ledger.adjustments()[0].decisions == (WITHDRAWN,)


def test_of_two_approvals_at_once_one_counts(ledger: SqlLedger) -> None:
    number = ledger.enter_adjustment(ENTRY).number

    def approve(who: str) -> bool:
        try:
            ledger.decide_adjustment(number, replace(APPROVED, by=who))
        except ConfigError:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(approve, ["a", "b", "c", "d"]))
    assert sum(done) == 1 and len(ledger.adjustments()[0].decisions) == 1


@pytest.mark.parametrize("table", ["adjustment", "adjustment_decision", "evidence"])
def test_the_database_refuses_to_change_one(ledger: SqlLedger, table: str) -> None:
    entered = ledger.enter_adjustment(replace(ENTRY, decisions=(APPROVED,)), content=CONTENT)
    column = {"adjustment": "formula", "adjustment_decision": "reason", "evidence": "sha256"}
    changes = f"UPDATE {table} SET {column[table]} = 'x'", f"DELETE FROM {table}"
    for change in changes:
        with pytest.raises(DatabaseError, match="never changed"), ledger._engine.begin() as opened:
            opened.execute(text(change))
    assert ledger.adjustments() == [entered]
    assert ledger.evidence(ENTRY.evidence_sha256) == CONTENT


@pytest.mark.parametrize(
    "change",
    [
        {"reason": " "},
        {"evidence": ""},
        {"author": ""},
        {"evidence_sha256": "abc"},
        {"end": date(2026, 1, 5)},
        {"decisions": (replace(APPROVED, by="王"),)},
        {"decisions": (replace(APPROVED, by=""),)},
        {"decisions": (APPROVED, replace(WITHDRAWN, reason=" "))},
    ],
)
def test_an_entry_without_what_it_needs_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(ConfigError):
        replace(ENTRY, **change)
