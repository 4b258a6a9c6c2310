"""The spool: what goes in comes out, in order, as long as there is room."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.errors import ConfigError, PayloadError
from domain.readings import Run
from ingest.live.batch import DecodedMessages, decode_messages
from ingest.live.mqtt_client import Message
from ingest.live.router import Router
from ingest.live.spool import Spool, spool_path, spools

ROOM = 1 << 20
LETTERS = st.text(st.characters())  # also half ones
T0 = 1_700_000_000_000


def message(topic: str, payload: bytes) -> Message:
    return Message(3, 7, 1, topic, payload, T0)


def said(number: int) -> DecodedMessages:
    payload = b'{"ts": %d, "values": {"power_w": %d, "water_m3": 0.5}}' % (T0 + number, number)
    return decode_messages([message("civicmeter/v1/a/telemetry", payload)], Router(), ROOM)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return spool_path(tmp_path / "spool", "collector/东营-0")


def values(spool: Spool) -> list[float]:
    found = []
    while (waited := spool.oldest(1)) is not None:
        found.append(waited.decoded.runs[0].value[0])
        spool.forget(waited)
    return found


def test_what_was_heard_comes_out_as_it_was(path: Path) -> None:
    heard = said(1)
    heard.add(decode_messages([message("t", b"\xff")], Router(), ROOM))
    part = b'{"ts": 5, "values": {"power_w": 1, "water_m3": "x"}}'
    heard.add(decode_messages([message("civicmeter/v1/b/telemetry", part)], Router(), ROOM))
    with closing(Spool(path, ROOM)) as spool:
        assert spool.append(heard)
    with closing(Spool(path, ROOM)) as spool:  # another process, later
        waited = spool.oldest(1)
        assert waited is not None
        runs = [Run(d, q, list(t), list(v)) for d, q, t, v in heard.runs]
        assert (waited.decoded.runs, waited.decoded.topics) == (runs, heard.topics)
        assert waited.decoded.firsts_ms == heard.firsts_ms
        assert [(m.topic, m.payload, m.arrived_at_ms) for m in waited.unread] == [
            ("t", b"\xff", T0),
            ("civicmeter/v1/b/telemetry", part, T0),
        ]
        assert (waited.messages, spool.messages) == (3, 3)


def test_first_in_first_out_also_after_some_were_forgotten(path: Path) -> None:
    with closing(Spool(path, ROOM)) as spool:
        for i in range(3):
            assert spool.append(said(i))
        waited = spool.oldest(2)
        assert waited is not None
        assert [run.value[0] for run in waited.decoded.runs if run.quantity == "power_w"] == [0, 1]
        assert spool.append(said(3))
        spool.forget(waited)
        assert spool.messages == 2
        assert values(spool) == [2, 3]
        assert (spool.messages, spool.bytes) == (0, 0)
        assert spool.append(said(4))
        assert values(spool) == [4]
        assert spool.oldest(1) is None


def test_a_full_spool_takes_nothing_until_there_is_room(path: Path) -> None:
    with closing(Spool(path, ROOM)) as spool:
        assert spool.append(said(0))
        size = spool.bytes
    with closing(Spool(path, 3 * size)) as spool:
        assert spool.append(said(1))
        assert spool.append(said(2))
        assert not spool.append(said(3))
        assert (spool.messages, spool.bytes) == (3, 3 * size)
        waited = spool.oldest(1)
        assert waited is not None
        spool.forget(waited)
        assert spool.append(said(4))
        assert values(spool) == [1, 2, 4]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(device=LETTERS, topic=st.text(), at_ms=st.integers(), value=st.floats(allow_nan=False))
def test_any_device_time_and_value_are_kept_or_heard_again(
    path: Path, device: str, topic: str, at_ms: int, value: float
) -> None:
    """Also names with half a letter in them and times beyond 64 bits."""
    runs = [Run(device, "power_w", (at_ms,), (value,))]
    came = message("t", b"payload")
    heard = DecodedMessages([came], runs, [topic], firsts_ms=[at_ms])
    with closing(Spool(path, ROOM)) as spool:
        assert spool.append(heard)
        waited = spool.oldest(1)
        assert waited is not None
        spool.forget(waited)
    if waited.decoded.runs:
        assert waited.decoded.runs == [Run(device, "power_w", [at_ms], [value])]
    else:
        assert [(m.topic, m.payload) for m in waited.unread] == [("t", b"payload")]


def test_a_message_wrong_in_two_ways_is_heard_again_once(path: Path) -> None:
    came = message("t", b"x")
    heard = DecodedMessages(
        [came], wrong=[(came, PayloadError("a", "b")), (came, PayloadError("c", "d"))]
    )
    with closing(Spool(path, ROOM)) as spool:
        assert spool.append(heard)
        waited = spool.oldest(1)
        assert waited is not None
        assert len(waited.unread) == 1


def test_nobody_else_may_take_from_it(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *a, **k: connect(*a, **{**k, "timeout": 0}))
    with closing(Spool(path, ROOM)) as spool:
        assert spool.append(said(0))
        with pytest.raises(ConfigError, match="--client-id of its own"):
            Spool(path, ROOM)
        assert list(spools(path.parent)) == [("collector/东营-0", None)]
    assert list(spools(path.parent)) == [("collector/东营-0", 1)]
    assert list(spools(path.parent / "none")) == []


def test_a_file_that_is_none_is_refused(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"something else, long enough not to be an empty file")
    with pytest.raises(ConfigError, match="cannot be used"):
        Spool(path, ROOM)
