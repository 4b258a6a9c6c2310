"""What was heard in parts is what was heard at once."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from ingest.judge import Limits
from ingest.live.batch import Batch, Heard, hear, look, sort_batch
from ingest.live.mqtt_client import Message
from ingest.live.router import Router
from store.readings.port import DeviceTags

NOW = 1_700_000_000_000
KNOWN = {"a": DeviceTags("meter", "s"), "b": DeviceTags("meter", "s")}
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


def heard(messages: list[Message]) -> Heard:
    return hear(messages, Router(), 1000)


def seen(batch: Batch) -> tuple[object, ...]:
    entries = sorted((e.source, e.code, e.device, e.detail, e.count) for e in batch.aside.entries())
    lags = batch.lags_s(NOW)
    return list(batch.runs), entries, lags, batch.heard.untimed, batch.heard.payload_bytes


@given(MESSAGES, st.lists(st.integers(0, 12)))
def test_parts_looked_at_one_by_one(messages: list[Message], cuts: list[int]) -> None:
    at_once = sort_batch(heard(messages), KNOWN, Limits(), NOW)
    whole = Heard(suspects=[])
    for start, end in pairwise(sorted({0, len(messages), *(min(c, len(messages)) for c in cuts)})):
        part = heard(messages[start:end])
        look(part, KNOWN, Limits(), NOW)
        whole.add(part)
    assert whole.messages == messages
    assert seen(sort_batch(whole, KNOWN, Limits(), NOW)) == seen(at_once)


@given(MESSAGES)
def test_what_nobody_looked_at_is_not_believed(messages: list[Message]) -> None:
    at_once = sort_batch(heard(messages), KNOWN, Limits(), NOW)
    whole = Heard(suspects=[])
    for message in messages:
        whole.add(heard([message]))
    assert seen(sort_batch(whole, KNOWN, Limits(), NOW)) == seen(at_once)


def test_a_device_registered_meanwhile_is_known() -> None:
    came = heard([Message(1, 1, 1, "civicmeter/v1/new/telemetry", PAYLOADS[0], NOW)])
    assert look(came, KNOWN, Limits(), NOW) == [0, 1]
    batch = sort_batch(came, KNOWN | {"new": DeviceTags("meter", "s")}, Limits(), NOW)
    assert [run.device for run in batch.runs] == ["new", "new"]
    assert batch.aside.counts == {}
