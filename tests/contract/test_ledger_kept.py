"""Kept messages, on both of the ledger's engines."""

import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from sqlalchemy import select

from domain.access import Action, Grant
from store.ledger.kept import REASONS_MAX, KeptMessage, Reason, Room
from store.ledger.sql.engine import reading
from store.ledger.sql.ledger import SqlLedger
from store.ledger.sql.tables import kept_room
from store.opening import open_ledger


def message(number: int, *, code: str = "bad_json", device: str = "") -> KeptMessage:
    return KeptMessage(
        source="civicmeter/v1/b1/telemetry",
        reasons=(Reason(code, device),),
        topic="civicmeter/v1/b1/telemetry",
        payload=b"\x00\xff%d" % number,
        arrived_at_ms=1_700_000_000_000 + number,
    )


def of(*institutions: str) -> Grant:
    return Grant(frozenset({Action.POST}), frozenset(institutions))


def test_the_same_message_is_kept_once(ledger: SqlLedger) -> None:
    messages = [message(i) for i in range(5)]
    ledger.keep_messages([*messages, messages[0]])
    ledger.keep_messages(messages[2:])
    ledger.keep_messages([])
    assert ledger.count_kept() == 5
    assert sorted(ledger.kept_messages(), key=lambda m: m.arrived_at_ms) == messages


def test_groups_and_pages(ledger: SqlLedger) -> None:
    ledger.keep_messages(message(i, code="unknown_device", device=f"d{i % 3}") for i in range(30))
    ledger.keep_messages([message(99)])
    assert ledger.kept_devices("unknown_device") == ["d0", "d1", "d2"]
    found: list[KeptMessage] = []
    while page := ledger.kept_messages(
        code="unknown_device", device="d1", after=found[-1].digest if found else "", limit=4
    ):
        assert len(page) <= 4
        found += page
    assert sorted(m.payload for m in found) == sorted(b"\x00\xff%d" % i for i in range(1, 30, 3))
    assert ledger.kept_messages(source="elsewhere") == []


def test_forgetting_leaves_the_others(ledger: SqlLedger) -> None:
    messages = [message(i) for i in range(1200)]
    ledger.keep_messages(messages)
    ledger.forget_messages([m.digest for m in messages[:1100]])
    ledger.forget_messages([])
    assert ledger.count_kept() == 100
    kept = {m.payload for m in ledger.kept_messages()}
    assert kept == {m.payload for m in messages[1100:]}


def test_what_makes_a_message_the_same() -> None:
    one = message(1)
    assert one.digest == message(1).digest
    assert one.digest == message(1, code="other", device="d").digest
    assert one.digest != message(2).digest
    assert one.digest != replace(one, grants=()).digest
    assert (
        replace(one, grants=(of("a", "b"),)).digest == replace(one, grants=(of("b", "a"),)).digest
    )
    assert replace(one, grants=(of("a", "b"),)).digest != replace(one, grants=(of("a,b"),)).digest


def test_for_whom_it_speaks_is_kept(ledger: SqlLedger) -> None:
    grants = (of("学校", "hall"), Grant(frozenset({Action.POST}), devices=frozenset({"m1"})))
    messages = [replace(message(1), grants=g) for g in (None, (), grants)]
    ledger.keep_messages(messages)
    found = ledger.kept_messages()
    assert {m.digest for m in found} == {m.digest for m in messages}
    assert {m.grants and frozenset(m.grants) for m in found} == {None, (), frozenset(grants)}


def test_a_message_is_kept_once_and_referred_to(ledger: SqlLedger) -> None:
    ledger.keep_messages([message(1, code="bad_value", device=d) for d in ("a", "b")])
    ledger.keep_messages([message(1, code="bad_time", device="b")])
    ledger.keep_messages([message(1, code="bad_value", device="b")])
    (found,) = ledger.kept_messages()
    assert found.reasons == (
        Reason("bad_time", "b"),
        Reason("bad_value", "a"),
        Reason("bad_value", "b"),
    )
    assert ledger.kept_messages(code="bad_value", device="b") == [found]
    assert ledger.kept_messages(code="bad_time", device="a") == []
    assert ledger.kept_bytes() == found.size_bytes
    ledger.forget_messages([found.digest])
    assert (ledger.count_kept(), ledger.kept_bytes(), ledger.kept_messages()) == (0, 0, [])
    assert ledger.kept_devices("bad_value") == []


def test_reasons_of_a_message_are_bounded(ledger: SqlLedger) -> None:
    ledger.keep_messages(message(1, code="bad_value", device=f"d{k}") for k in range(5_000))
    (found,) = ledger.kept_messages()
    assert len(found.reasons) <= REASONS_MAX + 1
    assert Reason("bad_value") in found.reasons
    ledger.keep_messages([message(1, code="bad_value", device="later")])
    assert ledger.kept_messages() == [found]


def test_what_there_is_no_room_for_is_left_out(ledger: SqlLedger) -> None:
    def some(source: str, numbers: range) -> list[KeptMessage]:
        return [
            replace(message(k), source=source, payload=b"x" * 1_000 + b"%d" % k) for k in numbers
        ]

    size = some("a", range(1))[0].size_bytes
    room = Room(messages=100, total_bytes=10 * size + 100, source_bytes=4 * size + 100)
    assert ledger.keep_messages(some("a", range(3)), room) == 0
    assert ledger.keep_messages(some("a", range(6)), room) == 2, "of one source"
    assert ledger.keep_messages(some("b", range(4)), room) == 0, "others have their own"
    assert ledger.keep_messages(some("c", range(4)), room) == 2, "in all"
    assert ledger.keep_messages(some("a", range(3)), room) == 0, "what is there is there"
    assert ledger.count_kept() == 10
    assert ledger.kept_bytes() == sum(m.size_bytes for m in ledger.kept_messages())
    ledger.forget_messages([m.digest for m in ledger.kept_messages(source="a")])
    assert ledger.keep_messages(some("c", range(4)), room) == 0
    assert ledger.keep_messages(some("d", range(9)), Room(messages=10)) == 7
    assert ledger.kept_bytes() == sum(m.size_bytes for m in ledger.kept_messages())


def test_each_key_has_room_of_its_own(ledger: SqlLedger) -> None:
    one, other = (
        [replace(message(k), source="POST", grants=(of(i),)) for k in range(5)] for i in "ab"
    )
    room = Room(source_bytes=sum(m.size_bytes for m in one[:2]))
    assert ledger.keep_messages(one, room) == 3
    assert ledger.keep_messages(other, room) == 3


def test_writers_at_once_keep_to_the_room(opener: Callable[[], SqlLedger]) -> None:
    size = replace(message(0), payload=b"%04d" % 0).size_bytes
    room = Room(total_bytes=100 * size)

    def keep(worker: int) -> int:
        ledger = opener()
        return sum(
            ledger.keep_messages(
                [replace(message(0), payload=b"%04d" % (worker * 100 + k + i)) for i in range(5)],
                room,
            )
            for k in range(0, 60, 5)
        )

    with ThreadPoolExecutor(4) as pool:
        left_out = sum(pool.map(keep, range(4)))
    assert left_out == 140
    assert opener().count_kept() == 100


def test_the_database_takes_about_what_is_counted(tmp_path: Path) -> None:
    """The bound is in bytes of the disk: rows, indices and short payloads included."""
    ledger = open_ledger(f"sqlite:///{tmp_path / 'ledger.db'}")
    empty = (tmp_path / "ledger.db").stat().st_size
    for start in range(0, 20_000, 2_000):
        ledger.keep_messages(
            replace(message(k, code="bad_value", device=f"device-{k % 997}"), payload=b"%08d" % k)
            for k in range(start, start + 2_000)
        )
    counted = ledger.kept_bytes()
    ledger.close_connections()
    with sqlite3.connect(tmp_path / "ledger.db") as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    taken = (tmp_path / "ledger.db").stat().st_size - empty
    assert 0.5 * counted < taken < 1.1 * counted, taken / counted


def true_sums(ledger: SqlLedger) -> tuple[int, int]:
    found = ledger.kept_messages(limit=100_000)
    return len(found), sum(m.size_bytes for m in found)


def test_the_sums_are_true_whenever_a_writer_dies(
    url: str, opener: Callable[[], SqlLedger]
) -> None:
    """They are kept up by differences; whoever dies between two leaves neither."""
    opener().close_connections()
    for seed in range(6):
        words = [sys.executable, "-m", "tests.contract.keep_until_killed", url, str(seed)]
        with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None and child.stdout.readline()
            time.sleep(0.1 + seed * 0.067)
            child.kill()
        ledger = opener()
        found = (ledger.count_kept(), ledger.kept_bytes())
        assert found == true_sums(ledger) and found[0] > 0, seed
        for source in (f"s{k}" for k in range(5)):
            of_it = [m for m in ledger.kept_messages(limit=100_000) if m.source == source]
            with reading(ledger._engine) as connection:
                query = select(kept_room).where(kept_room.c.bringer == source)
                row = connection.execute(query).one_or_none()
            told = (row.messages, row.size_bytes) if row else (0, 0)
            assert told == (len(of_it), sum(m.size_bytes for m in of_it)), (seed, source)


def test_the_sums_take_no_longer_the_more_is_kept(ledger: SqlLedger) -> None:
    def seconds() -> float:
        took = []
        for _ in range(20):
            began = time.perf_counter()
            ledger.kept_bytes()
            took.append(time.perf_counter() - began)
        return min(took)

    ledger.keep_messages([message(0)])
    few = seconds()
    for start in range(0, 30_000, 5_000):
        ledger.keep_messages(message(k) for k in range(start, start + 5_000))
    assert seconds() < 5 * few + 0.001
