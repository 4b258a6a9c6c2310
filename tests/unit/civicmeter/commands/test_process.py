"""`civicmeter process` finds the same in one process and in several."""

import gc
from datetime import UTC, date, datetime
from pathlib import Path
from unittest.mock import Mock

import pytest

from civicmeter.cli import main
from domain.calendar import Month, to_ms
from domain.figures import MonthResult
from domain.places import Carrier, Institution, Meter
from domain.readings import Reading
from domain.registry import Registry
from processing.months import job
from store.ledger.sql.ledger import SqlLedger
from store.readings.sqlite import SqliteReadingStore

MARCH = Month(2026, 3)
COUNT = 45
"""More than two chunks of institutions."""


def fill(folder: Path) -> None:
    ledger = SqlLedger(f"sqlite:///{folder / 'ledger.db'}")
    names = [f"i{n:02}" for n in range(COUNT)]
    ledger.save_registry(
        Registry(
            institutions=tuple(Institution(n, n, n) for n in names),
            devices=tuple(
                Meter(
                    id=f"{n}-m",
                    institution=n,
                    carrier=Carrier.WATER,
                    register="water_m3",
                    expected_interval_s=86_400,
                    in_service_from=date(2026, 3, 1),
                )
                for n in names
            ),
        )
    )
    ledger.close_connections()
    store = SqliteReadingStore(folder / "readings.db")
    start = to_ms(MARCH.interval("Asia/Shanghai")[0])
    store.write(
        [
            Reading(f"{n}-m", "water_m3", start + day * 86_400_000, float(day * (k + 1)))
            for k, n in enumerate(names)
            for day in range(32)
        ]
    )
    store.close()


def use(folder: Path) -> dict[str, float | None]:
    ledger = SqlLedger(f"sqlite:///{folder / 'ledger.db'}")
    results = ledger.results(None, MARCH, MARCH.plus(1), names=["water_use_m3"], days=False)
    ledger.close_connections()
    return {r.institution: f.value for r in results for f in r.figures if not f.subject}


@pytest.mark.parametrize("processes", ["1", "2"])
@pytest.mark.slow
def test_every_institution_is_computed_and_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, processes: str
) -> None:
    in_workers = Mock(side_effect=job.in_workers)
    monkeypatch.setattr(job, "in_workers", in_workers)
    monkeypatch.setattr(job, "WORTHWHILE", 2)
    fill(tmp_path)
    with pytest.raises(SystemExit) as ended:
        main(["process", "--month", str(MARCH), "--processes", processes, "--data", str(tmp_path)])
    assert not ended.value.code
    assert in_workers.called == (processes == "2")
    assert use(tmp_path) == {f"i{n:02}": pytest.approx(31.0 * (n + 1)) for n in range(COUNT)}


def results_in_memory() -> int:
    return sum(isinstance(o, MonthResult) for o in gc.get_objects())


def test_results_pass_through_and_are_not_held(tmp_path: Path) -> None:
    """Each is in the ledger when it is given, and of many institutions few are in memory."""
    fill(tmp_path)
    ledger = SqlLedger(f"sqlite:///{tmp_path / 'ledger.db'}")
    store = SqliteReadingStore(tmp_path / "readings.db")
    now = datetime(2026, 4, 5, tzinfo=UTC)
    results = job.process(store, ledger, months=[MARCH], now=now)
    assert ledger.statuses() == []  # nothing is computed before it is taken
    taken, most, of_others = 0, 0, results_in_memory()
    for result in results:
        (kept,) = ledger.results(result.institution, MARCH, MARCH.plus(1))
        assert kept.figures == result.figures
        del kept
        taken += 1
        most = max(most, results_in_memory() - of_others)
    assert taken == COUNT
    assert most < COUNT / 4
    store.close()
    ledger.close_connections()


def test_who_stops_taking_loses_nothing_that_was_given(tmp_path: Path) -> None:
    fill(tmp_path)
    ledger = SqlLedger(f"sqlite:///{tmp_path / 'ledger.db'}")
    store = SqliteReadingStore(tmp_path / "readings.db")
    ledger.touch([("i00", MARCH), ("i44", MARCH)])
    results = job.process(store, ledger, months=[MARCH], now=datetime(2026, 4, 5, tzinfo=UTC))
    first = next(results)
    results.close()
    assert first.institution in {s.institution for s in ledger.statuses()}
    assert ("i44", MARCH) in {(t.institution, t.month) for t in ledger.touched()}
    store.close()
    ledger.close_connections()
