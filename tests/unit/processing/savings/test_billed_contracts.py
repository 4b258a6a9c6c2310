"""Contracts whose meters are read once a month: models of bills, months known as a whole or not."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from domain.calendar import Month, months_between, to_ms
from domain.figures import Figure, MonthResult
from domain.places import Carrier, Contract, Institution, Meter, WeatherStation
from domain.readings import Reading
from domain.registry import Registry
from processing.months.job import process
from processing.savings.models.frozen import BILLING_FORMAT, FrozenModel
from store.opening import open_ledger
from store.readings.sqlite import SqliteReadingStore

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2025, 1, 5, tzinfo=UTC)
CONTRACT = Contract(
    "c", "hall", "改造", "Retrofit", "shared", date(2023, 1, 1), date(2024, 1, 1), date(2024, 1, 1)
)
METER = Meter(
    id="main",
    institution="hall",
    carrier=Carrier.ELECTRICITY,
    register="energy_import_kwh",
    expected_interval_s=30 * 86_400,
)
MONTHS = list(months_between(Month(2023, 1), Month(2025, 2)))
FROZEN = [(m.first_day, time()) for m in MONTHS]
"""Registers frozen at the first instant of each month, as smart meters do."""


def midnight_ms(day: date, at: time = time()) -> int:
    return to_ms(datetime.combine(day, at, ZONE))


def temperature_c(day: date) -> float:
    season = -np.cos(2 * np.pi * (day.timetuple().tm_yday - 15) / 365.25)
    return float(13 + 14 * season + 3 * np.sin(day.toordinal() * 1.7))


def use_kwh(day: date, saving: float) -> float:
    use = 900 + 30 * max(15 - temperature_c(day), 0.0) + 20 * np.sin(day.toordinal())
    return float(use * (1 - saving if day >= CONTRACT.reporting_start else 1))


def readings(saving: float, read: list[tuple[date, time]]) -> list[Reading]:
    days = [date(2023, 1, 1) + timedelta(days=k) for k in range(-2, 740)]
    register = dict(zip(days, np.cumsum([0.0] + [use_kwh(d, saving) for d in days]), strict=False))
    found = []
    for day, at in read:
        part = (at.hour + at.minute / 60) / 24
        value = float(register[day] + part * use_kwh(day, saving))
        found.append(Reading("main", "energy_import_kwh", midnight_ms(day, at), round(value, 3)))
    for day in days:
        for hour in range(0, 24, 3):
            t = temperature_c(day)
            found.append(Reading("sky", "outdoor_temperature_c", midnight_ms(day, time(hour)), t))
    return found


@contextmanager
def processed(
    folder: Path,
    saving: float,
    read: list[tuple[date, time]] = FROZEN,
    contract: Contract = CONTRACT,
) -> Iterator[tuple[dict[Month, MonthResult], list[FrozenModel]]]:
    registry = Registry(
        institutions=(Institution("hall", "楼", "Hall", weather_device="sky"),),
        devices=(METER, WeatherStation(id="sky", institution="hall")),
        contracts=(contract,),
    ).check()
    store = SqliteReadingStore(folder / "readings.db")
    ledger = open_ledger(f"sqlite:///{folder / 'ledger.db'}")
    try:
        ledger.save_registry(registry)
        store.write(readings(saving, read))
        results = {r.month: r for r in process(store, ledger, months=None, now=NOW)}
        again = {r.month: r for r in process(store, ledger, months=[Month(2024, 6)], now=NOW)}
        # A month alone, from the window around it, is what it was among all.
        assert again[Month(2024, 6)].figures == results[Month(2024, 6)].figures
        models = [
            FrozenModel.from_json(m.json)
            for m in ledger.models("hall")
            if m.carrier == "electricity"
        ]
        yield results, models
    finally:
        store.close()
        ledger.close_connections()


def figure(result: MonthResult, name: str) -> Figure:
    (found,) = [f for f in result.figures if (f.name, f.subject) == (name, "c/electricity")]
    return found


def used(month: Month, saving: float) -> float:
    return sum(use_kwh(d, saving) for d in month.days())


def test_nothing_saved_is_not_proven_and_says_that_bills_were_fitted(tmp_path: Path) -> None:
    with processed(tmp_path, 0.0) as (results, (model,)):
        assert (model.format, model.bills) == (BILLING_FORMAT, 12) and not model.findings
        for month in months_between(Month(2024, 1), Month(2025, 1)):
            avoided = figure(results[month], "avoided_energy_kwh")
            assert avoided.value is not None and avoided.low is not None
            assert abs(avoided.value) < 0.03 * used(month, 0.0)
            assert avoided.low < 0 < (avoided.high or 0)
            assert (avoided.verdict, avoided.method) == ("not_proven", "billing-baseline/1")
            assert avoided.shares.measured == 1.0
            assert figure(results[month], "observed_kwh").value == pytest.approx(used(month, 0.0))
            assert model.digest in results[month].models
        # Nobody knows what was used on a day: there are no days, and steps cannot be told.
        named = {(d.name, d.subject) for r in results.values() for d in r.days}
        assert not [n for n in named if n[1] == "c/electricity"]


def test_a_planted_quarter_is_proven_over_the_year(tmp_path: Path) -> None:
    with processed(tmp_path, 0.25) as (results, _):
        december = results[Month(2024, 12)]
        whole = figure(december, "avoided_energy_year_to_date_kwh")
        year = sum(used(m, 0.0) for m in months_between(Month(2024, 1), Month(2025, 1)))
        assert whole.value == pytest.approx(0.25 * year, rel=0.05)
        assert whole.verdict == "proven"
        nominal = figure(december, "avoided_energy_nominal_kwh")
        assert nominal.method == "guideline-14-nominal/1"
        normalised = figure(december, "normalised_saving_kwh")
        assert normalised.value == pytest.approx(0.25 * year, rel=0.1)


def test_a_month_without_its_reading_is_no_saving(tmp_path: Path) -> None:
    read = [r for r in FROZEN if r[0] != date(2024, 8, 1)]
    with processed(tmp_path, 0.0, read) as (results, _):
        for month in (Month(2024, 7), Month(2024, 8)):
            lost = figure(results[month], "avoided_energy_kwh")
            assert lost.value is None and lost.verdict == "not_proven"
            assert "savings_days_missing" in [f.code for f in lost.findings]
        assert figure(results[Month(2024, 9)], "avoided_energy_kwh").value is not None
        to_date = figure(results[Month(2024, 12)], "avoided_energy_year_to_date_kwh")
        assert to_date.shares.missing == pytest.approx(62 / 366)


def test_readings_by_hand_near_the_months_ends_are_interpolated_and_say_so(tmp_path: Path) -> None:
    """Read at ten in the morning, a day early or late: of all that, only the edges move."""
    read = [
        (day + timedelta(days=(-1, 0, 1)[k % 3]), time(10)) for k, (day, _) in enumerate(FROZEN)
    ]
    with processed(tmp_path, 0.0, read) as (results, (model,)):
        assert model.bills == 12
        april = figure(results[Month(2024, 4)], "avoided_energy_kwh")
        assert april.value is not None and april.shares.estimated == pytest.approx(1.0)
        assert abs(april.value) < 0.05 * used(Month(2024, 4), 0.0)
        observed = figure(results[Month(2024, 2)], "observed_kwh")
        assert observed.value == pytest.approx(used(Month(2024, 2), 0.0), rel=0.03)


def test_readings_in_the_middle_of_months_make_bills_but_no_months(tmp_path: Path) -> None:
    read = [(day + timedelta(days=14), time()) for day, _ in FROZEN[:-1]]
    with processed(tmp_path, 0.0, read) as (results, (model,)):
        assert model.bills == 11
        assert {f.code for f in model.findings} == {"savings_few_bills"}
        assert figure(results[Month(2024, 4)], "avoided_energy_kwh").value is None


def test_a_month_in_which_the_reporting_period_begins_is_not_judged(tmp_path: Path) -> None:
    begun = replace(CONTRACT, reporting_start=date(2024, 1, 16))
    with processed(tmp_path, 0.0, contract=begun) as (results, _):
        assert figure(results[Month(2024, 1)], "avoided_energy_kwh").value is None
        assert figure(results[Month(2024, 2)], "avoided_energy_kwh").value is not None
