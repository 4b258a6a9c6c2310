"""A clock that is behind is found by what most devices say, and one device alone is not believed."""

from typing import Any

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


HOUR = 3_600_000


class Life:
    """A collector that hears devices for a while, minute by minute."""

    def __init__(self, skew_s: float | None = None) -> None:
        self.time = Time()
        self.clock = Clock(
            lambda: self.time.own_ms, 600_000, lambda: self.time.elapsed, lambda: skew_s
        )
        self.changes = 0

    def minute(self, ages_ms: dict[str, int], *, waited: bool = False) -> None:
        self.time.own_ms += 60_000
        self.time.elapsed += 60.0
        runs = [said(d, self.time.own_ms - age) for d, age in ages_ms.items()]
        self.clock.hear(runs)
        self.changes += self.clock.hear_age(runs, KNOWN, waited=waited)

    def minutes(self, count: int, ages_ms: dict[str, int]) -> "Life":
        for _ in range(count):
            self.minute(ages_ms)
        return self

    @property
    def ahead_ms(self) -> int:
        return self.clock.seems_ahead_ms


def old(age_ms: int, devices: range = range(10)) -> dict[str, int]:
    """Devices whose readings take a second or some to come."""
    return {f"m{i}": age_ms + 1_000 + i * 700 for i in devices}


def test_a_clock_that_is_a_day_ahead_is_told_once_and_not_believed(caplog: Any) -> None:
    life = Life().minutes(5, old(DAY))
    assert (life.ahead_ms, life.changes) == (0, 0), "some minutes say nothing yet"
    life.minutes(120, old(DAY))
    assert abs(life.ahead_ms - DAY) < 10_000
    assert abs(life.clock.now_ms() - (life.time.own_ms - DAY)) < 10_000
    assert life.changes == 1
    assert len([r for r in caplog.records if "is ahead" in r.message]) == 1
    # Set right, it is believed at once.
    life.time.own_ms -= DAY
    assert life.clock.was_set()
    assert life.clock.now_ms() == life.time.own_ms
    life.minutes(60, old(0))
    assert (life.ahead_ms, life.changes) == (0, 1)


def test_one_that_claims_to_be_in_time_does_not_hide_it() -> None:
    """It is what a forger would do who wants to occupy the time to come."""
    ages = old(DAY, range(9)) | {"m9": 0}
    assert Life().minutes(30, ages).clock.behind_ms == 0, "one in ten may know better: warned only"
    assert abs(Life().minutes(30, ages).ahead_ms - DAY) < 10_000
    # The store's clock decides.
    assert abs(Life(skew_s=DAY / 1000).minutes(30, ages).clock.behind_ms + DAY) < 10_000


def test_what_is_delivered_late_is_no_clock(caplog: Any) -> None:
    """The store says what time it is."""
    life = Life(skew_s=0.4).minutes(90, old(2 * HOUR))
    assert (life.ahead_ms, life.clock.behind_ms, life.changes) == (0, 0, 0)
    assert len([r for r in caplog.records if "delivers late" in r.message]) == 1


def test_no_backlog_is_taken_for_a_clock() -> None:
    """A day that was waiting, taken in at once, in an hour, or while others are in time."""
    at_once = Life()
    for hour in range(24):
        at_once.minute(old((24 - hour) * HOUR), waited=True)
    at_once.minutes(60, old(0))
    slowly = Life()
    for k in range(60):
        slowly.minute(old(DAY - k * DAY // 60))
    slowly.minutes(60, old(0))
    half = Life().minutes(60, old(DAY, range(5)) | old(0, range(5, 10)))
    full = Life()
    for _ in range(120):  # as much comes as goes
        full.minute(old(HOUR), waited=True)
    replayed = Life().minutes(60, old(800 * DAY))
    for life in (at_once, slowly, half, full, replayed):
        assert (life.ahead_ms, life.clock.behind_ms, life.changes) == (0, 0, 0)


def test_devices_of_different_ages_are_no_clock() -> None:
    """Radio that reports now and then, buffers of gateways, few or unknown devices."""
    different = Life().minutes(60, {f"m{i}": i * 20 * 60_000 for i in range(10)})
    buffers = Life()
    for k in range(120):
        buffers.minute(old((k % 60) * 60_000))
    few = Life().minutes(60, old(DAY, range(2)))
    strangers = Life().minutes(60, {f"x{i}": DAY for i in range(10)})
    for life in (different, buffers, few, strangers):
        assert (life.ahead_ms, life.clock.behind_ms) == (0, 0)


def test_what_comes_in_time_again_is_believed_again() -> None:
    life = Life().minutes(30, old(2 * HOUR))
    assert life.clock.behind_ms < 0
    life.minute(old(0))
    assert life.clock.compare(KNOWN)
    assert (life.clock.behind_ms, life.ahead_ms) == (0, 0)
    life.minutes(60, old(0))
    assert life.clock.behind_ms == 0
