"""Payloads carry exactly what a block holds."""

import json

import msgspec
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from domain.registry import Registry
from simulators.badinput import EACH, KINDS, bad_messages
from simulators.block import Block
from simulators.payloads import device_message, gateway_messages, telemetry
from simulators.scenarios import scenario

values = st.floats(0, 1e6).map(lambda v: round(v, 2)) | st.just(float("nan"))


@given(st.lists(st.tuples(values, values), min_size=1, max_size=300), st.integers(1, 100))
def test_gateway_messages_carry_every_reading_once(
    rows: list[tuple[float, float]], per_message: int
) -> None:
    at = np.arange(len(rows), dtype=np.int64) * 900_000
    block = Block("d", ("energy_import_kwh", "power_w"), at, np.array(rows))
    messages = list(gateway_messages("gw", block, per_message))
    seen = {
        (device, quantity, record["ts"]): value
        for m in messages
        for device, records in json.loads(m.payload).items()
        for record in records
        for quantity, value in record["values"].items()
    }
    expected = {
        ("d", q, int(t)): row[i]
        for t, row in zip(at, rows, strict=True)
        for i, q in enumerate(block.quantities)
        if not np.isnan(row[i])
    }
    assert seen == expected
    assert sum(m.readings for m in messages) == len(expected) == block.readings
    assert {m.topic for m in messages} <= {"civicmeter/v1/gateway/gw/telemetry"}


@given(
    st.text('a%"\\é{1', min_size=1, max_size=8),
    st.lists(st.tuples(st.floats(-1e18, 1e18), st.floats(0, 1e-9)), min_size=1, max_size=20),
)
def test_the_fast_way_writes_the_same_bytes_as_the_plain_one(
    device: str, rows: list[tuple[float, float]]
) -> None:
    at = np.arange(len(rows), dtype=np.int64) * 60_000
    block = Block(device, ("energy_import_kwh", "power_w"), at, np.array(rows))
    plain = json.dumps({device: telemetry(block)}, ensure_ascii=False, separators=(",", ":"))
    (message,) = gateway_messages("gw", block)
    assert json.loads(message.payload) == json.loads(plain)
    assert message.payload == msgspec.json.encode({device: telemetry(block)})


def test_a_device_says_one_thing_plainly_and_nothing_not_at_all() -> None:
    one = Block("d", ("power_w",), np.array([5]), np.array([[1.5]]))
    message = device_message(one)
    assert message is not None
    assert message.topic == "civicmeter/v1/d/telemetry"
    assert json.loads(message.payload) == {"ts": 5, "values": {"power_w": 1.5}}
    silent = Block("d", ("power_w",), np.array([5]), np.array([[np.nan]]))
    assert device_message(silent) is None


def test_splitting_a_block_keeps_every_row() -> None:
    block = Block("d", ("power_w",), np.array([10, 20, 30]), np.array([[1.0], [2.0], [3.0]]))
    before, after = block.split(20)
    assert before.at_ms.tolist() == [10, 20] and after.at_ms.tolist() == [30]


def test_bad_messages_are_bad_in_their_own_way() -> None:
    from datetime import UTC, datetime

    now = datetime(2026, 11, 23, tzinfo=UTC)
    registry: Registry = scenario("tiny", now).registry()
    sent = list(bad_messages(registry, now))
    assert {k: sum(kind == k for kind, _ in sent) for k in KINDS} == dict.fromkeys(KINDS, EACH)
    for kind, message in sent:
        assert message.readings == 0
        if kind == "malformed_json":
            try:
                json.loads(message.payload)
                raise AssertionError("it parses")
            except json.JSONDecodeError:
                continue
        body = json.loads(message.payload)  # Python's json takes NaN
        (value,) = body["values"].values()
        device = message.topic.split("/")[2]
        assert (device not in registry.device_by_id) == (kind == "unknown_device")
        assert np.isnan(value) == (kind == "not_a_number")
        days = (body["ts"] / 1000 - now.timestamp()) / 86_400
        assert (days > 300) == (kind == "future_time")
        assert (days < -3650) == (kind == "ancient_time")
