"""Statements on every ledger engine: issued once, signed by each side, never changed, vouched for."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from domain.calendar import Month
from domain.contracts.issued import Restated, RestsOn, digest_of, settled_amounts
from domain.errors import ConfigError
from domain.places import Term
from store.ledger.audit import Wanted
from store.ledger.sql.ledger import SqlLedger
from tests.statement_sample import DRAFT as SAMPLE
from tests.statement_sample import JULY, JUNE, SAVING, STATEMENT

DRAFT = replace(
    SAMPLE,
    vendor="节能公司",
    terms=(Term("vendor_share", "0.6", "1", date(2025, 1, 1)),),
    statement=replace(STATEMENT, lines=(replace(SAVING, amount_cny=Decimal("420.10")),)),
    rests_on=(RestsOn("hall", JUNE, 1, "ab" * 32),),
)
NEXT = replace(
    DRAFT,
    month=JULY,
    statement=None,
    restated=(Restated(JUNE, Decimal("420.10"), Decimal("400.00")),),
)


def test_a_statement_is_kept_as_it_was_issued(ledger: SqlLedger) -> None:
    assert ledger.statements() == []
    issued = ledger.issue_statement(DRAFT, issued_by="王芳")
    assert ledger.statements(["retrofit"]) == [issued]
    assert ledger.statements(["other"]) == []
    assert issued.digest == digest_of(issued.body)
    assert issued.content["payable_cny"] == "420.10"
    assert issued.content["statement"]["lines"][0]["amount_cny"] == "420.10"
    assert issued.issued_by == "王芳" and issued.issued_at.tzinfo is not None


def test_a_statement_is_found_by_the_beginning_of_its_digest(ledger: SqlLedger) -> None:
    issued = ledger.issue_statement(DRAFT, issued_by="王芳")
    other = ledger.issue_statement(NEXT, issued_by="王芳")
    assert ledger.statement_by_digest(issued.digest) == issued
    assert ledger.statement_by_digest(other.digest[:20]) == other
    beside = f"{int(issued.digest[:20], 16) ^ 1:020x}"
    assert ledger.statement_by_digest(beside) is None
    assert ledger.closing_by_digest(issued.digest) is None


def test_what_was_settled_is_read_from_what_was_issued(ledger: SqlLedger) -> None:
    for draft in (DRAFT, NEXT):
        ledger.issue_statement(draft, issued_by="Li")
    found = ledger.statements()
    assert [s.content["payable_cny"] for s in found] == ["420.10", "-20.10"]
    assert settled_amounts(found) == {JUNE: Decimal("400.00")}


def test_issuing_the_same_again_gives_the_one_that_stands(ledger: SqlLedger) -> None:
    first = ledger.issue_statement(DRAFT, issued_by="Li")
    assert ledger.issue_statement(DRAFT, issued_by="Cao") == first
    other = replace(DRAFT, vendor="another")
    with pytest.raises(ConfigError, match="was issued meanwhile"):
        ledger.issue_statement(other, issued_by="Li")
    assert ledger.statements() == [first]


def test_of_many_who_issue_at_once_one_does(
    ledger: SqlLedger, opener: Callable[[], SqlLedger]
) -> None:
    others = [opener() for _ in range(4)]
    try:
        with ThreadPoolExecutor(4) as pool:
            found = list(pool.map(lambda one: one.issue_statement(DRAFT, issued_by="Li"), others))
    finally:
        for one in others:
            one.close_connections()
    assert len({(s.digest, s.issued_at) for s in found}) == 1
    assert len(ledger.audit_entries(Wanted(kinds=("statement",)), limit=9)) == 1


def test_each_side_signs_once_and_nobody_for_two(ledger: SqlLedger) -> None:
    issued = ledger.issue_statement(DRAFT, issued_by="Li")
    ledger.sign_statement("retrofit", JUNE, 1, side="owner", by="Wang Fang")
    with pytest.raises(ConfigError, match="signed for the owner already, by Wang Fang"):
        ledger.sign_statement("retrofit", JUNE, 1, side="owner", by="Cao")
    with pytest.raises(ConfigError, match="nobody signs for two sides"):
        ledger.sign_statement("retrofit", JUNE, 1, side="vendor", by="wang fang")
    signed = ledger.sign_statement("retrofit", JUNE, 1, side="vendor", by="Cao")
    assert [(s.side, s.by, s.digest) for s in signed.signatures] == [
        ("owner", "Wang Fang", issued.digest),
        ("vendor", "Cao", issued.digest),
    ]
    with pytest.raises(ConfigError, match="there is no statement retrofit 2025-07"):
        ledger.sign_statement("retrofit", JULY, 1, side="owner", by="Cao")


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE statement SET body = '{}'",
        "DELETE FROM statement",
        "UPDATE signature SET by = 'X'",
        "DELETE FROM signature",
    ],
)
def test_the_database_refuses_to_change_one(ledger: SqlLedger, change: str) -> None:
    ledger.issue_statement(DRAFT, issued_by="Li")
    ledger.sign_statement("retrofit", JUNE, 1, side="owner", by="Cao")
    change = change.replace(" by =", ' "by" =')
    with pytest.raises(DatabaseError, match="never changed"), ledger._engine.begin() as connection:
        connection.execute(text(change))


def test_the_audit_trail_vouches_for_it(ledger: SqlLedger) -> None:
    ledger.issue_statement(DRAFT, issued_by="Li")
    ledger.sign_statement("retrofit", JUNE, 1, side="owner", by="Cao")
    assert not ledger.verify_audit().broken
    if ledger._engine.dialect.name != "sqlite":
        return
    with ledger._engine.begin() as connection:
        connection.execute(text("DROP TRIGGER statement_kept_update"))
        connection.execute(text("UPDATE statement SET body = replace(body, '420.10', '920.10')"))
    assert ledger.verify_audit().broken


_ISSUING = """
import sys
from dataclasses import replace
from store.opening import open_ledger
from tests.contract.test_statements import DRAFT
ledger = open_ledger(sys.argv[1])
for k in range(int(sys.argv[2]), 2_000):
    one = replace(DRAFT, agreement=f"a{k:04}")
    ledger.issue_statement(one, issued_by="Li")
    ledger.sign_statement(one.agreement, one.month, 1, side="owner", by="Cao")
    print(k, flush=True)
"""


@pytest.mark.slow
def test_killed_in_the_middle_of_issuing_it_holds(ledger: SqlLedger, url: str) -> None:
    """kill -9, twenty times: every statement is told of, whole or not there, signed or not."""
    chance, issued = random.Random(7), 0
    for _ in range(20):
        child = subprocess.Popen(
            [sys.executable, "-c", _ISSUING, url, str(issued)],
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parents[2],
        )
        assert child.stdout is not None
        for _ in range(chance.randrange(1, 6)):
            assert child.stdout.readline()
        time.sleep(chance.uniform(0.0, 0.015))
        os.kill(child.pid, signal.SIGKILL)
        child.wait(10)
        child.stdout.close()
        found = ledger.statements()
        assert ledger.verify_audit().broken == ()
        assert [s.agreement for s in found] == [f"a{k:04}" for k in range(len(found))]
        assert all(s.signatures for s in found[:-1])
        assert all(digest_of(s.body) == s.digest for s in found)
        issued = len(found) - (0 if found[-1].signatures else 1)
    assert issued >= 20


def test_only_what_is_asked_for_is_read(ledger: SqlLedger) -> None:
    for draft in (DRAFT, NEXT, replace(NEXT, number=2), replace(DRAFT, agreement="another")):
        ledger.issue_statement(draft, issued_by="Li")
    ledger.sign_statement("retrofit", JULY, 2, side="owner", by="Cao")

    def keys(*agreements: str, **asked: Any) -> list[tuple[str, Month, int]]:
        found = ledger.statements(agreements or None, **asked)
        return [(s.agreement, s.month, s.number) for s in found]

    everything = [
        ("another", JUNE, 1),
        ("retrofit", JUNE, 1),
        *(("retrofit", JULY, n) for n in (1, 2)),
    ]
    assert keys() == ledger.statement_keys() == everything
    assert keys("retrofit") == everything[1:]
    assert keys(month=JULY) == everything[2:]
    assert keys("retrofit", month=JULY, number=2) == everything[3:]
    signed = [bool(s.signatures) for s in ledger.statements(month=JULY)]
    assert signed == [False, True]
