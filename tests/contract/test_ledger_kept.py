"""Kept messages, on both of the ledger's engines."""

from dataclasses import replace

from domain.access import Action, Grant
from store.ledger.kept import KeptMessage
from store.ledger.sql.ledger import SqlLedger


def message(number: int, *, code: str = "bad_json", device: str = "") -> KeptMessage:
    return KeptMessage(
        source="civicmeter/v1/b1/telemetry",
        code=code,
        device=device,
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
    assert one.digest != message(1, code="other").digest
    assert one.digest != message(1, device="d").digest
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


def test_how_much_is_kept_of_a_source(ledger: SqlLedger) -> None:
    assert ledger.kept_bytes("a") == 0
    ledger.keep_messages(replace(message(i), source="a", payload=b"x" * i) for i in range(1, 5))
    ledger.keep_messages([message(9)])
    assert ledger.kept_bytes("a") == 10
