"""Adjustments entered into a real ledger: months recomputed, closed ones waiting for approval."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from domain.adjustments import Adjustment, Decision
from domain.calendar import Month, to_ms
from domain.errors import ConfigError
from domain.figures import MonthResult
from domain.places import Carrier, Contract, Institution, Meter, WeatherStation
from domain.readings import Reading
from domain.registry import Registry
from processing.months.bookkeeping import decide_adjustment as decide
from processing.months.bookkeeping import enter_adjustment as enter
from processing.months.job import process, process_touched
from processing.savings.entered_adjustments import LARGEST_EVIDENCE_BYTES, approval
from store.ledger.canonical import digest
from store.ledger.port import ModelKey
from store.ledger.sql.ledger import SqlLedger
from store.opening import open_ledger
from store.readings.sqlite import SqliteReadingStore

NOW = datetime(2024, 3, 20, 4, 0, tzinfo=UTC)
HOUR_MS = 3_600_000
WHOLE = Contract(
    "whole", "hall", "整体", "Whole", "shared", date(2022, 1, 1), date(2023, 1, 1), date(2023, 1, 1)
)
CHILLER = replace(WHOLE, id="chiller", option="B", meters=("chiller",))
REGISTRY = Registry(
    institutions=(Institution("hall", "楼", "Hall", weather_device="sky"),),
    devices=(
        Meter(
            id="main", institution="hall", carrier=Carrier.ELECTRICITY, register="energy_import_kwh"
        ),
        Meter(
            id="chiller",
            institution="hall",
            carrier=Carrier.ELECTRICITY,
            register="energy_import_kwh",
            parent="main",
        ),
        WeatherStation(id="sky", institution="hall"),
    ),
    contracts=(WHOLE, CHILLER),
).check()
PLAN = b"%PDF a plan of the extension"
ENTRY = Adjustment(
    institution="hall",
    contract="whole",
    carrier="electricity",
    start=date(2023, 6, 1),
    end=None,
    formula="240",
    reason="an extension",
    evidence="plan.pdf",
    evidence_sha256=sha256(PLAN).hexdigest(),
    author="Wang",
    entered_at=NOW,
)


def readings() -> list[Reading]:
    """Two years and a quarter: a load of 40 kW that an extension raises by 10 kW in June 2023,
    and a chiller of its own meter that saves a quarter from 2023 on."""
    at = np.arange(
        to_ms(datetime(2021, 12, 31, 16, tzinfo=UTC)), to_ms(NOW) + 1, HOUR_MS, dtype=np.int64
    )
    rng = np.random.default_rng(5)
    season = -np.cos(2 * np.pi * (at / HOUR_MS / 24 - 4) / 365.25)
    t = 13 + 14 * season + rng.normal(0, 2, at.size)
    reported = at >= to_ms(datetime(2022, 12, 31, 16, tzinfo=UTC))
    extended = at >= to_ms(datetime(2023, 5, 31, 16, tzinfo=UTC))
    cold = 0.5 * np.maximum(t - 18, 0) + 2.0 + rng.normal(0, 0.05, at.size)
    cold = cold * np.where(reported, 0.75, 1.0)
    rest = 38.0 + rng.normal(0, 0.5, at.size) + np.where(extended, 10.0, 0.0)
    found = [
        Reading("sky", "outdoor_temperature_c", int(a), float(v))
        for a, v in zip(at, t, strict=True)
    ]
    for device, use in (("main", rest + cold), ("chiller", cold)):
        register = np.round(np.cumsum(use), 3)
        found += [
            Reading(device, "energy_import_kwh", int(a), float(v))
            for a, v in zip(at, register, strict=True)
        ]
    return found


class Hall:
    def __init__(self, folder: Path) -> None:
        self.store = SqliteReadingStore(folder / "readings.db")
        self.ledger: SqlLedger = open_ledger(f"sqlite:///{folder / 'ledger.db'}")
        self.ledger.save_registry(REGISTRY)
        self.store.write(readings())
        self.process()

    def process(self) -> dict[Month, MonthResult]:
        results = process(self.store, self.ledger, months=None, now=NOW)
        return {r.month: r for r in results}

    def settle(self) -> list[MonthResult]:
        """Recompute what is touched, as the running service does."""
        return list(process_touched(self.store, self.ledger, now=NOW))


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Hall]:
    made = Hall(tmp_path)
    yield made
    made.store.close()
    made.ledger.close_connections()


def value(result: MonthResult, name: str, subject: str = "whole/electricity") -> float:
    (found,) = [f for f in result.figures if (f.name, f.subject) == (name, subject)]
    assert found.value is not None
    return found.value


@pytest.mark.slow
def test_an_approved_adjustment_recomputes_open_months_and_restates_closed_ones(
    hall: Hall,
) -> None:
    for month in (Month(2023, 5), Month(2023, 7)):
        hall.ledger.close("hall", month, signed_by="t")
    before = hall.process()
    waiting = enter(hall.ledger, REGISTRY, ENTRY, PLAN)
    assert (waiting.status, hall.ledger.touched()) == ("waiting", [])
    assert {m: digest(r) for m, r in hall.process().items()} == {
        m: digest(r) for m, r in before.items()
    }
    decide(hall.ledger, waiting.number, Decision("approved", "Li", NOW))
    touched = [m.month for m in hall.ledger.touched()]
    assert touched == [m for m in before if m >= Month(2023, 6)]
    after = {r.month: r for r in hall.settle()}
    states = {s.month: s.state for s in hall.ledger.statuses("hall")}
    assert states[Month(2023, 7)] == "restatement_pending" and states[Month(2023, 5)] == "closed"
    assert states[Month(2023, 8)] == "open"
    july = after[Month(2023, 7)]
    assert value(july, "adjustment_kwh") == pytest.approx(31 * 240)
    assert value(july, "avoided_energy_kwh") - value(
        july, "avoided_energy_unadjusted_kwh"
    ) == pytest.approx(31 * 240)
    # Computed from all of history or from what the months need: the same.
    everything = hall.process()
    assert all(digest(everything[m]) == digest(r) for m, r in after.items())
    assert digest(everything[Month(2023, 5)]) == digest(before[Month(2023, 5)])

    decide(hall.ledger, waiting.number, Decision("withdrawn", "Zhao", NOW, "counted twice"))
    hall.settle()
    assert {m: digest(r) for m, r in hall.process().items()} == {
        m: digest(r) for m, r in before.items()
    }
    states = {s.month: s.state for s in hall.ledger.statuses("hall")}
    assert states[Month(2023, 7)] == "closed"
    assert hall.ledger.evidence(ENTRY.evidence_sha256) == PLAN


def test_option_b_knows_the_equipment_alone(hall: Hall) -> None:
    """A quarter of the chiller is saved: lost in the whole building, plain at its own meter."""
    august = hall.process()[Month(2023, 8)]
    chiller = "chiller/electricity"
    saved = [f for f in august.figures if (f.name, f.subject) == ("avoided_energy_kwh", chiller)]
    use = value(august, "electricity_use_kwh", "chiller")
    assert value(august, "observed_kwh", chiller) == pytest.approx(use)
    assert value(august, "avoided_energy_kwh", chiller) == pytest.approx(use / 3, rel=0.1)
    assert saved[0].verdict == "proven" and saved[0].method.startswith("retrofit-isolation/")
    (whole,) = (
        f
        for f in august.figures
        if (f.name, f.subject) == ("avoided_energy_kwh", "whole/electricity")
    )
    assert whole.verdict != "proven"


@pytest.mark.slow
def test_equipment_measured_elsewhere_gets_a_baseline_of_its_own(hall: Hall) -> None:
    """Whoever changes the boundary must not lay the old baseline beside the new meter."""
    before = hall.process()[Month(2023, 8)]
    moved = replace(CHILLER, option="C", meters=())
    hall.ledger.save_registry(replace(REGISTRY, contracts=(WHOLE, moved)).check())
    after = hall.process()[Month(2023, 8)]
    chiller, whole = "chiller/electricity", "whole/electricity"
    for name in ("counterfactual_kwh", "observed_kwh"):
        assert value(after, name, chiller) == value(after, name, whole)
        assert value(before, name, chiller) < value(before, name, whole) / 3
    kept = {m.key for m in hall.ledger.models("hall") if m.contract == "chiller"}
    assert kept == {
        ModelKey("chiller", "baseline", "electricity"),
        ModelKey("chiller", "baseline", "electricity", "chiller"),
        ModelKey("chiller", "typical_year"),
    }


def test_the_typical_year_is_frozen_once_and_the_same_from_part_of_the_past(hall: Hall) -> None:
    kept = [m for m in hall.ledger.models("hall") if m.kind == "typical_year"]
    assert {m.contract for m in kept} == {"whole", "chiller"}
    results = hall.process()
    december, chiller = results[Month(2023, 12)], "chiller/electricity"
    used = sum(value(results[Month(2023, m)], "observed_kwh", chiller) for m in range(1, 13))
    # A quarter was saved: a third of what is still used, the two years' weather being alike.
    assert value(december, "normalised_saving_kwh", chiller) == pytest.approx(used / 3, rel=0.06)
    hall.ledger.touch([("hall", Month(2023, 12))])
    (again,) = hall.settle()
    assert digest(again) == digest(december)
    assert [m for m in hall.ledger.models("hall") if m.kind == "typical_year"] == kept


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"contract": "none"}, "no contract"),
        ({"institution": "other"}, "a contract of hall"),
        ({"carrier": "heat"}, "counts electricity"),
        ({"start": date(2022, 1, 1), "end": date(2023, 1, 1)}, "outside the reporting period"),
        ({"formula": "open('x')"}, "cannot be read"),
        ({"evidence_sha256": "0" * 64}, "not that of plan.pdf"),
    ],
)
def test_what_does_not_fit_the_contract_is_refused(
    tmp_path: Path, change: dict[str, object], says: str
) -> None:
    ledger = open_ledger(f"sqlite:///{tmp_path / 'ledger.db'}")
    with pytest.raises(ConfigError, match=says):
        enter(ledger, REGISTRY, replace(ENTRY, **change), PLAN)
    large = bytes(LARGEST_EVIDENCE_BYTES + 1)
    with pytest.raises(ConfigError, match="at most"):
        enter(ledger, REGISTRY, ENTRY, large)
    assert ledger.adjustments() == []
    ledger.close_connections()


def test_an_approval_by_the_author_or_nobody_is_none() -> None:
    assert approval("  ", NOW) == ()
    with pytest.raises(ConfigError, match="cannot approve"):
        replace(ENTRY, decisions=approval("ＷＡＮＧ", NOW))
