"""Which months a late reading touches: those whose figures it moves, and hardly any other."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.calendar import Month, to_ms
from domain.corrections import Correction
from domain.places import Bin, Carrier, Contract, Institution, Meter, WasteStream, WeatherStation
from domain.readings import Reading, Series
from domain.registry import Registry
from processing.months.bookkeeping import Planner
from processing.months.compute import compute
from processing.months.touched import Change, affected, changes_of, touched
from processing.quality.corrections import amendments
from store.ledger.canonical import digest
from store.ledger.port import Ledger
from store.opening import open_ledger
from store.readings.sqlite import SqliteReadingStore

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
TZ = "Asia/Shanghai"
NOW = datetime(2024, 9, 20, tzinfo=UTC)
MARCH, APRIL = Month(2024, 3), Month(2024, 4)
LAST = Month(2024, 9)
REGISTRY = Registry(
    institutions=(
        Institution(id="a", name_zh="", name_en="", weather_device="sky"),
        Institution(id="b", name_zh="", name_en="", weather_device="sky"),
        Institution(id="c", name_zh="", name_en=""),
    ),
    devices=(
        Meter(id="ma", institution="a", carrier=Carrier.WATER, register="water_m3"),
        Meter(id="mc", institution="c", carrier=Carrier.WATER, register="water_m3"),
        WeatherStation(id="sky", institution="a"),
        Bin(id="bin", institution="b", stream=WasteStream.FOOD),
    ),
    contracts=(
        Contract(
            id="k",
            institution="c",
            name_zh="",
            name_en="",
            form="none",
            baseline_start=date(2023, 1, 1),
            baseline_end=date(2024, 1, 1),
            reporting_start=date(2024, 1, 1),
        ),
    ),
)


W = Series("ma", "water_m3")


def at(*when: int) -> int:
    """Milliseconds of a local instant in Shanghai."""
    return to_ms(datetime(*when, tzinfo=UTC)) - 8 * HOUR_MS  # type: ignore[arg-type]


def change(device: str, start_ms: int, end_ms: int | None = None, *also_ms: int) -> Change:
    end_ms = start_ms if end_ms is None else end_ms
    return Change(Series(device, "q"), start_ms, end_ms, also_ms)


def test_a_reading_in_the_middle_of_a_month_touches_that_month_alone() -> None:
    assert affected([change("ma", at(2024, 3, 5, 12))], REGISTRY, LAST) == {"a": {MARCH}}


def test_a_reading_at_local_midnight_ends_one_month_and_begins_the_next() -> None:
    assert affected([change("ma", at(2024, 4, 1))], REGISTRY, LAST) == {"a": {MARCH, APRIL}}
    assert affected([change("ma", at(2024, 4, 1) - 1)], REGISTRY, LAST) == {"a": {MARCH}}


def test_weather_touches_everybody_who_reads_it() -> None:
    found = affected([change("sky", at(2024, 3, 5, 12))], REGISTRY, LAST)
    assert found == {"a": {MARCH}, "b": {MARCH}}


def test_with_a_contract_the_intervals_of_the_following_year_are_touched() -> None:
    during = affected([change("mc", at(2024, 6, 5, 4))], REGISTRY, LAST)
    assert during == {"c": {Month(2024, m) for m in (6, 7, 8, 9)}}
    later = affected([change("mc", at(2024, 6, 5, 4))], REGISTRY, LAST.plus(24))
    assert later == {"c": {Month(2024, 6).plus(k) for k in range(12)}}


def test_a_day_of_the_baseline_touches_all_months_whose_savings_are_doubted_by_it() -> None:
    reported = {Month(2024, m) for m in range(1, 10)}
    within = affected([change("mc", at(2023, 6, 5, 4))], REGISTRY, LAST)
    assert within == {"c": {Month(2023, 6), *reported}}
    before = affected([change("mc", at(2022, 12, 5, 4))], REGISTRY, LAST)
    assert before == {"c": {Month(2022, 12)}}


def test_an_unknown_device_touches_nothing() -> None:
    assert affected([change("who", at(2024, 3, 5, 4))], REGISTRY, LAST) == {}


def test_readings_of_a_series_near_each_other_are_one_change() -> None:
    hours = (5, 1, 0, 2, 20, 3)
    found = changes_of([(W, k * HOUR_MS) for k in hours] + [(Series("mc", "water_m3"), 7)])
    assert sorted(found) == [
        Change(W, 0, 5 * HOUR_MS),
        Change(W, 20 * HOUR_MS, 20 * HOUR_MS),
        Change(Series("mc", "water_m3"), 7, 7),
    ]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteReadingStore]:
    opened = SqliteReadingStore(tmp_path / "readings.db")
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    opened = open_ledger(f"sqlite:///{tmp_path_factory.mktemp('ledger') / 'ledger.db'}")
    yield opened
    opened.close_connections()


def hourly(start: int, end: int, series: Series = W) -> list[Reading]:
    return [Reading(*series, t, (t - start) / HOUR_MS) for t in range(start, end + 1, HOUR_MS)]


def months(store: SqliteReadingStore, late: list[Reading], *entered: Correction) -> set[Month]:
    """What late readings touch once they are stored."""
    store.write(late)
    found = touched(store, [(r.series, r.at_ms) for r in late], REGISTRY, amendments(entered), NOW)
    assert {i for i, _ in found} <= {REGISTRY.device_by_id[r.device].institution for r in late}
    return {m for _, m in found}


def late(when: int, series: Series = W) -> list[Reading]:
    return [Reading(*series, when, 1.0)]


def test_among_dense_readings_one_month_is_touched_even_near_its_end(
    store: SqliteReadingStore,
) -> None:
    store.write(hourly(at(2024, 1, 1), at(2024, 8, 1)))
    assert months(store, late(at(2024, 3, 31, 22, 30))) == {MARCH}
    assert months(store, late(at(2024, 3, 31, 23, 30))) == {MARCH}
    assert months(store, late(at(2024, 4, 1, 0, 30))) == {APRIL}
    day = [r._replace(at_ms=r.at_ms + 60_000) for r in hourly(at(2024, 3, 10), at(2024, 3, 11))]
    assert months(store, day) == {MARCH}


def test_in_a_long_gap_the_months_of_both_neighbours_are_touched(
    store: SqliteReadingStore,
) -> None:
    store.write(hourly(at(2024, 1, 1), at(2024, 3, 29)))
    store.write(hourly(at(2024, 4, 3), at(2024, 4, 20)))
    # Ten hours after the month's end: beyond what is interpolated, yet March's filling moves.
    assert months(store, late(at(2024, 4, 1, 10))) == {MARCH, APRIL}
    assert months(store, late(at(2024, 3, 30, 10))) == {MARCH, APRIL}


def test_the_first_and_the_last_reading_touch_as_far_as_the_only_neighbour(
    store: SqliteReadingStore,
) -> None:
    store.write(hourly(at(2024, 4, 3), at(2024, 4, 20)))
    assert months(store, late(at(2024, 2, 27))) == {Month(2024, 2), APRIL}
    assert months(store, late(at(2024, 6, 10))) == {APRIL, Month(2024, 6)}


def test_a_neighbour_left_out_by_hand_is_none(store: SqliteReadingStore) -> None:
    store.write(hourly(at(2024, 3, 1), at(2024, 4, 20)))
    gone = [
        Correction(
            device="ma",
            quantity="water_m3",
            at_ms=r.at_ms,
            value=None,
            author="w",
            reason="r",
            entered_at=NOW,
        )
        for r in hourly(at(2024, 3, 31, 12), at(2024, 4, 2))
    ]
    assert months(store, late(at(2024, 4, 1, 10, 30)), *gone) == {MARCH, APRIL}
    assert months(store, late(at(2024, 4, 1, 10, 20))) == {APRIL}


def test_a_later_gap_filled_by_the_weeks_of_the_change_is_touched(
    store: SqliteReadingStore,
) -> None:
    store.write(hourly(at(2024, 1, 1), at(2024, 4, 8)))
    store.write(hourly(at(2024, 4, 9), at(2024, 8, 1)))
    assert months(store, late(at(2024, 3, 20, 0, 30))) == {MARCH, APRIL}
    assert months(store, late(at(2024, 3, 5, 0, 30))) == {MARCH}


def test_a_week_of_new_data_changes_habits_and_so_the_months_judged_by_them(
    store: SqliteReadingStore,
) -> None:
    store.write(hourly(at(2024, 1, 1), at(2024, 3, 1)))
    store.write(hourly(at(2024, 3, 12), at(2024, 8, 1)))
    assert months(store, hourly(at(2024, 3, 1), at(2024, 3, 12))[1:-1]) == {
        MARCH.plus(k) for k in range(4)
    }


def test_no_month_that_has_not_begun_is_touched(store: SqliteReadingStore) -> None:
    mass = Series("bin", "mass_kg")
    store.write(hourly(at(2024, 9, 1), at(2024, 9, 10), mass))
    assert months(store, late(at(2024, 9, 5, 0, 30), mass)) == {Month(2024, 9)}
    assert months(store, late(at(2024, 8, 25), mass)) == {Month(2024, 8), Month(2024, 9)}


def digests(store: SqliteReadingStore, ledger: Ledger) -> dict[Month, str]:
    institution = REGISTRY.institution_by_id["a"]
    planner = Planner(store, ledger, REGISTRY, [institution], None, NOW, {})
    return {r.month: digest(r) for r in compute(planner.plan(institution)).results}


@settings(max_examples=25, deadline=timedelta(seconds=20))
@given(st.integers(0, 10_000), st.randoms(use_true_random=False))
@pytest.mark.slow
def test_whatever_comes_late_no_other_month_changes(
    tmp_path_factory: pytest.TempPathFactory, ledger: Ledger, seed: int, chance: Random
) -> None:
    """Also: of the months touched by a reading, the neighbours' and its own, none is missing."""
    rng = np.random.default_rng(seed)
    stamps = np.arange(at(2024, 2, 10), at(2024, 6, 20), 2 * HOUR_MS)
    truth = 1000.0 + np.cumsum(rng.uniform(0, 9, stamps.size))
    keep = rng.random(stamps.size) > 0.01
    for _ in range(rng.integers(1, 7)):
        k = int(rng.integers(0, stamps.size))
        keep[k : k + int(rng.integers(2, 200))] = False
    store = SqliteReadingStore(tmp_path_factory.mktemp("late") / "readings.db")
    there = zip(stamps[keep].tolist(), truth[keep].tolist(), strict=True)
    store.write([Reading(*W, t, v) for t, v in there])
    before = digests(store, ledger)
    absent = np.flatnonzero(~keep)
    first = chance.randrange(absent.size)
    chosen = absent[first : first + chance.choice([1, 1, 1, 5, 100])]
    found = months(store, [Reading(*W, int(stamps[k]), float(truth[k])) for k in chosen])
    after = digests(store, ledger)
    assert {m for m in after if after[m] != before.get(m)} <= found
    store.close()
