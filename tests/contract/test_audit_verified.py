"""What a verification of the audit trail finds, on each engine."""

import sqlite3
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

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


Chain = tuple[SqlLedger, sqlite3.Connection, list[list[Any]]]
COLUMNS = [*FIELDS, "digest"]
LISTED = ", ".join(f'"{c}"' for c in COLUMNS)
TEXTS = [c for c in COLUMNS if c not in ("number", "digest", "previous")]
LENGTH = 12


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chain]:
    """A ledger, its file as its owner opens it, and its entries."""
    path = tmp_path_factory.mktemp("chain") / "ledger.db"
    ledger = open_ledger(f"sqlite:///{path}")
    acts = [Act(action="a", kind="k", id=str(k), before={}, after={"n": k}) for k in range(LENGTH)]
    ledger.audit(LOCAL, acts)
    owner = sqlite3.connect(path, isolation_level=None)
    for (name,) in owner.execute("SELECT name FROM sqlite_master WHERE type='trigger'").fetchall():
        owner.execute(f"DROP TRIGGER {name}")
    rows = [list(r) for r in owner.execute(f"SELECT {LISTED} FROM audit_entry ORDER BY number")]
    yield ledger, owner, rows
    owner.close()
    ledger.close_connections()


def mended(row: list[Any]) -> list[Any]:
    """With the digest that fits it: whoever forges knows how it is made."""
    return [*row[:-1], entry_digest(dict(zip(FIELDS, row, strict=False)))]


def forged(
    rows: list[list[Any]], work: str, at: int, column: str, text: str, mend: bool
) -> list[list[Any]]:
    """The entries with one changed, dropped, swapped with the next, or slipped in again."""
    if work == "changed":
        row = list(rows[at])
        row[COLUMNS.index(column)] = text
        return [*rows[:at], mended(row) if mend else row, *rows[at + 1 :]]
    if work == "swapped":
        one, two = rows[at], rows[at + 1]
        both = [[one[0], *two[1:]], [two[0], *one[1:]]]
        return [*rows[:at], *(map(mended, both) if mend else both), *rows[at + 2 :]]
    left = rows[:at] + rows[at + 1 :]
    if work == "inserted":
        left = rows[: at + 1] + rows[at:]
    renumbered = [[k + 1, *r[1:]] for k, r in enumerate(left)]
    return list(map(mended, renumbered)) if mend else renumbered


@settings(max_examples=150, deadline=None)
@given(
    work=st.sampled_from(["changed", "dropped", "swapped", "inserted"]),
    at=st.integers(0, LENGTH - 1),  # not the last: only a checkpoint knows where the end was
    column=st.sampled_from(TEXTS),
    text=st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=9),
    mend=st.booleans(),
)
def test_whatever_is_done_to_an_entry_is_found(
    chain: Chain, work: str, at: int, column: str, text: str, mend: bool
) -> None:
    ledger, owner, rows = chain
    assume(work != "changed" or rows[at][COLUMNS.index(column)] != text)
    marks = ", ".join("?" * len(COLUMNS))
    owner.execute("DELETE FROM audit_entry")
    done = forged(rows, work, at, column, text, mend)
    owner.executemany(f"INSERT INTO audit_entry ({LISTED}) VALUES ({marks})", done)
    broken = ledger.verify_audit().broken
    assert broken and broken[0].number in (at + 1, at + 2), broken
