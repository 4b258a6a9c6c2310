"""Gaps in the frame counters of radio devices."""

from hypothesis import given
from hypothesis import strategies as st

from ingest.live.batch import DecodedMessages, decode_messages
from ingest.live.frame_gaps import FrameGaps
from ingest.live.mqtt_client import Message
from ingest.live.router import Router
from ingest.mapping import Mapping


def missed(*numbers: int) -> int:
    return sum(FrameGaps().missed([("a", n) for n in numbers]).values())


def test_gaps() -> None:
    assert missed(7) == 0  # what was before nobody knows
    assert missed(7, 8, 9) == 0
    assert missed(7, 9, 13) == 4
    assert missed(7, 8, 8, 7, 9) == 0  # repeated and late
    assert missed(70, 0, 1) == 0  # joined again
    assert missed(1000, 3, 5) == 1


def test_devices_have_counters_of_their_own() -> None:
    gaps = FrameGaps()
    assert gaps.missed([("a", 1), ("b", 50), ("a", 3)]) == {"a": 1}
    assert gaps.missed([("b", 53), ("a", 4)]) == {"b": 2}


@given(st.sets(st.integers(0, 5000), min_size=1), st.data())
def test_in_order_every_missing_frame_counts_once(came: set[int], data: st.DataObject) -> None:
    """However the frames are spread over batches, and if each comes twice."""
    numbers = sorted(came)
    cut = data.draw(st.integers(0, len(numbers)))
    gaps = FrameGaps()
    found = sum(
        sum(gaps.missed([("a", n) for n in part for _ in "12"]).values())
        for part in (numbers[:cut], numbers[cut:])
    )
    assert found == numbers[-1] - numbers[0] + 1 - len(numbers)


def test_uplinks_are_counted() -> None:
    router = Router([Mapping(topic="application/#", format="chirpstack")])

    def said(frame: str) -> DecodedMessages:
        payload = b'{"deviceInfo": {"devEui": "01"}, "fCnt": %s, "object": {"battery": 9}}'
        topic = "application/1/device/01/event/up"
        return decode_messages([Message(1, 1, 1, topic, payload % frame.encode(), 0)], router, 1000)

    heard = said("4")
    heard.add(said("7"))
    assert heard.frames == [("01", 4), ("01", 7)]
    assert FrameGaps().missed(heard.frames) == {"01": 2}
    assert said('"x"').frames == said("true").frames == said("null").frames == []
