"""Grouping what is kept aside."""

from config.limits import TIME_LIMITS
from domain.errors import PayloadError
from domain.judge import Judge, Refusal
from domain.readings import Reading, readings_of
from ingest.messages.batch import Batch, decode_messages, sort_batch
from ingest.messages.message import Message
from ingest.messages.router import Router
from store.aside import SAMPLE_BYTES, AsideBatch, storable
from store.ledger.kept import Reason
from store.readings.port import Conflict, DeviceTags, Directory, WriteResult

NOW = 1_700_000_000_000
SKEW = {"ahead_s": 700, "limit_s": 600}


def batch_of(messages: list[Message], known: Directory, longest: int) -> Batch:
    return sort_batch(decode_messages(messages, Router(), longest), Judge(known, TIME_LIMITS, NOW))


def message(topic: str, payload: bytes) -> Message:
    return Message(1, 1, 1, topic, payload, NOW)


def test_a_flood_of_one_mistake_is_one_entry() -> None:
    aside = AsideBatch(NOW)
    for i in range(1000):
        aside.message("t", b"x" * 10_000 + b"%d" % (i % 2), PayloadError("bad_json", f"no {i}"))
    (entry,) = aside.entries()
    assert (entry.count, entry.detail) == (1000, "no 999")
    assert len(entry.sample) == SAMPLE_BYTES
    # The same message is kept once, and whole.
    assert sorted(len(k.payload) for k in aside.kept()) == [10_001, 10_001]
    assert aside.counts == {"bad_json": 1000}


def test_readings_of_a_device_are_kept_together() -> None:
    aside = AsideBatch(NOW)
    for i in range(3):
        reading = Reading("new", "power_w", NOW + i, float(i))
        aside.reading("t", reading, Refusal("unknown_device", {"device": "new"}))
    (kept,) = aside.kept()
    assert kept.topic == ""
    again = Router().decode("civicmeter/v1/gateway/x/telemetry", kept.payload, 0)
    assert [r.value for r in again.readings] == [0.0, 1.0, 2.0]


def test_a_message_too_long_is_not_kept_whole() -> None:
    batch = batch_of([message("civicmeter/v1/a/telemetry", b"x" * 101)], {}, 100)
    (entry,) = batch.aside.entries()
    assert entry.code == "too_long"
    assert batch.aside.kept() == []


def test_conflicts_and_refusals_know_their_topic() -> None:
    known = {"a": DeviceTags("meter", "s"), "b": DeviceTags("meter", "s")}
    payload = b'{"ts": 1700000000000, "values": {"power_w": 1}}'
    messages = [message(f"civicmeter/v1/{d}/telemetry", payload) for d in "ab"]
    messages.insert(1, message("civicmeter/v1/a/telemetry", b"{}"))
    batch = batch_of(messages, known, 1000)
    a, b = readings_of(batch.runs)
    result = WriteResult(0, conflicts=(Conflict(b, 5.0),), refused=((a, "no room"),))
    batch.aside.unstored(result, batch.topic_finder())
    found = {e.code: (e.source, e.device, e.detail) for e in batch.aside.entries()}
    source, device, detail = found["refused_by_store"]
    assert (source, device) == ("civicmeter/v1/a/telemetry", "a")
    assert "no room" in detail
    source, device, detail = found["conflict"]
    assert (source, device) == ("civicmeter/v1/b/telemetry", "b")
    assert "5.0 is stored for this time already" in detail


def test_names_are_made_storable() -> None:
    assert storable("a\0b\nc\ud800", 10) == "a�b�c�"
    assert storable("水表 1", 10) == "水表 1"
    assert storable("x" * 11, 10) == "x" * 9 + "…"


def test_a_message_with_many_bad_devices_is_kept_once() -> None:
    payload = b"{" + b",".join(b'"d%04d":0' % k for k in range(5_000)) + b"}"
    batch = batch_of([message("civicmeter/v1/gateway/g/telemetry", payload)], {}, 100_000)
    assert batch.aside.counts == {"bad_shape": 5_000}
    (kept,) = batch.aside.kept()
    assert kept.payload == payload
    assert kept.size_bytes < len(payload) + 10_000
    assert {r.code for r in kept.reasons} == {"bad_shape"}


def test_beyond_so_many_groups_devices_are_kept_together() -> None:
    aside = AsideBatch(NOW, groups_max=2)
    for k in (0, 1, 2, 3, 1):
        reading = Reading(f"x{k}", "power_w", NOW, float(k))
        aside.reading("t", reading, Refusal("unknown_device", {"device": f"x{k}"}))
    counts = {e.device: e.count for e in aside.entries()}
    assert counts == {"x0": 1, "x1": 2, "": 2}
    (rest,) = [k for k in aside.kept() if k.reasons == (Reason("unknown_device"),)]
    again = Router().decode("civicmeter/v1/gateway/x/telemetry", rest.payload, 0)
    assert [r.device for r in again.readings] == ["x2", "x3"]


def test_a_flood_of_readings_is_kept_in_pieces() -> None:
    aside = AsideBatch(NOW)
    for k in range(2_500):
        aside.reading("t", Reading("x", "power_w", NOW + k, 1.0), Refusal("future_time", SKEW))
    assert len(aside.kept()) == 3


def test_what_is_only_counted_is_not_kept() -> None:
    aside = AsideBatch(NOW)
    for code in ("bad_value", "bad_value", "not_finite"):
        aside.counted("t", "x", Refusal(code, {"value": "1e999"}), b"s" * 10_000)
    assert aside.counts == {"bad_value": 2, "not_finite": 1}
    assert {e.code: (e.count, len(e.sample)) for e in aside.entries()} == {
        "bad_value": (2, SAMPLE_BYTES),
        "not_finite": (1, SAMPLE_BYTES),
    }
    assert aside.kept() == []
