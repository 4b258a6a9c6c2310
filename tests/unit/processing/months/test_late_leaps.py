"""A register that stood still over a month's end, and the months its late leap explains."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from domain.calendar import Month, from_ms, to_ms
from domain.figures import Figure, MonthResult
from domain.places import Carrier, Institution, Meter
from domain.readings import Reading, Series
from domain.registry import Registry
from processing.months.job import process, process_touched
from processing.months.touched import touched
from store.ledger.canonical import digest
from store.ledger.port import Ledger
from store.opening import open_ledger
from store.readings.sqlite import SqliteReadingStore

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
TZ = "Asia/Shanghai"
FEBRUARY, MARCH, APRIL, MAY = (Month(2026, m) for m in (2, 3, 4, 5))
START, END = (to_ms(t) for t in MARCH.interval(TZ))
FIRST, LAST = to_ms(Month(2026, 1).interval(TZ)[0]), to_ms(MAY.interval(TZ)[1])
MAIN = Series("main", "water_m3")
REGISTRY = Registry(
    institutions=(Institution("hall", "厅", "Hall"),),
    devices=(
        Meter(
            id="main",
            institution="hall",
            carrier=Carrier.WATER,
            register="water_m3",
            max_rate_per_h=30.0,
        ),
    ),
).check()


def at(month: int, day: int, hour: int = 0) -> int:
    return to_ms(datetime(2026, month, day, hour, tzinfo=UTC)) - 8 * HOUR_MS


@dataclass
class Place:
    store: SqliteReadingStore
    ledger: Ledger

    def arrive(self, readings: list[Reading], until: int) -> datetime:
        """Everything up to an instant; gives the instant."""
        self.store.write([r for r in readings if r.at_ms <= until])
        return from_ms(until + 60_000)

    def compute(self, month: Month, now: datetime) -> MonthResult:
        (result,) = process(self.store, self.ledger, months=[month], now=now)
        return result

    def whole(self, now: datetime) -> dict[Month, MonthResult]:
        return {r.month: r for r in process(self.store, self.ledger, months=None, now=now)}

    def touched(self) -> set[Month]:
        return {t.month for t in self.ledger.touched()}

    def recompute(self, now: datetime) -> list[MonthResult]:
        return list(process_touched(self.store, self.ledger, now=now))


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    ledger = open_ledger(f"sqlite:///{tmp_path / 'ledger.db'}")
    ledger.save_registry(REGISTRY)
    made = Place(SqliteReadingStore(tmp_path / "readings.db"), ledger)
    yield made
    made.store.close()
    ledger.close_connections()


def history(start: int, end: int) -> list[Reading]:
    """Hourly readings of 10 m³ a working hour and 3 otherwise; the message stood still from
    `start` to `end`, after which the register is read as it is."""
    times = np.arange(FIRST, LAST + 1, HOUR_MS)
    clock = (times // HOUR_MS + 8) % 24
    value = 1000.0 + np.cumsum(np.where((clock > 8) & (clock <= 18), 10.0, 3.0))
    stuck = (times > start) & (times < end)
    value[stuck] = value[times <= start][-1]
    return [Reading(*MAIN, int(t), float(v)) for t, v in zip(times, value, strict=True)]


A_DAY = 10 * 10.0 + 14 * 3.0


def use(result: MonthResult, subject: str = "main") -> Figure:
    (found,) = [f for f in result.figures if (f.name, f.subject) == ("water_use_m3", subject)]
    return found


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (at(3, 29), at(4, 2)),  # found by what the branch carries
        (at(3, 26), at(4, 1, 20)),
        (at(3, 31), at(4, 6, 23)),  # nearly a week, over in the next month
        (at(3, 20), at(4, 19)),  # longer than any habit is judged by
        (at(3, 20), at(5, 12)),  # over two ends of months
    ],
)
def test_a_month_knows_of_the_leap_that_explains_it_however_late(
    place: Place, start: int, end: int
) -> None:
    now = place.arrive(history(start, end), at(5, 29))
    whole = place.whole(now)
    for month in (FEBRUARY, MARCH, APRIL):
        assert digest(place.compute(month, now)) == digest(whole[month]), month
    march = whole[MARCH]
    told = [
        f.numbers["count"]
        for f in use(whole[Month.of((from_ms(end) + timedelta(hours=8)).date())]).findings
        if f.code == "register_caught_up"
    ]
    assert told == [1]
    if end - start <= 14 * DAY_MS:
        assert use(march).value == pytest.approx(31 * A_DAY, rel=0.02)
        both = (use(march).value or 0) + (use(whole[APRIL]).value or 0)
        assert both == pytest.approx(61 * A_DAY)
        assert use(march).shares.estimated > 0.01
    else:
        assert use(march).shares.missing == pytest.approx((END - start) / (END - START), abs=0.01)


@pytest.mark.parametrize("end", [at(4, 2), at(4, 6, 23), at(4, 19)])
def test_zeros_of_an_offline_meter_are_a_gap_for_every_month_they_touch(
    place: Place, end: int
) -> None:
    (meter,) = REGISTRY.devices
    assert isinstance(meter, Meter)
    place.ledger.save_registry(replace(REGISTRY, devices=(replace(meter, max_rate_per_h=None),)))
    start = at(3, 28)
    readings = [
        r._replace(value=0.0) if start < r.at_ms < end else r for r in history(FIRST, FIRST)
    ]
    now = place.arrive(readings, end - HOUR_MS)
    place.compute(MARCH, now)
    place.compute(APRIL, now)
    now = place.arrive(readings, at(5, 29))
    place.compute(APRIL, now)
    assert place.touched() == {MARCH}
    place.recompute(now)
    whole = place.whole(now)
    for month in (MARCH, APRIL):
        assert digest(place.compute(month, now)) == digest(whole[month]), month
        assert "reading_dropped" in {f.code for f in use(whole[month]).findings}
    assert "register_returned" in {f.code for f in use(whole[APRIL]).findings}
    # The two months' use is known; how it divides is estimated or missing.
    both = [use(whole[m]) for m in (MARCH, APRIL)]
    if end - start <= 14 * DAY_MS:
        assert sum(f.value or 0 for f in both) == pytest.approx(61 * A_DAY)
    else:
        assert all(f.shares.missing > 0.1 for f in both)


@pytest.mark.parametrize("end", [at(4, 2), at(4, 5), at(4, 6, 23)])
def test_the_same_by_habit_where_nobody_knows_what_the_branch_carries(
    place: Place, end: int
) -> None:
    (meter,) = REGISTRY.devices
    assert isinstance(meter, Meter)
    free = replace(meter, max_rate_per_h=None)
    place.ledger.save_registry(replace(REGISTRY, devices=(free,)))
    now = place.arrive(history(end - 6 * DAY_MS, end), at(5, 29))
    whole = place.whole(now)
    assert "register_caught_up" in {f.code for f in use(whole[APRIL]).findings}
    for month in (MARCH, APRIL):
        assert digest(place.compute(month, now)) == digest(whole[month])


def test_without_a_leap_a_rest_is_a_rest(place: Place) -> None:
    rested = [r._replace(value=1000.0) for r in history(FIRST, FIRST) if at(3, 20) <= r.at_ms]
    before = [r for r in history(FIRST, FIRST) if r.at_ms < at(3, 20)]
    lowest = before[-1].value
    slow = [r._replace(value=lowest + max(r.at_ms - at(4, 20), 0) / HOUR_MS) for r in rested]
    now = place.arrive(before + slow, at(5, 29))
    whole = place.whole(now)
    for month in (MARCH, APRIL):
        assert digest(place.compute(month, now)) == digest(whole[month])
    assert "register_caught_up" not in {f.code for f in use(whole[APRIL]).findings}


@pytest.mark.parametrize("end", [at(4, 6, 23), at(4, 19), at(4, 27)])
def test_the_leap_touches_the_months_before_once(place: Place, end: int) -> None:
    readings = history(at(3, 30), end)
    now = place.arrive(readings, end - HOUR_MS)
    march = place.compute(MARCH, now)
    place.ledger.close("hall", MARCH, signed_by="Li")
    place.compute(APRIL, now)
    assert place.touched() == set()
    now = place.arrive(readings, end + 30 * HOUR_MS)
    place.compute(APRIL, now)
    assert place.touched() == {MARCH}
    results = place.recompute(now)
    assert use(march).shares.measured == 1.0  # the rest looked like no use
    assert use(results[0]).shares.measured < 0.95
    (status,) = [s for s in place.ledger.statuses("hall") if s.month == MARCH]
    assert status.state == "restatement_pending"
    for later in (end + 31 * HOUR_MS, end + 60 * HOUR_MS):
        place.compute(APRIL, place.arrive(readings, later))
        assert place.touched() == set()


def test_readings_on_time_without_a_leap_touch_nothing(place: Place) -> None:
    readings = history(FIRST, FIRST)
    for until in (at(4, 1), at(4, 5), at(5, 2)):
        now = place.arrive(readings, until)
        for month in (MARCH, APRIL):
            if from_ms(until) > month.interval(TZ)[0]:
                place.compute(month, now)
        assert place.touched() == set()


def test_a_leap_that_itself_comes_late_touches_them_too(place: Place) -> None:
    """The gateway's buffer arrives in June: what it says of April explains March."""
    start, end = at(3, 25), at(4, 25)
    readings = history(start, end)
    known = [r for r in readings if not end <= r.at_ms < at(5, 1)]
    now = place.arrive([r for r in known if r.at_ms < end], at(5, 29))
    place.whole(now)
    late = [r for r in readings if end <= r.at_ms <= at(4, 28)]
    place.store.write(late)
    months = touched(place.store, [(MAIN, r.at_ms) for r in late], REGISTRY, {}, now)
    place.ledger.touch(months)
    place.recompute(now)
    assert MARCH in {m for _, m in months} | place.touched()
    place.recompute(now)
    kept = {r.month: digest(r) for r in place.ledger.results("hall")}
    assert kept == {m: digest(r) for m, r in place.whole(now).items()}
