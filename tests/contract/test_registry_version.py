"""The registry's version: what it promises, and what is saved by asking for it."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import event

from domain.errors import ChangedMeanwhileError
from domain.registry import Registry
from store import known_registry
from store.known_registry import KnownRegistry
from store.ledger.audit import Wanted
from store.ledger.sql.ledger import SqlLedger
from tests.ledger_sample import REGISTRY

Opener = Callable[[], SqlLedger]


def renamed(name: str) -> Registry:
    return Registry(institutions=(replace(REGISTRY.institutions[0], name_en=name),))


def test_a_ledger_has_a_version_from_the_beginning(opener: Opener) -> None:
    assert opener().registry_version() == opener().registry_version() != ""


def test_every_save_gives_another_that_all_processes_see(opener: Opener) -> None:
    one, other = opener(), opener()
    seen = [one.registry_version()]
    for name in ("a", "b", "a"):
        one.save_registry(renamed(name))
        assert other.registry_version() == one.registry_version()
        seen.append(one.registry_version())
    assert len(set(seen)) == 4


def test_nothing_else_changes_it(ledger: SqlLedger) -> None:
    ledger.save_registry(REGISTRY)
    before = ledger.registry_version()
    ledger.keep_aside([])
    ledger.registry()
    assert ledger.registry_version() == before


def test_a_save_that_fails_leaves_it(ledger: SqlLedger) -> None:
    before = ledger.registry_version()
    broken = replace(REGISTRY.institutions[0], building_type=None)  # type: ignore[arg-type]
    with pytest.raises(Exception, match="building_type"):
        ledger.save_registry(Registry(institutions=(broken,)))
    assert ledger.registry_version() == before


def test_asking_is_one_statement_by_the_key(ledger: SqlLedger) -> None:
    said: list[str] = []
    engine = ledger._engine
    event.listen(engine, "before_cursor_execute", lambda *a: said.append(a[2]))
    ledger.registry_version()
    (statement,) = [s for s in said if "registry_version" in s]
    plan = "EXPLAIN QUERY PLAN " if engine.dialect.name == "sqlite" else "EXPLAIN "
    with engine.connect() as connection:
        if plan.startswith("EXPLAIN Q"):
            told = str(connection.exec_driver_sql(plan + statement, (1,)).all())
            assert "USING INTEGER PRIMARY KEY" in told
        else:
            connection.exec_driver_sql("SET enable_seqscan = off")  # one row: either is as good
            told = str(connection.exec_driver_sql(plan + statement, {"id_1": 1}).all())
            assert "Index" in told


def test_savers_at_the_same_time_leave_one_that_stands_for_both(opener: Opener) -> None:
    ledger = opener()
    ledger.save_registry(REGISTRY)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda k: ledger.save_registry(renamed(f"n{k}")), range(12)))
    known = KnownRegistry(opener())
    assert known.fresh() == ledger.registry()
    assert known.version() == ledger.registry_version()


class Counted(SqlLedger):
    """Counts how often the registry is read, and may be held while it is."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.read = 0
        self.goes_on = threading.Event()
        self.goes_on.set()
        self.began = threading.Event()

    def registry(self) -> Registry:
        self.read += 1
        self.began.set()
        assert self.goes_on.wait(20)
        return super().registry()


def test_it_is_read_again_only_when_it_has_changed(
    url: str, opener: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known_registry, "ASK_EVERY_S", 0.0)
    writer, ledger = opener(), Counted(url)
    writer.save_registry(REGISTRY)
    heard: list[Registry] = []
    known = KnownRegistry(ledger, heard.append)
    for _ in range(5):
        assert known.get() == known.fresh() == writer.registry()
    assert ledger.read == len(heard) == 1
    writer.save_registry(renamed("changed"))
    assert known.get().institution_by_id[REGISTRY.institutions[0].id].name_en == "changed"
    assert ledger.read == len(heard) == 2
    ledger.close_connections()


def test_while_one_reads_the_others_go_on_with_what_they_have(
    url: str, opener: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known_registry, "ASK_EVERY_S", 0.0)
    writer, ledger = opener(), Counted(url)
    writer.save_registry(REGISTRY)
    known = KnownRegistry(ledger)
    before = known.get()
    writer.save_registry(renamed("changed"))
    ledger.began.clear()
    ledger.goes_on.clear()
    with ThreadPoolExecutor(8) as pool:
        reader = pool.submit(known.get)
        assert ledger.began.wait(20)
        assert [known.get() for _ in range(3)] == [before] * 3, "nobody waits"
        asking = [pool.submit(known.fresh) for _ in range(5)]
        assert not any(f.done() for f in asking), "they asked for what is newer"
        ledger.goes_on.set()
        assert all(f.result(20) == writer.registry() for f in (reader, *asking))
    assert ledger.read == 2
    ledger.close_connections()


def test_the_first_wait_for_one_reading(url: str) -> None:
    ledger = Counted(url)
    ledger.goes_on.clear()
    known = KnownRegistry(ledger)
    with ThreadPoolExecutor(6) as pool:
        asking = [pool.submit(known.get) for _ in range(6)]
        assert ledger.began.wait(20)
        ledger.goes_on.set()
        assert all(f.result(20) == Registry() for f in asking)
    assert ledger.read == 1
    ledger.close_connections()


def test_who_reads_and_fails_does_not_leave_the_others_waiting(url: str) -> None:
    ledger = Counted(url)
    known = KnownRegistry(ledger, _broken_once())
    with pytest.raises(ZeroDivisionError):
        known.get()
    assert known.get() == Registry()
    ledger.close_connections()


def _broken_once() -> Callable[[Registry], None]:
    calls: list[Registry] = []

    def hear(registry: Registry) -> None:
        calls.append(registry)
        if len(calls) == 1:
            raise ZeroDivisionError

    return hear


def test_a_save_for_a_version_is_refused_when_it_is_another(ledger: SqlLedger) -> None:
    ledger.save_registry(REGISTRY)
    version, told = ledger.registry_version(), ledger.count_audit_entries(Wanted())
    ledger.save_registry(renamed("first"), if_version=version)
    with pytest.raises(ChangedMeanwhileError, match="nothing was imported"):
        ledger.save_registry(renamed("second"), if_version=version)
    assert ledger.registry().institution_by_id[REGISTRY.institutions[0].id].name_en == "first"
    assert ledger.count_audit_entries(Wanted()) == told + 1


def test_of_many_who_compared_with_the_same_version_one_is_taken(opener: Opener) -> None:
    ledger = opener()
    ledger.save_registry(REGISTRY)
    version = ledger.registry_version()

    def save(k: int) -> bool:
        try:
            ledger.save_registry(renamed(f"n{k}"), if_version=version)
        except ChangedMeanwhileError:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(save, range(8)))[-2:] == [False, True]
