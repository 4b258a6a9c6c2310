"""A clock that is behind is found by what most devices say, and one device alone is not believed."""

from domain.readings import Run
from ingest.live.clock import Clock

NOW = 1_795_700_000_000
DAY = 86_400_000
KNOWN = [f"m{i}" for i in range(10)]


class Time:
    """This machine's clocks."""

    def __init__(self) -> None:
        self.own_ms = NOW
        self.elapsed = 0.0

    def clock(self) -> Clock:
        return Clock(lambda: self.own_ms, 600_000, lambda: self.elapsed)


def said(device: str, at_ms: int) -> Run:
    return Run(device, "power_w", (at_ms,), (1.0,))


def test_most_devices_a_day_ahead_are_believed() -> None:
    clock = Time().clock()
    clock.hear([said(f"m{i}", NOW + DAY + i * 1_000) for i in range(5)] + [said("m9", NOW)])
    assert clock.compare(KNOWN)
    assert abs(clock.now_ms() - NOW - DAY) < 10_000
    assert not clock.compare(KNOWN), "that is known already"


def test_few_or_unknown_or_disagreeing_devices_are_not() -> None:
    for runs in (
        [said("m1", NOW + DAY), said("m2", NOW + DAY)],
        [said(f"stranger{i}", NOW + DAY) for i in range(9)],
        [said(f"m{i}", NOW + DAY) for i in range(3)] + [said(f"m{i}", NOW) for i in range(3, 6)],
        [said(f"m{i}", NOW + (i + 1) * DAY) for i in range(6)],
    ):
        clock = Time().clock()
        clock.hear(runs)
        assert not clock.compare(KNOWN)
        assert clock.now_ms() == NOW


def test_a_backlog_says_nothing_of_now() -> None:
    clock = Time().clock()
    clock.hear([said(f"m{i}", NOW - DAY) for i in range(6)])
    clock.hear([said(f"m{i}", NOW + DAY) for i in range(6, 10)])
    assert clock.compare(KNOWN)


def test_a_clock_that_was_set_is_believed() -> None:
    time = Time()
    clock = time.clock()
    clock.hear([said(f"m{i}", NOW + DAY) for i in range(5)])
    assert clock.compare(KNOWN)
    assert not clock.was_set()
    time.own_ms, time.elapsed = NOW + DAY + 1_000, 1.0
    assert clock.was_set()
    assert clock.now_ms() == NOW + DAY + 1_000
    assert not clock.was_set()
