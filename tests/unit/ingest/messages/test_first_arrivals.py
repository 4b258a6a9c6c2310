"""A message that comes again keeps the time of its first arrival; another one does not."""

from pathlib import Path

import pytest

from ingest.messages.first_arrivals import Arrivals
from ingest.messages.message import Message

FIRST = Message(1, 7, 1, "esp/sensor/power/state", b"12", 1_000)


@pytest.fixture
def arrivals() -> Arrivals:
    known = Arrivals()
    known.remember([FIRST])
    return known


def test_what_comes_again_came_first_before(arrivals: Arrivals) -> None:
    second = FIRST._replace(connection=2, arrived_at_ms=5_000, again=True)
    other = FIRST._replace(mid=8, arrived_at_ms=5_000)
    heard = arrivals.as_first_heard([second, other])
    assert heard == [second._replace(arrived_at_ms=1_000), other]
    assert arrivals.as_first_heard([second])[0].arrived_at_ms == 1_000, "as often as it comes"


@pytest.mark.parametrize(
    "other",
    [
        FIRST._replace(arrived_at_ms=5_000),  # the broker says it is new
        FIRST._replace(arrived_at_ms=5_000, again=True, mid=9),
        FIRST._replace(arrived_at_ms=5_000, again=True, payload=b"13"),
        FIRST._replace(arrived_at_ms=5_000, again=True, topic="esp/sensor/energy/state"),
    ],
)
def test_another_message_keeps_its_time(arrivals: Arrivals, other: Message) -> None:
    assert arrivals.as_first_heard([other]) == [other]


def test_a_packet_id_stands_for_the_message_it_was_given_last(arrivals: Arrivals) -> None:
    later = FIRST._replace(payload=b"13", arrived_at_ms=3_000)
    arrivals.remember([later])
    again = [m._replace(again=True, arrived_at_ms=9_000) for m in (FIRST, later)]
    assert [m.arrived_at_ms for m in arrivals.as_first_heard(again)] == [9_000, 3_000]


def test_a_new_session_gives_packet_ids_anew(arrivals: Arrivals) -> None:
    arrivals.forget()
    again = FIRST._replace(arrived_at_ms=5_000, again=True)
    assert arrivals.as_first_heard([again]) == [again]


def test_qos_0_is_not_remembered() -> None:
    known = Arrivals()
    known.remember([FIRST._replace(qos=0, mid=0)])
    again = FIRST._replace(mid=0, arrived_at_ms=5_000, again=True)
    assert known.as_first_heard([again]) == [again]


def test_what_was_noted_outlives_the_process(tmp_path: Path) -> None:
    file = tmp_path / "arrivals" / "c.db"
    known = Arrivals(file)
    known.note([FIRST])
    known.close()
    again = FIRST._replace(arrived_at_ms=5_000, again=True)
    later = Arrivals(file)
    assert later.as_first_heard([again])[0].arrived_at_ms == 1_000
    later.forget()
    later.close()
    assert Arrivals(file).as_first_heard([again]) == [again]


def test_messages_of_a_topic_get_distinct_ordered_times(arrivals: Arrivals) -> None:
    other = FIRST._replace(mid=8, topic="esp/sensor/energy/state")
    second = FIRST._replace(mid=9, payload=b"13")
    assert [arrivals.own_ms(m, 0) for m in (second, second, other)] == [1_000, 1_001, 1_000]
    assert arrivals.own_ms(FIRST._replace(again=True), 0) == 1_000, "its own, as noted"
    assert arrivals.own_ms(second, 5) == 1_002
    assert arrivals.own_ms(second, 0) == 1_008
    early = second._replace(arrived_at_ms=1_000 - 3_600_000)
    assert arrivals.own_ms(early, 0) == early.arrived_at_ms, "the clock was set back"
