"""A city's month: 7,500 meters × 15-minute readings into closed figures, against a bare scan.

Keys: `process.scan_s` reading the same rows from the store into arrays; `process.city_month_s`
computing, keeping and closing the month of all institutions; `process.city_month_vs_scan` their
ratio; `process.exponent` of the time over 1,500, 3,750 and 7,500 meters; `process.late_day_s`
and `process.late_day_share` of a late day of one meter, until its month stands recomputed;
`process.peak_memory_mb` of this process and its largest worker together. CIVICMETER_BENCH_METERS makes it smaller.
"""

import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

import numpy as np

from api.views import VIEWS
from domain.calendar import Month, to_ms
from domain.places import Carrier, Dated, Institution, Meter
from domain.readings import Reading, Series
from domain.registry import Registry
from processing.months.job import Workers, process, process_touched
from store.late_readings import NotingStore
from store.ledger.port import Ledger
from store.opening import open_ledger
from store.readings.sqlite import SqliteReadingStore

METERS = int(os.environ.get("CIVICMETER_BENCH_METERS", "7500"))
EACH = 5
MONTH = Month(2026, 9)
STEP = timedelta(minutes=15)
NOW = datetime(2026, 10, 2, tzinfo=UTC)


def run() -> dict[str, float]:
    """Fill a store, measure, and say the figures."""
    with tempfile.TemporaryDirectory() as folder:
        return _measured(Path(folder))


def _measured(folder: Path) -> dict[str, float]:
    registry = _registry(METERS // EACH)
    store = SqliteReadingStore(folder / "readings.db")
    _tell("filling the store")
    rows = _fill(store, registry)
    everything = [Series(m.id, m.register) for m in registry.devices if isinstance(m, Meter)]
    start, end = (
        at + d for at, d in zip(MONTH.interval("Asia/Shanghai"), (-STEP, STEP), strict=True)
    )
    _tell(f"scanning {rows:,} rows")
    scan_s = _timed(lambda: sum(a.at_ms.size for a in store.scan(everything, start, end)))
    times = {}
    for part in (0.2, 0.5, 1.0):
        count = round(len(registry.institutions) * part)
        path = folder / f"ledger-{part}.db"
        ledger = _ledger(path, registry)
        workers = _workers(folder / "readings.db", path)
        ids = [i.id for i in registry.institutions[:count]]
        _tell(f"a month of {count * EACH:,} meters")
        times[count * EACH] = _timed(partial(_close_month, store, ledger, ids, workers))
    late_s = _late_day(store, ledger, registry)
    store.close()
    whole_s = times[METERS // EACH * EACH]
    exponent = np.polyfit(np.log(list(times)), np.log(list(times.values())), 1)[0]
    return {
        "process.rows": float(rows),
        "process.scan_s": scan_s,
        "process.city_month_s": whole_s,
        "process.city_month_vs_scan": whole_s / scan_s,
        "process.exponent": float(exponent),
        "process.late_day_s": late_s,
        "process.late_day_share": late_s / whole_s,
        "process.peak_memory_mb": _peak_memory_mb(),
    }


def _registry(institutions: int) -> Registry:
    kinds = (
        ("main", Carrier.ELECTRICITY, "energy_import_kwh", "", 400.0),
        ("ac", Carrier.ELECTRICITY, "energy_import_kwh", "main", 200.0),
        ("light", Carrier.ELECTRICITY, "energy_import_kwh", "main", 100.0),
        ("water", Carrier.WATER, "water_m3", "", 30.0),
        ("heat", Carrier.HEAT, "heat_gj", "", 20.0),
    )
    since = date(2020, 1, 1)
    return Registry(
        institutions=tuple(
            Institution(
                id=f"i{k:04d}",
                name_zh=f"机构 {k}",
                name_en=f"Institution {k}",
                origin="simulated",
                district_code="370502",
                floor_area_m2=(Dated(since, 5000.0),),
                headcount=(Dated(since, 200.0),),
            )
            for k in range(institutions)
        ),
        devices=tuple(
            Meter(
                id=f"i{k:04d}-{name}",
                institution=f"i{k:04d}",
                carrier=carrier,
                register=register,
                parent=f"i{k:04d}-{parent}" if parent else "",
                register_size=1e6,
                max_rate_per_h=rate,
                expected_interval_s=900,
            )
            for k in range(institutions)
            for name, carrier, register, parent, rate in kinds
        ),
    ).check()


def _fill(store: SqliteReadingStore, registry: Registry) -> int:
    """Registers that roll over, reset and miss readings now and then, as in a real city."""
    start, end = (to_ms(t) for t in MONTH.interval("Asia/Shanghai"))
    at = np.arange(start, end + 1, 900_000)
    rng = np.random.default_rng(7)
    clock = (at // 3_600_000 + 8) % 24
    shape = np.where((clock >= 8) & (clock < 18), 1.0, 0.3)
    rows, batch = 0, []
    for meter in registry.devices:
        assert isinstance(meter, Meter)
        rate = 0.4 * (meter.max_rate_per_h or 1.0) / 4
        value = rng.uniform(0, 1e6) + np.cumsum(shape * rate * rng.uniform(0.7, 1.3, at.size))
        value = np.round(value % 1e6, 2)
        if rng.random() < 0.02:
            cut = int(rng.integers(100, at.size))
            value[cut:] -= value[cut]
            value = np.abs(value)
        keep = rng.random(at.size) > 0.002
        batch += [
            Reading(meter.id, meter.register, t, v)
            for t, v in zip(at[keep].tolist(), value[keep].tolist(), strict=True)
        ]
        rows += int(keep.sum())
        if len(batch) > 300_000:
            store.write(batch)
            batch = []
    store.write(batch)
    return rows


def _ledger(path: Path, registry: Registry) -> Ledger:
    ledger = open_ledger(f"sqlite:///{path}", lambda: VIEWS)
    ledger.save_registry(registry)
    return ledger


def _workers(readings: Path, ledger: Path) -> Workers:
    return Workers(
        1, partial(SqliteReadingStore, readings), partial(open_ledger, f"sqlite:///{ledger}")
    )


def _close_month(
    store: SqliteReadingStore, ledger: Ledger, institutions: list[str], workers: Workers
) -> None:
    for _ in process(
        store, ledger, months=[MONTH], institutions=institutions, now=NOW, workers=workers
    ):
        pass
    for institution in institutions:
        ledger.close(institution, MONTH, signed_by="bench")


def _late_day(store: SqliteReadingStore, ledger: Ledger, registry: Registry) -> float:
    """The median of five late days, each of another meter, written and processed."""
    taken = []
    for k in range(5):
        meter = registry.devices[EACH * (k + 1)]
        assert isinstance(meter, Meter)
        day = to_ms(MONTH.interval("Asia/Shanghai")[0]) + k * 86_400_000
        late = [
            Reading(meter.id, meter.register, day + i * 900_000 + 60_000, 0.0) for i in range(96)
        ]
        late = [r._replace(value=_between(store, r)) for r in late]
        NotingStore(store, ledger, lambda: to_ms(NOW)).write(late)
        taken.append(_timed(lambda: _recompute(store, ledger, registry)))
    return float(np.median(taken))


def _recompute(store: SqliteReadingStore, ledger: Ledger, registry: Registry) -> None:
    """What is done of late readings that are noted: finding what they touch, computing that."""
    found = list(process_touched(store, ledger, now=NOW, registry=registry))
    assert [r.month for r in found] == [MONTH]


def _between(store: SqliteReadingStore, reading: Reading) -> float:
    row = store.registers_at([reading.series], [datetime.fromtimestamp(reading.at_ms / 1000, UTC)])
    return float(row["before_value"].iloc[0])


def _timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _peak_memory_mb() -> float:
    who = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(resource.getrusage(w).ru_maxrss for w in who) / 1024


def _tell(text: str) -> None:
    print(f"  {text}", file=sys.stderr, flush=True)
