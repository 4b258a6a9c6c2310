"""The job on real embedded stores: months computed, kept, repeated and restated."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from domain.calendar import Month, to_ms
from domain.corrections import Correction
from domain.errors import ConfigError
from domain.figures import MonthResult
from domain.places import Carrier, Contract, Dated, Institution, Meter, WeatherStation
from domain.readings import Reading
from domain.registry import Registry
from processing.months.job import Workers, process, process_touched
from processing.months.touched import touched
from store.ledger.canonical import digest
from store.ledger.port import Ledger
from store.opening import open_ledger
from store.readings.sqlite import SqliteReadingStore

NOW = datetime(2024, 6, 15, 4, 0, tzinfo=UTC)
HOUR_MS = 3_600_000
REGISTRY = Registry(
    institutions=(
        Institution(
            id="bureau",
            name_zh="局",
            name_en="Bureau",
            district_code="370502",
            weather_device="sky",
            headcount=(Dated(date(2020, 1, 1), 40.0),),
            floor_area_m2=(Dated(date(2020, 1, 1), 3000.0),),
        ),
        Institution(id="past", name_zh="旧", name_en="Past", origin="measured"),
    ),
    devices=(
        Meter(
            id="power",
            institution="bureau",
            carrier=Carrier.ELECTRICITY,
            register="energy_import_kwh",
        ),
        Meter(
            id="lifts",
            institution="bureau",
            carrier=Carrier.ELECTRICITY,
            register="energy_import_kwh",
            parent="power",
        ),
        Meter(id="tap", institution="bureau", carrier=Carrier.WATER, register="water_m3"),
        Meter(
            id="old", institution="past", carrier=Carrier.ELECTRICITY, register="energy_import_kwh"
        ),
        WeatherStation(id="sky", institution="bureau"),
    ),
    contracts=(
        Contract(
            id="led",
            institution="bureau",
            name_zh="改造",
            name_en="Retrofit",
            form="shared",
            baseline_start=date(2023, 1, 1),
            baseline_end=date(2024, 1, 1),
            reporting_start=date(2024, 1, 1),
        ),
    ),
)


def hourly(start: datetime, end: datetime) -> np.ndarray:
    return np.arange(to_ms(start), to_ms(end) + 1, HOUR_MS)


def register(device: str, quantity: str, at: np.ndarray, per_hour: np.ndarray) -> list[Reading]:
    total = 1000.0 + np.round(np.cumsum(per_hour), 2)
    return [Reading(device, quantity, int(t), float(v)) for t, v in zip(at, total, strict=True)]


class Place:
    """Stores with a year and a half of hourly data in them."""

    def __init__(self, folder: Path) -> None:
        self.store = SqliteReadingStore(folder / "readings.db")
        self.ledger: Ledger = open_ledger(f"sqlite:///{folder / 'ledger.db'}")
        self.ledger.save_registry(REGISTRY.check())
        at = hourly(datetime(2022, 12, 31, 16, tzinfo=UTC), datetime(2024, 6, 15, 3, tzinfo=UTC))
        clock = (at // HOUR_MS + 8) % 24
        self.power = np.where((clock >= 8) & (clock < 18), 60.0, 20.0)
        saved = at >= to_ms(datetime(2023, 12, 31, 17, tzinfo=UTC))
        self.power = self.power * np.where(saved, 0.7, 1.0)
        self.readings = register("power", "energy_import_kwh", at, self.power)
        self.store.write(self.readings)
        self.store.write(register("lifts", "energy_import_kwh", at, self.power * 0.1))
        self.store.write(register("tap", "water_m3", at, np.full(at.size, 0.5)))
        warm = 15 - 12 * np.cos(2 * np.pi * at / (365.25 * 24 * HOUR_MS))
        self.store.write(
            [
                Reading("sky", "outdoor_temperature_c", int(t), float(v))
                for t, v in zip(at, warm, strict=True)
            ]
        )
        past = hourly(datetime(2019, 1, 31, 16, tzinfo=UTC), datetime(2019, 2, 28, 16, tzinfo=UTC))
        self.store.write(register("old", "energy_import_kwh", past, np.full(past.size, 2.0)))

    def process(self, **options: object) -> dict[tuple[str, Month], MonthResult]:
        arguments = {"months": None, "now": NOW} | options
        found = process(self.store, self.ledger, **arguments)  # type: ignore[arg-type]
        return {(r.institution, r.month): r for r in found}

    def recompute(self, months: set[tuple[str, Month]]) -> list[MonthResult]:
        self.ledger.touch(months)
        return list(process_touched(self.store, self.ledger, now=NOW))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    made = Place(tmp_path_factory.mktemp("place"))
    yield made
    made.store.close()
    made.ledger.close_connections()


def value(result: MonthResult, name: str, subject: str = "") -> float:
    found = [f for f in result.figures if (f.name, f.subject) == (name, subject)]
    assert len(found) == 1
    assert found[0].value is not None
    return found[0].value


def test_months_are_what_the_registers_say(place: Place) -> None:
    results = place.process()
    march = results[("bureau", Month(2023, 3))]
    expected = 31 * (10 * 60 + 14 * 20)
    assert value(march, "electricity_use_kwh") == pytest.approx(expected)
    assert value(march, "electricity_use_kwh", "lifts") == pytest.approx(expected * 0.1, abs=0.1)
    assert value(march, "water_use_m3") == pytest.approx(31 * 24 * 0.5)
    assert value(march, "water_per_head_m3") == pytest.approx(31 * 24 * 0.5 / 40)
    assert value(march, "co2_kg") == pytest.approx(expected * 0.6191)
    days = [d for d in march.days if (d.name, d.subject) == ("electricity_use_kwh", "")]
    assert [d.value for d in days] == pytest.approx([880.0] * 31)
    assert {d.quality for d in days} == {"measured"}


def test_every_month_from_first_to_current_and_replays_only_where_they_have_data(
    place: Place,
) -> None:
    months = place.process()
    bureau = [m for i, m in months if i == "bureau"]
    assert (bureau[0], bureau[-1], len(bureau)) == (Month(2023, 1), Month(2024, 6), 18)
    assert [m for i, m in months if i == "past"] == [Month(2019, 2)]


def test_the_running_month_is_not_called_incomplete(place: Place) -> None:
    june = place.process(months=[Month(2024, 6)])[("bureau", Month(2024, 6))]
    total = next(f for f in june.figures if f.name == "electricity_use_kwh" and not f.subject)
    assert total.shares.missing == 0.0
    assert "month_running" in {f.code for f in june.findings}
    assert len([d for d in june.days if d.subject == "power"]) == 15


def test_the_planted_saving_is_found_and_the_baseline_frozen_once(place: Place) -> None:
    results = place.process()
    march = results[("bureau", Month(2024, 3))]
    avoided = [f for f in march.figures if f.name == "avoided_energy_kwh"]
    assert len(avoided) == 1
    planted = 31 * 880 * 0.3
    assert avoided[0].low is not None
    assert avoided[0].high is not None
    assert avoided[0].low <= planted <= avoided[0].high
    assert avoided[0].value == pytest.approx(planted, rel=0.05)
    assert avoided[0].verdict in ("proven", "not_proven")
    assert not [f for f in results[("bureau", Month(2023, 3))].figures if "avoided" in f.name]
    place.process()
    (model,) = place.ledger.models("bureau")
    assert march.models == (model.digest,)


def test_a_late_reading_restates_its_month_and_no_other(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.process(institutions=["bureau"])
    for month in (Month(2023, 3), Month(2023, 4), Month(2024, 1)):
        place.ledger.close("bureau", month, signed_by="t")
    before = {s.month: s for s in place.ledger.statuses("bureau")}
    place.process(institutions=["bureau"])
    assert {s.month: s.state for s in place.ledger.statuses("bureau")} == {
        m: s.state for m, s in before.items()
    }
    late = place.readings[24 * 70]
    place.store.write([Reading(late.device, late.quantity, late.at_ms + 60_000, late.value + 0.5)])
    place.process(institutions=["bureau"])
    after = {s.month: s for s in place.ledger.statuses("bureau")}
    changed = {m for m in after if after[m].digest != before[m].digest}
    assert {m for m in after if after[m].state == "restatement_pending"} <= {Month(2023, 3)}
    assert changed <= {Month(2023, 3)}
    place.store.close()
    place.ledger.close_connections()


def test_reading_only_what_a_month_needs_gives_the_same_result(place: Place) -> None:
    whole = place.process()
    for month in (Month(2023, 1), Month(2023, 8), Month(2024, 4), Month(2024, 6)):
        (alone,) = place.process(months=[month], institutions=["bureau"]).values()
        assert digest(alone) == digest(whole[("bureau", month)])


REPORTED = [Month(2024, m) for m in range(1, 7)]


def test_late_readings_recompute_exactly_what_they_touch(tmp_path: Path) -> None:
    place = Place(tmp_path)
    before = place.process()
    late = place.readings[24 * 70]
    batch = [Reading(late.device, late.quantity, late.at_ms + 60_000, late.value + 0.5)]
    place.store.write(batch)
    instants = [(r.series, r.at_ms) for r in batch]
    found = touched(place.store, instants, place.ledger.registry(), {}, NOW)
    # A day of the baseline: savings are doubted by it.
    reported = {("bureau", m) for m in REPORTED}
    assert found == {("bureau", Month(2023, 3)), *reported}
    results = place.recompute(found)
    assert {(r.institution, r.month) for r in results} == found
    assert results[0].month == Month(2023, 3)
    assert place.ledger.touched() == []
    again = place.recompute(found)
    assert [*map(digest, again)] == [*map(digest, results)]
    everything = place.process()
    assert digest(everything[("bureau", Month(2023, 3))]) == digest(results[0])
    assert {k for k, r in everything.items() if digest(r) != digest(before[k])} <= found
    place.store.close()
    place.ledger.close_connections()


@pytest.mark.slow
def test_workers_compute_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("processing.months.job.WORTHWHILE", 1)
    place = Place(tmp_path)
    wrong = place.readings[24 * 70]
    place.ledger.enter_corrections([corrected(wrong, wrong.value + 0.5)], [])
    workers = Workers(
        1,
        partial(SqliteReadingStore, tmp_path / "readings.db"),
        partial(open_ledger, f"sqlite:///{tmp_path / 'ledger.db'}"),
    )
    theirs = place.process(workers=workers)
    ours = place.process()
    assert {k: digest(r) for k, r in theirs.items()} == {k: digest(r) for k, r in ours.items()}
    assert len(place.ledger.statuses()) == len(ours)
    use = [f for f in ours[("bureau", Month(2023, 3))].figures if f.subject == "power"]
    assert "reading_corrected" in {f.code for u in use for f in u.findings}
    place.store.close()
    place.ledger.close_connections()


def corrected(reading: Reading, value: float) -> Correction:
    return Correction(
        device=reading.device,
        quantity=reading.quantity,
        at_ms=reading.at_ms,
        value=value,
        author="w",
        reason="r",
        entered_at=NOW,
    )


def test_corrections_are_read_once_a_round(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []
    read = place.ledger.corrections
    monkeypatch.setattr(place.ledger, "corrections", lambda: asked.append(True) or read())
    months = {("bureau", Month(2023, 3)), ("past", Month(2019, 2))}
    assert len(place.recompute(months)) == 2
    assert len(asked) == 1
    place.process(months=[Month(2023, 3)])
    assert len(asked) == 2
    assert place.recompute(set()) == []
    assert len(asked) == 2


def test_an_unknown_institution_is_a_users_mistake(place: Place) -> None:
    with pytest.raises(ConfigError, match="no institution 'nobody'"):
        place.process(institutions=["nobody"])


def test_progress_is_told(place: Place) -> None:
    told: list[tuple[str, int, int]] = []
    place.process(months=[Month(2023, 2)], progress=lambda *step: told.append(step))
    assert told[0] == ("processing", 0, 2)
    assert told[-1] == ("processing", 2, 2)
