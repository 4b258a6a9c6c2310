"""What is decoded in parts is what is decoded at once."""

import gc
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from config.limits import TIME_LIMITS
from domain.judge import Judge
from ingest.messages.batch import Batch, DecodedMessages, decode_messages, mark_doubtful, sort_batch
from ingest.messages.message import Message
from ingest.messages.router import Router
from store.readings.port import DeviceTags

NOW = 1_700_000_000_000
KNOWN = {"a": DeviceTags("meter", "s"), "b": DeviceTags("meter", "s")}
JUDGE = Judge(KNOWN, TIME_LIMITS, NOW)
PAYLOADS = [
    b'{"ts": 1699999999000, "values": {"power_w": 1, "water_m3": 2}}',
    b'{"ts": 1699999998000, "values": {"power_w": 1e40, "water_m3": -1}}',
    b'[{"ts": 1699999997000, "values": {"power_w": 1}}, {"ts": 5, "values": {"power_w": 2}}]',
    b'{"ts": 1699999996000, "values": {"watts": 1, "power_w": "x"}}',
    b"{",
    b'{"power_w": 3}',
]
MESSAGES = st.lists(
    st.builds(
        lambda device, payload: Message(1, 1, 1, f"civicmeter/v1/{device}/telemetry", payload, NOW),
        st.sampled_from(["a", "b", "stranger"]),
        st.sampled_from(PAYLOADS),
    ),
    max_size=12,
)


def decoded(messages: list[Message]) -> DecodedMessages:
    return decode_messages(messages, Router(), 1000)


def seen(batch: Batch) -> tuple[object, ...]:
    entries = sorted((e.source, e.code, e.device, e.detail, e.count) for e in batch.aside.entries())
    lags = batch.lags_s(NOW)
    return list(batch.runs), entries, lags, batch.decoded.untimed, batch.decoded.payload_bytes


@given(MESSAGES, st.lists(st.integers(0, 12)))
def test_parts_looked_at_one_by_one(messages: list[Message], cuts: list[int]) -> None:
    at_once = sort_batch(decoded(messages), JUDGE)
    whole = DecodedMessages(doubtful=[])
    for start, end in pairwise(sorted({0, len(messages), *(min(c, len(messages)) for c in cuts)})):
        part = decoded(messages[start:end])
        mark_doubtful(part, JUDGE)
        whole.add(part)
    assert whole.messages == messages
    assert seen(sort_batch(whole, JUDGE)) == seen(at_once)


@given(MESSAGES)
def test_what_nobody_looked_at_is_not_believed(messages: list[Message]) -> None:
    at_once = sort_batch(decoded(messages), JUDGE)
    whole = DecodedMessages(doubtful=[])
    for message in messages:
        whole.add(decoded([message]))
    assert seen(sort_batch(whole, JUDGE)) == seen(at_once)


def test_a_device_registered_meanwhile_is_known() -> None:
    came = decoded([Message(1, 1, 1, "civicmeter/v1/new/telemetry", PAYLOADS[0], NOW)])
    assert mark_doubtful(came, JUDGE) == [0, 1]
    batch = sort_batch(came, Judge(KNOWN | {"new": DeviceTags("meter", "s")}, TIME_LIMITS, NOW))
    assert [run.device for run in batch.runs] == ["new", "new"]
    assert batch.aside.counts == {}


def test_what_was_wrong_leaves_no_circle() -> None:
    """The collector lets Python look for circles seldom: one of them would keep its whole batch
    in memory, and a flood of malformed messages would fill it."""
    messages = [Message(1, 1, 1, "civicmeter/v1/a/telemetry", p, NOW) for p in [*PAYLOADS, b"["]]
    gc.collect()
    gc.disable()
    try:
        batch = sort_batch(decode_messages(messages, Router(), 1_000), JUDGE)
        assert batch.aside.counts["bad_json"] == 2
        assert len(batch.aside.kept()) + len(batch.aside.entries()) > 4
        del batch
        assert gc.collect() == 0
    finally:
        gc.enable()
