"""A gateway's word: for its own devices, and for no other."""

from pathlib import Path

from civicmeter.wiring.pipeline import tags_of
from config.limits import TIME_LIMITS
from domain.judge import Judge
from domain.places import Carrier, Institution, Meter
from domain.registry import Registry
from ingest.aside.replay import replay
from ingest.live.spool import Spool
from ingest.mapping import Mapping
from ingest.messages.batch import Batch, decode_messages, keep_batch, once, sort_batch
from ingest.messages.message import Message
from ingest.messages.router import Router
from store.ledger.sql.ledger import SqlLedger
from store.readings.sqlite import SqliteReadingStore

NOW = 1_700_000_000_000
OURS = "civicmeter/v1/gateway/g1/telemetry"


def meter(name: str, gateway: str = "") -> Meter:
    return Meter(
        id=name, institution="s", carrier=Carrier.WATER, register="water_m3", gateway=gateway
    )


def registry(*devices: Meter) -> Registry:
    return Registry((Institution("s", "校", "School"),), devices=devices).check()


LISTED = registry(meter("a", "g1"), meter("b", "g2"), meter("alone"))


def said(topic: str, *devices: str) -> Message:
    parts = ",".join(f'"{d}":[{{"ts":{NOW},"values":{{"water_m3":7}}}}]' for d in devices)
    return Message(1, 1, 1, topic, f"{{{parts}}}".encode(), NOW)


def sorted_out(message: Message, known: Registry, router: Router | None = None) -> Batch:
    decoded = decode_messages([message], router or Router(), 1 << 20)
    return sort_batch(decoded, Judge(tags_of(known), TIME_LIMITS, NOW))


def stored(batch: Batch) -> list[str]:
    return sorted(r.device for r in batch.runs if len(r.at_ms))


def test_it_speaks_for_its_own_devices_only() -> None:
    batch = sorted_out(said(OURS, "a", "b", "alone", "ghost"), LISTED)
    assert stored(batch) == ["a"]
    assert batch.aside.counts == {"foreign_device": 2, "unknown_device": 1}


def test_a_batch_that_is_taken_apart_is_judged_as_strictly() -> None:
    """One message that fails in the store must not open the door for those beside it."""
    decoded = decode_messages([said(OURS, "a", "b", "alone")], Router(), 1 << 20)
    parts = decoded.halves()
    while any(p.halves() for p in parts):
        parts = [half for p in parts for half in (p.halves() or [p])]
    judge = Judge(tags_of(LISTED), TIME_LIMITS, NOW)
    batches = [sort_batch(p, judge) for p in parts]
    assert [d for b in batches for d in stored(b)] == ["a"]
    assert sum(b.aside.counts.get("foreign_device", 0) for b in batches) == 2


def test_a_device_speaks_for_itself() -> None:
    payload = b'{"ts":%d,"values":{"water_m3":7}}' % NOW
    own = Message(1, 1, 1, "civicmeter/v1/b/telemetry", payload, NOW)
    assert stored(sorted_out(own, LISTED)) == ["b"]


def test_a_registry_without_gateways_leaves_it_to_the_broker_but_a_device_is_none() -> None:
    none_listed = registry(meter("a"), meter("b"))
    assert stored(sorted_out(said(OURS, "a", "b"), none_listed)) == ["a", "b"]
    as_device = said("civicmeter/v1/gateway/a/telemetry", "a", "b")
    assert stored(sorted_out(as_device, none_listed)) == ["a"]


def test_a_mapping_names_its_account() -> None:
    router = Router([Mapping(topic="line7", format="gateway", account="g2")])
    assert stored(sorted_out(said("line7", "a", "b"), LISTED, router)) == ["b"]


def test_a_forgery_is_not_taken_back_by_a_replay_until_the_registry_says_so(
    tmp_path: Path,
) -> None:
    store = SqliteReadingStore(tmp_path / "readings.db")
    ledger = SqlLedger(f"sqlite:///{tmp_path / 'ledger.db'}")
    keep_batch(sorted_out(said(OURS, "b"), LISTED), ledger, once)
    for known, count in ((LISTED, 0), (registry(meter("b", "g1")), 1)):
        done = replay(store, ledger, tags_of(known), Router(), TIME_LIMITS, NOW)
        assert done.stored == count
    store.close()
    ledger.close_connections()


def test_the_spool_knows_whose_word_it_keeps(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool.db", 1 << 20)
    assert spool.append(decode_messages([said(OURS, "b")], Router(), 1 << 20))
    waited = spool.oldest(10)
    assert waited is not None
    batch = sort_batch(waited.decoded, Judge(tags_of(LISTED), TIME_LIMITS, NOW))
    assert stored(batch) == []
    spool.close()


def test_an_account_is_a_device_or_a_gateway() -> None:
    wrong = Registry((Institution("s", "校", "School"),), devices=(meter("a", "b"), meter("b")))
    assert [p for p in wrong.problems() if "name the account differently" in p]


def test_no_instant_can_be_occupied_in_advance() -> None:
    """The true reading of that time would be refused as a conflict."""
    ahead = NOW + TIME_LIMITS.future_skew_s * 1000 + 1
    payload = b'{"a":[{"ts":%d,"values":{"water_m3":7}}]}' % ahead
    batch = sorted_out(Message(1, 1, 1, OURS, payload, NOW), LISTED)
    assert stored(batch) == []
    assert batch.aside.counts == {"future_time": 1}
