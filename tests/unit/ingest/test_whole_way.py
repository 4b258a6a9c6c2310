"""Whatever bytes come on whatever topic: they end aside or in the store, and nothing else ends."""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.limits import TIME_LIMITS
from domain.judge import LARGEST_MS, Judge
from ingest.mapping import Field, Mapping
from ingest.messages.batch import decode_messages, keep_batch, once, sort_batch, write_batch
from ingest.messages.first_arrivals import Arrivals
from ingest.messages.message import Message
from ingest.messages.router import Router
from store.ledger.kept import ROOM
from store.ledger.sql.ledger import SqlLedger
from store.readings.port import DeviceTags
from store.readings.sqlite import SqliteReadingStore
from tests.unit.ingest.payload_cases import Case, cases

NOW = 1_795_700_000_000
KNOWN = {d: DeviceTags("meter", "s") for d in ("d", "m1", "b7-elec", "hall", "")}
FUZZED = Mapping(
    topic="fuzz/+",
    format="esphome",
    device="d",
    fields={"fuzz": Field("power_w", scale=1e300)},
)


@cache
def recorded() -> list[Case]:
    return cases()


@pytest.fixture(scope="module")
def stores(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[SqliteReadingStore, SqlLedger]]:
    folder: Path = tmp_path_factory.mktemp("whole-way")
    store, ledger = SqliteReadingStore(f"{folder}/r.db"), SqlLedger(f"sqlite:///{folder}/l.db")
    yield store, ledger
    store.close()
    ledger.close_connections()


NUMBERS = st.sampled_from(
    ["9" * 400, "-" + "9" * 400, "1e400", "-1e308", "1e300", "nan", "-nan(ind)", "inf", "true", "null",
     "9223372036854775807", "9223372036854775808", "-9223372036854775808", "0.1e-400", '"12"', "[]",
     "{}", '"\\ud800"', "[[[[[[[]]]]]]]"]
) | st.floats().map(json.dumps) | st.integers().map(str)  # fmt: skip


@st.composite
def messages(draw: st.DrawFn) -> tuple[Case, bytes]:
    """A recorded payload with something done to it, or any bytes at all."""
    case = draw(st.sampled_from(recorded()))
    payload = case.payload
    how = draw(st.integers(0, 5))
    if how == 0:
        return case, draw(st.binary(max_size=200))
    if how == 1:
        for _ in range(draw(st.integers(1, 4))):
            at = draw(st.integers(0, len(payload)))
            payload = payload[:at] + draw(st.binary(max_size=4)) + payload[at + 1 :]
        return case, payload
    if how == 2:
        cut = draw(st.integers(0, len(payload)))
        return case, payload[:cut]
    # Another number in the place of one.
    text = payload.decode("latin-1")
    digits = [i for i, c in enumerate(text) if c.isdigit()]
    if not digits:
        return case, payload * 2
    start = end = draw(st.sampled_from(digits))
    while start and text[start - 1] in "0123456789.-e":
        start -= 1
    while end < len(text) and text[end] in "0123456789.e":
        end += 1
    return case, (text[:start] + draw(NUMBERS) + text[end:]).encode("latin-1", "replace")


def go(
    came: list[tuple[Case, bytes]], retained: bool, stores: tuple[SqliteReadingStore, SqlLedger]
) -> None:
    store, ledger = stores
    arrivals = Arrivals()
    judge = Judge(KNOWN, TIME_LIMITS, NOW)
    for i, (case, payload) in enumerate(came):
        router = Router((*case.mappings, FUZZED))
        message = Message(1, i + 1, 1, case.topic, payload, NOW, retained=retained)
        decoded = decode_messages([message], router, 1 << 20, arrivals)
        for run in decoded.runs:
            assert all(type(at) is int and abs(at) <= LARGEST_MS for at in run.at_ms)
            assert len(run.at_ms) == len(run.value) > 0
        assert all(abs(frame) < 2**32 for _, frame in decoded.frames)
        batch = sort_batch(decoded, judge)
        write_batch(batch, store, once)
        keep_batch(batch, ledger, once, ROOM)
        assert all(abs(lag) < 2**63 for lag in batch.lags_s(NOW))
        told = decoded.runs or decoded.wrong or decoded.retained or not decoded.untimed
        assert told


ALL = {"suppress_health_check": list(HealthCheck), "deadline": None}


@settings(max_examples=150, **ALL)  # type: ignore[arg-type]
@given(came=st.lists(messages(), min_size=1, max_size=3), retained=st.booleans())
def test_any_bytes_end_aside_or_in_the_store(
    came: list[tuple[Case, bytes]], retained: bool, stores: tuple[SqliteReadingStore, SqlLedger]
) -> None:
    go(came, retained, stores)


@pytest.mark.long
@settings(max_examples=20_000, **ALL)  # type: ignore[arg-type]
@given(came=st.lists(messages(), min_size=1, max_size=5), retained=st.booleans())
def test_any_bytes_for_long(
    came: list[tuple[Case, bytes]], retained: bool, stores: tuple[SqliteReadingStore, SqlLedger]
) -> None:
    go(came, retained, stores)
