"""A restatement refused, on every ledger engine: the signed revision stays, and it is told of."""

from dataclasses import replace

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from domain.calendar import Month
from domain.errors import ConfigError
from domain.figures import Figure, MonthResult, Shares
from store.ledger.audit import Wanted
from store.ledger.canonical import digest
from store.ledger.port import ChangedMeanwhileError
from store.ledger.sql.ledger import SqlLedger

MAY = Month(2026, 5)


def result(kwh: float) -> MonthResult:
    figure = Figure(name="electricity_use_kwh", value=kwh, shares=Shares.full(), method="test/1")
    return MonthResult(institution="hall", month=MAY, figures=(figure,))


@pytest.fixture
def waiting(ledger: SqlLedger) -> SqlLedger:
    """Revision 1 is 10 kWh, 11 kWh wait."""
    ledger.save_result(result(10.0))
    ledger.close("hall", MAY, signed_by="Li")
    assert ledger.save_result(result(11.0)) == "restatement_pending"
    return ledger


def refuse(ledger: SqlLedger, kwh: float) -> None:
    ledger.refuse_restatement(
        "hall", MAY, digest=digest(result(kwh)), changes="[]", by="Cao", reason="a test"
    )


def test_the_signed_revision_stays_and_an_equal_result_waits_no_more(waiting: SqlLedger) -> None:
    refuse(waiting, 11.0)
    assert waiting.pending("hall", MAY) is None
    assert [s.state for s in waiting.statuses("hall")] == ["closed"]
    assert waiting.save_result(result(11.0)) == "closed", "computed again, it was refused"
    (kept,) = waiting.refusals("hall", MAY)
    assert (kept.revision, kept.digest, kept.by) == (1, digest(result(11.0)), "Cao")
    (entry,) = waiting.audit_entries(Wanted(kinds=("restatement_refusal",)), limit=9)
    assert (entry.act.action, entry.actor.word, entry.act.reason) == ("refuse", "Cao", "a test")
    assert waiting.verify_audit(deep=True).broken == ()


def test_another_result_waits_and_after_the_next_revision_the_old_one_too(
    waiting: SqlLedger,
) -> None:
    refuse(waiting, 11.0)
    assert waiting.save_result(result(12.0)) == "restatement_pending"
    waiting.close("hall", MAY, signed_by="Li", reason="late")
    assert waiting.save_result(result(11.0)) == "restatement_pending", "of another revision"


def test_what_nobody_looked_at_is_neither_refused_nor_signed(waiting: SqlLedger) -> None:
    with pytest.raises(ChangedMeanwhileError):
        refuse(waiting, 12.0)
    with pytest.raises(ChangedMeanwhileError):
        waiting.close("hall", MAY, signed_by="Li", reason="x", expected=digest(result(12.0)))
    assert waiting.pending("hall", MAY) == result(11.0)
    signed = digest(result(11.0))
    for _ in range(2):  # of two who looked at the same, both get what one signed
        revision = waiting.close("hall", MAY, signed_by="Li", reason="x", expected=signed)
        assert revision.number == 2
    with pytest.raises(ChangedMeanwhileError):
        refuse(waiting, 11.0)
    with pytest.raises(ConfigError, match="never computed"):
        waiting.close("mill", MAY, signed_by="Li")


@pytest.mark.parametrize("change", ["UPDATE {} SET reason = 'z'", "DELETE FROM {}"])
def test_nobody_changes_a_refusal(waiting: SqlLedger, change: str) -> None:
    refuse(waiting, 11.0)
    kept = waiting.refusals("hall", MAY)
    with pytest.raises(DatabaseError, match="never changed"), waiting._engine.begin() as connection:
        connection.execute(text(change.format("restatement_refusal")))
    assert waiting.refusals("hall", MAY) == [replace(kept[0])]
