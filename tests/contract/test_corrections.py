"""Corrections on every ledger engine: kept, superseded, never changed, touching their months."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from domain.calendar import Month
from domain.corrections import Correction
from store.ledger.sql.ledger import SqlLedger
from store.opening import open_ledger

AT = datetime(2026, 3, 5, tzinfo=UTC)
FIRST = Correction(
    device="m1",
    quantity="water_m3",
    at_ms=1_772_000_000_123,
    value=5.25,
    author="王",
    reason="misread",
    entered_at=AT,
)
LATER = replace(FIRST, value=None, reason="no such reading", entered_at=AT + timedelta(days=1))
MARCH = ("hall", Month(2026, 3))


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqlLedger]:
    url: Any = f"sqlite:///{tmp_path / 'ledger.db'}"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres_url")
    opened = open_ledger(url)
    yield opened
    opened.close_connections()


def test_every_correction_stays_readable_in_the_order_entered(ledger: SqlLedger) -> None:
    assert ledger.corrections() == []
    assert ledger.enter_corrections([FIRST], [MARCH]) == 1
    assert ledger.enter_corrections([LATER], [MARCH]) == 1
    assert ledger.corrections() == [FIRST, LATER]
    assert [(m.institution, m.month) for m in ledger.touched()] == [MARCH]


def test_saying_again_what_stands_adds_nothing_but_touches(ledger: SqlLedger) -> None:
    ledger.enter_corrections([FIRST], [])
    again = replace(FIRST, entered_at=AT + timedelta(hours=1))
    assert ledger.enter_corrections([again], [MARCH]) == 0
    assert ledger.corrections() == [FIRST]
    assert len(ledger.touched()) == 1
    back = replace(FIRST, entered_at=AT + timedelta(days=2))
    assert ledger.enter_corrections([LATER, back], []) == 2
    assert ledger.corrections() == [FIRST, LATER, back]


@pytest.mark.parametrize("change", ["UPDATE correction SET value = 1", "DELETE FROM correction"])
def test_the_database_refuses_to_change_one(ledger: SqlLedger, change: str) -> None:
    ledger.enter_corrections([FIRST], [])
    with pytest.raises(DatabaseError, match="never changed"), ledger._engine.begin() as connection:
        connection.execute(text(change))
    assert ledger.corrections() == [FIRST]
