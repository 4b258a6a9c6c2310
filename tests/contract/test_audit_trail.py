"""The audit trail on each engine: what it tells of, what it finds, what the database refuses."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DatabaseError

from domain.access import Action, Grant
from domain.audit import LOCAL, PROCESSOR, Actor
from domain.registry import Registry
from store.ledger.audit import Wanted
from store.ledger.chain import BEGINNING
from store.ledger.port import AsideEntry
from store.ledger.sql.ledger import SqlLedger
from tests.audit_sample import CORRECTION, MODEL, entries, fill
from tests.ledger_sample import FULL, MARCH, REGISTRY, T0, result


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
        "for k in range(int(sys.argv[2]), 400):\n"
        "    ledger.close(f'i{k:03}', Month(2019, 3), signed_by='w'); print(k, flush=True)"
    )
    for _ in range(20):
        child = subprocess.Popen(
            [sys.executable, "-c", code, url, str(closed)], stdout=subprocess.PIPE
        )
        assert child.stdout is not None
        for _ in range(chance.randrange(1, 8)):
            assert child.stdout.readline()
        time.sleep(chance.uniform(0.0, 0.015))  # somewhere in the closings after those
        os.kill(child.pid, signal.SIGKILL)
        child.wait(10)
        child.stdout.close()
        verdict = ledger.verify_audit(deep=True)
        assert verdict.broken == ()
        states = [s.revision for s in ledger.statuses()]
        closed = sum(states)
        assert verdict.rows == verdict.results == closed
        assert verdict.entries == closed + 1
    assert closed >= 20
