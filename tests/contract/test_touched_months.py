"""Touched months on every ledger engine; and that late readings touch them."""

from pathlib import Path

from civicmeter.wiring.late_readings import NotingStore
from domain.calendar import Month, to_ms
from domain.places import Carrier, Institution, Meter
from domain.readings import Reading, Run
from domain.registry import Registry
from store.ledger.sql.ledger import SqlLedger
from store.ledger.touched import TouchedMonth
from store.opening import open_reading_store

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


def test_late_readings_touch_their_months_and_others_none(
    ledger: SqlLedger, tmp_path: Path
) -> None:
    inner = open_reading_store(f"sqlite:///{tmp_path / 'readings.db'}", {})
    store = NotingStore(inner, ledger, lambda: REGISTRY, lambda: NOW_MS)
    store.write([Reading("m1", "water_m3", NOW_MS - 60_000, 9.0)])
    assert pairs(ledger) == []
    mid_march = to_ms(MARCH.interval("Asia/Shanghai")[0]) + 14 * 86_400_000
    late = [Reading("m1", "water_m3", mid_march, 5.0)]
    store.write(late)
    # As far as the next reading, which is of the end of May.
    assert pairs(ledger) == [("hall", MARCH), ("hall", Month(2026, 5))]
    ledger.settle(ledger.touched())
    assert store.write(late).repeated == 1  # its note may have failed the first time
    assert pairs(ledger) == [("hall", MARCH), ("hall", Month(2026, 5))]
    ledger.settle(ledger.touched())
    start_of_april = to_ms(APRIL.interval("Asia/Shanghai")[0])
    store.write([Reading("m1", "water_m3", start_of_april + k, 6.0) for k in (0, 3_600_000)])
    store.write([Reading("m1", "water_m3", mid_march + 1, 5.0)])
    assert pairs(ledger) == [("hall", MARCH), ("hall", APRIL), ("hall", Month(2026, 5))]
    ledger.settle(ledger.touched())
    store.write([Reading("m1", "water_m3", mid_march + 2, 5.0)])
    assert pairs(ledger) == [("hall", MARCH)]
    store.close()


def test_late_runs_touch_as_late_readings_do(ledger: SqlLedger, tmp_path: Path) -> None:
    inner = open_reading_store(f"sqlite:///{tmp_path / 'readings.db'}", {})
    store = NotingStore(inner, ledger, lambda: REGISTRY, lambda: NOW_MS)
    mid_march = to_ms(MARCH.interval("Asia/Shanghai")[0]) + 14 * 86_400_000
    store.write_runs([Run("m1", "water_m3", [NOW_MS - 60_000], [9.0])])
    assert pairs(ledger) == []
    times = [mid_march, mid_march + 3_600_000, NOW_MS - 30_000]
    late = [Run("m1", "water_m3", times, [5.0, 5.5, 9.5]), Run("m1", "water_m3", [], [])]
    assert store.write_runs(late).stored == 3
    by_runs = pairs(ledger)
    assert ("hall", MARCH) in by_runs
    ledger.settle(ledger.touched())
    assert store.write([r for run in late for r in run.readings()]).repeated == 3
    assert pairs(ledger) == by_runs
    store.close()
