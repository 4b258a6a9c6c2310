"""The audit trail on each engine: what it tells of, what it finds, what the database refuses."""

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DatabaseError

from domain.access import Action, Grant
from domain.adjustments import Adjustment, Decision
from domain.audit import LOCAL, PROCESSOR, Act, Actor
from domain.corrections import Correction
from domain.models import ModelRecord
from domain.registry import Registry
from store.ledger.audit import Wanted
from store.ledger.chain import BEGINNING, FIELDS, entry_digest
from store.ledger.port import AsideEntry
from store.ledger.sql.ledger import SqlLedger
from store.opening import open_ledger
from tests.ledger_sample import FULL, MARCH, REGISTRY, T0, result

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


def test_it_tells_who_did_what_from_what_to_what(ledger: SqlLedger) -> None:
    fill(ledger)
    devices = [("add", "device", d.id) for d in REGISTRY.devices]
    month = f"{FULL.institution}/{MARCH}"
    assert entries(ledger) == [
        ("begin", "chain", "chain"),
        ("add", "institution", "plain"),
        ("add", "institution", "full"),
        ("add", "building", "b1"),
        ("add", "building", "b2"),
        *devices,
        *(("add", "contract", c.id) for c in REGISTRY.contracts),
        ("close", "revision", f"{month}/1"),
        ("restate", "revision", f"{month}/2"),
        ("enter", "correction", "1"),
        ("enter", "correction", "2"),
        ("enter", "adjustment", "1"),
        ("keep", "evidence", "ab" * 32),
        ("approve", "adjustment_decision", "1"),
        ("freeze", "model", f"{'cd' * 32}/full/c1/baseline/electricity/"),
    ]
    every = ledger.audit_entries(Wanted(), limit=1000)
    restated = next(e for e in every if e.act.action == "restate")
    assert restated.actor == Actor("local administrator", "", "Li Wei")
    assert restated.act.reason == "late readings"
    first, second = ledger.revisions(FULL.institution, MARCH)
    assert restated.act.before == {"revision": 1, "digest": first.digest}
    assert restated.act.after is not None and restated.act.after["digest"] == second.digest
    corrected = next(e for e in every if e.act.id == "2" and e.act.kind == "correction")
    assert (corrected.act.institution, corrected.act.before) == ("full", {"value": 0.1 + 0.2})
    assert every[0].actor == PROCESSOR
    assert ledger.verify_audit(deep=True).broken == ()


def test_doing_the_same_again_tells_nothing(ledger: SqlLedger) -> None:
    fill(ledger)
    before = ledger.verify_audit().head
    ledger.save_registry(REGISTRY)
    ledger.close(FULL.institution, MARCH, signed_by="Wang Fang")
    ledger.save_model(replace(MODEL, json="[]"))
    ledger.enter_corrections([replace(CORRECTION, value=None, reason="again")], ())
    assert ledger.verify_audit().head == before


def test_a_record_that_changed_is_told_by_field(ledger: SqlLedger) -> None:
    ledger.save_registry(REGISTRY)
    plain = REGISTRY.institutions[0]
    renamed = replace(plain, name_en="Renamed", provenance="x" * 1900)
    ledger.save_registry(
        Registry(institutions=(renamed, REGISTRY.institutions[1])), actor=Actor("key", "Li", "Li")
    )
    (last, *_) = ledger.audit_entries(Wanted(), limit=5)
    assert (last.act.action, last.act.id) == ("change", "plain")
    assert last.act.before == {"name_en": "Plain", "provenance": ""}
    assert last.act.after is not None and last.act.after["name_en"] == "Renamed"
    assert last.act.after["provenance"]["chars"] == 1902
    assert last.actor == Actor("key", "Li", "Li")


def test_what_is_dropped_and_which_tables_are_in_use(ledger: SqlLedger) -> None:
    aside = AsideEntry(source="t", code="bad_json", device="d", first_at=T0, last_at=T0)
    ledger.keep_aside([aside])
    ledger.forget_aside([aside])
    ledger.keep_aside([aside])
    ledger.forget_aside([aside], dropped_by=LOCAL)
    assert ledger.audit_tables(PROCESSOR, {"factors": "1" * 64, "quotas": "2" * 64}) == 2
    assert ledger.audit_tables(PROCESSOR, {"factors": "1" * 64, "quotas": "2" * 64}) == 0
    assert ledger.audit_tables(PROCESSOR, {"factors": "3" * 64, "quotas": "2" * 64}) == 1
    last, *_, dropped, _ = ledger.audit_entries(Wanted(), limit=100)
    assert last.act.before == {"sha256": "1" * 64}
    assert last.act.after == {"sha256": "3" * 64}
    assert dropped.act.before == {"groups": 1, "first": [["t", "bad_json", "d"]]}


def test_it_is_asked_by_whom_what_when_and_by_what_one_may_see(ledger: SqlLedger) -> None:
    fill(ledger)

    def kinds(**wanted: Any) -> set[str]:
        found = ledger.audit_entries(Wanted(**wanted), limit=1000)
        assert len(found) == ledger.count_audit_entries(Wanted(**wanted))
        return {e.act.kind for e in found}

    assert kinds(people=["Li Wei"]) == {"revision", "adjustment_decision"}
    assert kinds(people=["processor"]) == {"model"}
    assert kinds(contracts=["c0"]) == {"contract"}
    assert kinds(institutions=["plain"], kinds=["device"]) == {"device"}
    assert kinds(actions=["approve"]) == {"adjustment_decision"}
    head = ledger.audit_entries(Wanted(), limit=1)[0]
    assert kinds(start=head.at) >= {"model"}
    assert kinds(end=T0) == set()
    read = frozenset({Action.READ})
    mine = Grant(read, frozenset({"full"}), frozenset({"c1"}))
    assert kinds(within=[mine]) == {
        "contract",
        "adjustment",
        "adjustment_decision",
        "evidence",
        "model",
    }
    assert kinds(within=[Grant(read, devices=frozenset({"m1"}))]) == set()
    assert kinds(within=[]) == set()
    assert "chain" in kinds(within=[Grant(read)])
    assert "chain" not in kinds(within=[Grant(read, frozenset({"full", ""}))])


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE {} SET {}",
        "DELETE FROM {}",
    ],
)
def test_the_database_refuses_to_change_it(ledger: SqlLedger, url: str, change: str) -> None:
    fill(ledger)
    engine = create_engine(url)
    for table, value in (
        ("audit_entry", "reason = 'x'"),
        ("revision", "reason = 'x'"),
        ("result", "digest = 'x'"),
        ("figure", "value = 1"),
        ("day_value", "value = 1"),
        ("correction", "value = 1"),
        ("adjustment", "reason = 'x'"),
        ("adjustment_decision", "reason = 'x'"),
        ("evidence", "content = 'x'"),
        ("model", "json = 'x'"),
    ):
        with pytest.raises(DatabaseError, match="never changed: "), engine.begin() as connection:
            connection.execute(text(change.format(table, value)))
    engine.dispose()


def test_neither_replacing_nor_truncating_is_a_way_round(ledger: SqlLedger, url: str) -> None:
    fill(ledger)
    engine = create_engine(url)
    for table in ("audit_entry", "revision", "figure", "day_value", "result", "correction"):
        again = f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}"
        if engine.dialect.name == "postgresql":
            again = f"TRUNCATE {table}"
        with pytest.raises(DatabaseError, match="never changed: "), engine.begin() as connection:
            connection.execute(text(again))
    engine.dispose()
    assert ledger.verify_audit(deep=True).broken == ()


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


def test_a_chain_begins_with_what_was_there(opener: Callable[[], SqlLedger], url: str) -> None:
    ledger = opener()
    fill(ledger)
    ledger.close_connections()
    downgrade(url)
    again = opener()
    found = again.audit_entries(Wanted(), limit=100, newest_first=False)
    assert [(e.act.action, e.act.kind) for e in found[:1]] == [("begin", "chain")]
    told = {(e.act.action, e.act.kind, e.act.id) for e in found}
    month = f"{FULL.institution}/{MARCH}"
    assert {
        ("close", "revision", f"{month}/1"),
        ("restate", "revision", f"{month}/2"),
        ("enter", "correction", "1"),
        ("approve", "adjustment_decision", "1"),
        ("keep", "evidence", "ab" * 32),
    } <= told
    assert {e.actor.principal for e in found[1:]} == {"before the chain"}
    assert [e.at for e in found[1:]] == sorted(e.at for e in found[1:])
    assert again.verify_audit(deep=True).broken == ()
    again.save_result(result())
    again.close("a", MARCH, signed_by="Li")
    assert again.verify_audit(deep=True).broken == ()


def downgrade(url: str) -> None:
    """To before the chain."""
    from alembic import command
    from alembic.config import Config

    import store.ledger.sql as here

    engine = create_engine(url)
    config = Config()
    config.set_main_option("script_location", str(Path(here.__file__).parent / "migrations"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0014")
    engine.dispose()


def test_anybody_can_compute_a_digest(ledger: SqlLedger, url: str) -> None:
    """As `docs/audit.md` says, by nothing but SHA-256 and JSON."""
    from hashlib import sha256

    fill(ledger)
    engine = create_engine(url)
    with engine.connect() as connection:
        rows = (
            connection.execute(text("SELECT * FROM audit_entry ORDER BY number")).mappings().all()
        )
    engine.dispose()
    previous = BEGINNING
    for row in rows:
        said = {k: v for k, v in row.items() if k != "digest"}
        line = json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        assert row["previous"] == previous
        assert row["digest"] == (previous := sha256(line.encode()).hexdigest())


def test_several_at_once_make_one_chain(opener: Callable[[], SqlLedger], url: str) -> None:
    opener()
    code = (
        "import sys; from store.opening import open_ledger; from domain.audit import Act, LOCAL\n"
        "ledger = open_ledger(sys.argv[1])\n"
        "for k in range(60): ledger.audit(LOCAL, [Act(action='a', kind=sys.argv[2], id=str(k))])"
    )
    both = [subprocess.Popen([sys.executable, "-c", code, url, name]) for name in ("one", "two")]
    assert [p.wait(120) for p in both] == [0, 0]
    ledger = opener()
    verdict = ledger.verify_audit()
    assert (verdict.broken, verdict.entries) == ((), 121)
    for name in ("one", "two"):
        found = ledger.audit_entries(Wanted(kinds=[name]), limit=100, newest_first=False)
        assert [e.act.id for e in found] == [str(k) for k in range(60)]


def test_two_who_close_the_same_month_make_one_revision(opener: Callable[[], SqlLedger]) -> None:
    one, two = opener(), opener()
    for k in range(10):
        one.save_result(result(institution=f"i{k}"))
        with ThreadPoolExecutor(2) as pool:
            closing = [
                pool.submit(x.close, f"i{k}", MARCH, signed_by=f"s{n}")
                for n, x in enumerate((one, two))
            ]
            assert {c.result(30).number for c in closing} == {1}
    assert len(one.audit_entries(Wanted(kinds=["revision"]), limit=100)) == 10
    assert one.verify_audit(deep=True).broken == ()


@pytest.mark.slow
def test_killed_in_the_middle_of_closing_it_holds(
    opener: Callable[[], SqlLedger], url: str
) -> None:
    """kill -9, twenty times, wherever it happens to be."""
    ledger = opener()
    for k in range(400):
        ledger.save_result(result(institution=f"i{k:03}"))
    chance, closed = random.Random(5), 0
    code = (
        "import sys; from store.opening import open_ledger; from domain.calendar import Month\n"
        "ledger = open_ledger(sys.argv[1])\n"
        "print('begun', flush=True)\n"
        "for k in range(int(sys.argv[2]), 400):\n"
        "    ledger.close(f'i{k:03}', Month(2019, 3), signed_by='w')"
    )
    for _ in range(20):
        child = subprocess.Popen(
            [sys.executable, "-c", code, url, str(closed)], stdout=subprocess.PIPE
        )
        assert child.stdout is not None and child.stdout.readline() == b"begun\n"
        try:
            child.wait(chance.uniform(0.005, 0.06))
        except subprocess.TimeoutExpired:
            os.kill(child.pid, signal.SIGKILL)
            child.wait(10)
        child.stdout.close()
        verdict = ledger.verify_audit(deep=True)
        assert verdict.broken == ()
        states = [s.revision for s in ledger.statuses()]
        closed = sum(states)
        assert verdict.rows == verdict.results == closed
        assert verdict.entries == closed + 1
    assert closed > 20


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
