"""Touched months on every ledger engine; and that late readings touch them."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from unittest.mock import Mock

import pytest

from domain.calendar import Month, from_ms, to_ms
from domain.errors import StoreUnavailableError
from domain.places import Carrier, Institution, Meter
from domain.readings import Reading, Run, Series
from domain.registry import Registry
from processing.months.bookkeeping import find_touched
from processing.months.job import process_touched
from store.late_readings import NotingStore
from store.ledger.late_readings import LateReadings
from store.ledger.sql.ledger import SqlLedger
from store.ledger.touched import TouchedMonth
from store.opening import open_reading_store
from store.readings.port import ReadingStore

REGISTRY = Registry(
    institutions=(Institution("hall", "大厅", "Hall"),),
    devices=(Meter(id="m1", institution="hall", carrier=Carrier.WATER, register="water_m3"),),
)
MARCH, APRIL = Month(2026, 3), Month(2026, 4)
NOW_MS = to_ms(Month(2026, 6).interval("Asia/Shanghai")[0])


def pairs(ledger: SqlLedger) -> list[tuple[str, Month]]:
    return [(m.institution, m.month) for m in ledger.touched()]


def test_a_month_waits_once_until_it_is_settled(ledger: SqlLedger) -> None:
    ledger.touch([("hall", APRIL), ("hall", MARCH), ("hall", MARCH)])
    ledger.touch([("hall", MARCH)])
    assert pairs(ledger) == [("hall", MARCH), ("hall", APRIL)]
    ledger.settle(ledger.touched())
    assert ledger.touched() == []


def test_a_touch_during_the_recomputation_is_not_forgotten(ledger: SqlLedger) -> None:
    ledger.touch([("hall", MARCH), ("hall", APRIL)])
    read_before = ledger.touched()
    ledger.touch([("hall", MARCH)])
    ledger.settle(read_before)
    assert pairs(ledger) == [("hall", MARCH)]


def test_settling_what_nobody_touched_changes_nothing(ledger: SqlLedger) -> None:
    ledger.touch([("hall", MARCH)])
    ledger.settle([TouchedMonth("hall", APRIL, "x"), TouchedMonth("hall", MARCH, "x")])
    assert pairs(ledger) == [("hall", MARCH)]


DAY_MS = 86_400_000
MID_MARCH_MS = to_ms(MARCH.interval("Asia/Shanghai")[0]) + 14 * DAY_MS
M1 = Series("m1", "water_m3")


def day(start_ms: int, end_ms: int | None = None, series: Series = M1) -> LateReadings:
    return LateReadings(series, start_ms, start_ms if end_ms is None else end_ms)


def whole(at_ms: int, series: Series = M1) -> LateReadings:
    """What is noted of a reading: its day."""
    start_ms = at_ms // DAY_MS * DAY_MS
    return LateReadings(series, start_ms, start_ms + DAY_MS - 1)


def spans(ledger: SqlLedger) -> list[LateReadings]:
    return [replace(n, stamp="") for n in ledger.late()]


def test_late_readings_are_noted_once_a_series_and_day(ledger: SqlLedger) -> None:
    noon, tap = 20_000 * DAY_MS + DAY_MS // 2, Series("tap", "water_m3")
    ledger.note_late([day(noon, noon + 5), day(noon, series=tap)])
    (first, _) = ledger.late()
    ledger.note_late([day(noon - 9), day(noon + DAY_MS), day(noon - DAY_MS)])
    assert spans(ledger) == [
        day(noon - DAY_MS),
        day(noon - 9, noon + 5),
        day(noon + DAY_MS),
        day(noon, series=tap),
    ]
    assert len({first.stamp, ledger.late()[1].stamp}) == 2
    ledger.note_late([])
    assert len(ledger.late()) == 4


def test_a_note_keeps_its_series_to_the_letter(ledger: SqlLedger) -> None:
    odd = [Series(d, "q") for d in ('东营 "1"', "back\\slash", "ünï 🌡 'x'", "1", "null")]
    ledger.note_late([day(k, series=one) for k, one in enumerate(odd)])
    assert {(n.series, n.start_ms) for n in ledger.late()} == {(o, k) for k, o in enumerate(odd)}


def test_notes_come_in_pages(ledger: SqlLedger) -> None:
    ledger.note_late([day(k * DAY_MS, series=Series(d, "q")) for d in "ab" for k in (3, 1, 2)])
    pages, last = [], None
    while page := ledger.late(last, 2):
        pages += page
        last = page[-1]
    assert pages == ledger.late() and len(pages) == 6


def test_a_note_gives_way_to_the_months_it_touches_unless_it_was_renewed(
    ledger: SqlLedger,
) -> None:
    ledger.note_late([day(MID_MARCH_MS), day(MID_MARCH_MS + DAY_MS)])
    read = ledger.late()
    ledger.note_late([day(MID_MARCH_MS + 1)])
    ledger.touch_for_late(read, [("hall", MARCH)])
    assert pairs(ledger) == [("hall", MARCH)]
    assert spans(ledger) == [day(MID_MARCH_MS, MID_MARCH_MS + 1)]


def test_the_version_of_the_notes_changes_when_any_is_forgotten(
    opener: Callable[[], SqlLedger],
) -> None:
    ledger, other = opener(), opener()
    version = ledger.note_late([day(MID_MARCH_MS), day(MID_MARCH_MS + DAY_MS)])
    assert other.note_late([day(MID_MARCH_MS + 5)]) == version == ledger.late_version()
    other.touch_for_late(other.late()[1:], [])
    assert ledger.late_version() != version
    assert ledger.note_late([]) == other.late_version() == ledger.late_version()


def test_what_is_noted_is_not_noted_again_until_it_is_forgotten(
    ledger: SqlLedger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = open_reading_store(f"sqlite:///{tmp_path / 'readings.db'}", {})
    store = NotingStore(inner, ledger, lambda: NOW_MS)
    noting = Mock(side_effect=ledger.note_late)
    monkeypatch.setattr(ledger, "note_late", noting)

    def write(minutes: int) -> int:
        store.write_runs([Run("m1", "water_m3", [MID_MARCH_MS + minutes * 60_000], [5.0])])
        return noting.call_count

    assert [write(minutes) for minutes in range(3)] == [1, 1, 1]
    ledger.touch_for_late(ledger.late(), [])
    assert [write(minutes) for minutes in (2, 3)] == [2, 2]
    assert spans(ledger) == [whole(MID_MARCH_MS)]
    assert (
        NotingStore(inner, ledger, lambda: NOW_MS)
        .write([Reading("m1", "water_m3", MID_MARCH_MS, 5.0)])
        .repeated
    )
    assert noting.call_count == 3, "another process, or this one after its death, knows of none"
    store.close()


def found(store: ReadingStore, ledger: SqlLedger) -> list[tuple[str, Month]]:
    find_touched(store, ledger, REGISTRY, from_ms(NOW_MS))
    return pairs(ledger)


def test_late_readings_touch_their_months_and_others_none(
    ledger: SqlLedger, tmp_path: Path
) -> None:
    ledger.save_registry(REGISTRY)
    inner = open_reading_store(f"sqlite:///{tmp_path / 'readings.db'}", {})
    store = NotingStore(inner, ledger, lambda: NOW_MS)
    store.write([Reading("m1", "water_m3", NOW_MS - 60_000, 9.0)])
    assert ledger.late() == [] and found(store, ledger) == []
    late = [Reading("m1", "water_m3", MID_MARCH_MS, 5.0)]
    store.write(late)
    assert spans(ledger) == [whole(MID_MARCH_MS)]
    # As far as the next reading, which is of the end of May.
    assert found(store, ledger) == [("hall", MARCH), ("hall", Month(2026, 5))]
    assert ledger.late() == []
    ledger.settle(ledger.touched())
    assert store.write(late).repeated == 1  # its note may have failed the first time
    assert found(store, ledger) == [("hall", MARCH), ("hall", Month(2026, 5))]
    ledger.settle(ledger.touched())
    start_of_april = to_ms(APRIL.interval("Asia/Shanghai")[0])
    store.write([Reading("m1", "water_m3", start_of_april + k, 6.0) for k in (0, 3_600_000)])
    store.write([Reading("m1", "water_m3", MID_MARCH_MS + 1, 5.0)])
    assert found(store, ledger) == [("hall", MARCH), ("hall", APRIL), ("hall", Month(2026, 5))]
    ledger.settle(ledger.touched())
    store.write([Reading("m1", "water_m3", MID_MARCH_MS + 2, 5.0)])
    assert found(store, ledger) == [("hall", MARCH)]
    store.close()


def test_late_runs_touch_as_late_readings_do(ledger: SqlLedger, tmp_path: Path) -> None:
    ledger.save_registry(REGISTRY)
    inner = open_reading_store(f"sqlite:///{tmp_path / 'readings.db'}", {})
    store = NotingStore(inner, ledger, lambda: NOW_MS)
    store.write_runs([Run("m1", "water_m3", [NOW_MS - 60_000], [9.0])])
    assert ledger.late() == []
    times = [MID_MARCH_MS + 3_600_000, MID_MARCH_MS, NOW_MS - 30_000]
    late = [Run("m1", "water_m3", times, [5.5, 5.0, 9.5]), Run("m1", "water_m3", [], [])]
    assert store.write_runs(late).stored == 3
    assert spans(ledger) == [whole(MID_MARCH_MS)]
    by_runs = found(store, ledger)
    assert ("hall", MARCH) in by_runs
    ledger.settle(ledger.touched())
    assert store.write([r for run in late for r in run.readings()]).repeated == 3
    assert found(store, ledger) == by_runs
    store.close()


def test_a_note_that_fails_is_told_and_made_when_the_readings_come_again(
    ledger: SqlLedger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The readings are stored already; their sender is told nothing, and sends them again."""
    inner = open_reading_store(f"sqlite:///{tmp_path / 'readings.db'}", {})
    store = NotingStore(inner, ledger, lambda: NOW_MS)
    late = [Reading("m1", "water_m3", MID_MARCH_MS, 5.0)]
    with monkeypatch.context() as broken:
        broken.setattr(ledger, "note_late", Mock(side_effect=StoreUnavailableError("away")))
        with pytest.raises(StoreUnavailableError):
            store.write(late)
    assert ledger.late() == []
    assert store.write(late).repeated == 1
    assert spans(ledger) == [whole(MID_MARCH_MS)]
    store.close()


def test_notes_of_a_device_that_is_not_registered_wait_until_it_is(
    ledger: SqlLedger, tmp_path: Path
) -> None:
    store = open_reading_store(f"sqlite:///{tmp_path / 'readings.db'}", {})
    ledger.note_late([day(MID_MARCH_MS), day(MID_MARCH_MS, series=Series("a", "water_m3"))])
    find_touched(store, ledger, Registry(), from_ms(NOW_MS))
    assert pairs(ledger) == [] and len(ledger.late()) == 2
    ledger.save_registry(REGISTRY)  # the processor's own registry is of before
    find_touched(store, ledger, Registry(), from_ms(NOW_MS))
    assert pairs(ledger) == [("hall", MARCH)]
    assert spans(ledger) == [day(MID_MARCH_MS, series=Series("a", "water_m3"))]
    store.close()


def test_months_of_an_institution_that_is_not_registered_wait_until_it_is(
    ledger: SqlLedger, tmp_path: Path
) -> None:
    store = open_reading_store(f"sqlite:///{tmp_path / 'readings.db'}", {})
    store.write([Reading("m1", "water_m3", MID_MARCH_MS + k * DAY_MS, k) for k in range(40)])
    ledger.touch([("hall", MARCH), ("elsewhere", MARCH)])
    now, before = from_ms(NOW_MS), Registry()
    assert list(process_touched(store, ledger, now=now, registry=before)) == []
    assert pairs(ledger) == [("elsewhere", MARCH), ("hall", MARCH)]
    ledger.save_registry(REGISTRY)
    (march,) = process_touched(store, ledger, now=now, registry=before)
    assert (march.institution, march.month) == ("hall", MARCH)
    assert pairs(ledger) == [("elsewhere", MARCH)]
    store.close()
