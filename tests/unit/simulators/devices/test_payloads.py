"""Payloads carry exactly what a block holds."""

import json

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.registry import Registry
from simulators.devices.block import DECIMALS, Block
from simulators.devices.payloads import device_message, gateway_messages, telemetry
from simulators.faults.bad_messages import EACH, KINDS, bad_messages
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


QUANTITIES = ("energy_import_kwh", "power_w", "battery_pct", "fill_level_ratio", "unheard_of_%é")
numbers = (
    st.floats(0, 1.5)
    | st.floats(-60, 60_000)
    | st.floats(9.9e5, 1.01e6)
    | st.floats(9.9e8, 1.01e12)
    | st.sampled_from([0.0, -0.0, 0.1, 9_999.0, 10_000.0, 99.99, 100.0, 5e-324, 1e16, 1e22])
)
shown = st.tuples(numbers, st.integers(0, 3)).map(lambda n: round(*n)) | numbers
some = st.just(float("nan")) | shown


@given(st.data(), st.integers(1, 12), st.integers(1, 40), st.integers(1, 100))
def test_blocks_with_and_without_gaps_have_the_bytes_of_the_plain_way(
    data: st.DataObject, columns: int, count: int, per_message: int
) -> None:
    names = tuple(f"{QUANTITIES[i % 5]}{i // 5 or ''}" for i in range(columns))
    step = data.draw(st.sampled_from([1, 900_000, 86_400_000_000]))
    value = data.draw(st.sampled_from([shown, some]))
    cells = st.lists(value, min_size=columns * count, max_size=columns * count)
    block = Block(
        "d", names, np.arange(count) * step, np.array(data.draw(cells)).reshape(count, columns)
    )
    plain = []
    rows = max(1, per_message // columns)
    for low in range(0, count, rows):
        part = block.part(low, low + rows)
        if records := telemetry(part):
            plain.append((msgspec.json.encode({"d": records}), part.readings))
    sent = [(m.payload, m.readings) for m in gateway_messages("gw", block, per_message)]
    assert sent == plain


@pytest.mark.slow
def test_what_displays_show_has_the_bytes_of_the_plain_way() -> None:
    for quantity, decimals in {**DECIMALS, "power_w": 1}.items():
        edges = np.array([0.0, 1e4, 1e6, 1e8, 1e12])[:, None]
        values = np.round((edges + np.arange(-15_000, 15_000)).ravel() / 10**decimals, decimals)
        values = values[(values >= 0) & (values < 1e12 / 10**decimals)]
        block = Block("d", (quantity,), np.arange(len(values)), values[:, None])
        (message,) = gateway_messages("gw", block, per_message=len(values))
        assert message.payload == msgspec.json.encode({"d": telemetry(block)})


def test_a_block_without_rows_has_no_messages() -> None:
    empty = Block("d", ("power_w",), np.array([], dtype=np.int64), np.empty((0, 1)))
    assert list(gateway_messages("gw", empty)) == []


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
