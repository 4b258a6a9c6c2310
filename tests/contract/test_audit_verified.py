"""What a verification of the audit trail finds, on each engine."""

import random
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from domain.audit import LOCAL, Act
from store.ledger.audit import Wanted
from store.ledger.chain import FIELDS, entry_digest
from store.ledger.sql.ledger import SqlLedger
from store.opening import open_ledger
from tests.audit_sample import fill, tamper


@pytest.mark.parametrize(
    ("statement", "code", "deep"),
    [
        ("UPDATE audit_entry SET word = 'Li' WHERE number = 17", "changed", False),
        ("DELETE FROM audit_entry WHERE number = 17", "missing_entry", False),
        ("DELETE FROM audit_entry", "empty", False),
        ("UPDATE revision SET signed_by = 'Li' WHERE number = 1", "row_changed", False),
        ("DELETE FROM revision WHERE number = 2", "row_gone", False),
        ("UPDATE revision SET institution = 'b'", "row_gone", False),
        ("UPDATE correction SET value = 0.3 WHERE number = 1", "row_changed", False),
        ("DELETE FROM correction", "row_gone", False),
        ("UPDATE adjustment SET formula = '-121'", "row_changed", False),
        ("UPDATE adjustment_decision SET \"by\" = 'Wang Fang'", "row_changed", False),
        ("UPDATE evidence SET content = 'other'", "row_changed", False),
        ("UPDATE model SET json = '[]'", "row_changed", False),
        ("UPDATE result SET digest = 'x'", "result_other", False),
        ("DELETE FROM result", "result_other", False),
        ("UPDATE month_state SET standing_id = 1", "not_shown", False),
        ("UPDATE month_state SET revision = 1", "not_shown", False),
        ("UPDATE figure SET value = 1e-12 WHERE subject = 'm/1'", "figures_changed", True),
        ("DELETE FROM day_value WHERE position = 0", "figures_changed", True),
        ("UPDATE result SET findings = '[]'", "figures_changed", True),
    ],
)
def test_what_was_changed_behind_its_back_is_named(
    ledger: SqlLedger, url: str, statement: str, code: str, deep: bool
) -> None:
    fill(ledger)
    tamper(url, statement)
    verdict = ledger.verify_audit(deep=deep)
    assert verdict.broken[0].code == code, verdict
    assert verdict.head is None
    if deep:
        assert ledger.verify_audit().broken == ()


def test_what_was_slipped_in_is_named(ledger: SqlLedger, url: str) -> None:
    fill(ledger)
    row = "9, device, quantity, at_ms, 1, author, reason, entered_at FROM correction"
    tamper(url, f"INSERT INTO correction SELECT {row} WHERE number = 1")
    (broken,) = ledger.verify_audit().broken
    assert (broken.number, broken.code) == (None, "untold")
    assert broken.values == {"kind": "correction", "object": "9"}


def test_an_entry_told_again_is_found_though_its_digest_is_right(
    ledger: SqlLedger, url: str
) -> None:
    fill(ledger)
    last = ledger.audit_entries(Wanted(), limit=1)[0]
    old = next(e for e in ledger.audit_entries(Wanted(), limit=99) if e.act.kind == "correction")
    ledger.audit(old.actor, [old.act])
    (broken,) = ledger.verify_audit().broken
    assert (broken.number, broken.code) == (last.number + 1, "told_twice")


def test_entries_changed_dropped_swapped_or_slipped_in_are_found(tmp_path: Path) -> None:
    """Whatever is done to single entries, with digests of their own made right."""
    path = tmp_path / "ledger.db"
    ledger = open_ledger(f"sqlite:///{path}")
    for k in range(12):
        ledger.audit(LOCAL, [Act(action="a", kind="k", id=str(k), after={"n": k})])
    other = sqlite3.connect(path, isolation_level=None)
    for (name,) in other.execute("SELECT name FROM sqlite_master WHERE type='trigger'").fetchall():
        other.execute(f"DROP TRIGGER {name}")
    columns = [*FIELDS, "digest"]
    listed = ", ".join(f'"{c}"' for c in columns)
    rows = [list(r) for r in other.execute(f"SELECT {listed} FROM audit_entry ORDER BY number")]
    chance = random.Random(3)

    def mended(row: list[Any]) -> list[Any]:
        return [*row[:-1], entry_digest(dict(zip(FIELDS, row, strict=False)))]

    def changed(at: int) -> list[list[Any]]:
        row = list(rows[at])
        row[columns.index("reason")] = "another"
        return [*rows[:at], mended(row) if chance.random() < 0.5 else row, *rows[at + 1 :]]

    def dropped(at: int) -> list[list[Any]]:
        left = [*rows[:at], *rows[at + 1 :]]
        return [mended([k + 1, *r[1:]]) for k, r in enumerate(left)]

    def swapped(at: int) -> list[list[Any]]:
        one, two = rows[at], rows[at + 1]
        new = [mended([one[0], *two[1:]]), mended([two[0], *one[1:]])]
        return [*rows[:at], *new, *rows[at + 2 :]]

    def inserted(at: int) -> list[list[Any]]:
        more = [*rows[: at + 1], rows[at], *rows[at + 1 :]]
        return [mended([k + 1, *r[1:]]) for k, r in enumerate(more)]

    for work in (changed, dropped, swapped, inserted):
        for at in range(1, 11):
            other.execute("DELETE FROM audit_entry")
            marks = ", ".join("?" * len(columns))
            other.executemany(f"INSERT INTO audit_entry ({listed}) VALUES ({marks})", work(at))
            broken = ledger.verify_audit().broken
            assert broken, (work.__name__, at)
            assert broken[0].number in (at, at + 1, at + 2), (work.__name__, at, broken)
    other.close()
    ledger.close_connections()
