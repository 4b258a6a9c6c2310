"""`civicmeter process` finds the same in one process and in several."""

from datetime import date
from pathlib import Path
from unittest.mock import Mock

import pytest

from civicmeter.cli import main
from domain.calendar import Month, to_ms
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
    in_workers = Mock(side_effect=job.compute_in_workers)
    monkeypatch.setattr(job, "compute_in_workers", in_workers)
    monkeypatch.setattr(job, "WORTHWHILE", 2)
    fill(tmp_path)
    with pytest.raises(SystemExit) as ended:
        main(["process", "--month", str(MARCH), "--processes", processes, "--data", str(tmp_path)])
    assert not ended.value.code
    assert in_workers.called == (processes == "2")
    assert use(tmp_path) == {f"i{n:02}": pytest.approx(31.0 * (n + 1)) for n in range(COUNT)}
