"""The simulated campus: its registers, its sun and its truth agree with each other."""

from datetime import UTC, date, datetime

import numpy as np
import pytest

from domain.calendar import Month
from domain.places import WeatherStation
from simulators.devices.block import Carry, SiteMonth
from simulators.devices.campus import Campus
from simulators.devices.climate import Climate
from simulators.scenarios import scenario
from simulators.scenarios.demo import BASELINE_MONTHS, CAMPUS_MONTHS, dongying_campus
from tests.unit.simulators.devices.building.load_shapes import daily_mean_c

NOW = datetime(2026, 11, 23, 4, tzinfo=UTC)


@pytest.fixture(scope="module")
def campus() -> Campus:
    return dongying_campus(NOW, 1)


@pytest.fixture(scope="module")
def months(campus: Campus) -> dict[Month, SiteMonth]:
    carry: Carry = {}
    return {campus.first.plus(i): campus.month(campus.first.plus(i), carry) for i in range(14)}


def truth(made: SiteMonth, name: str, subject: str) -> float:
    return float(
        next(t.per_day.sum() for t in made.truth if (t.name, t.subject) == (name, subject))
    )


@pytest.mark.parametrize(
    ("device", "quantity", "name"),
    [
        ("dy-elec-main", "energy_import_kwh", "electricity_use_kwh"),
        ("dy-elec-ac", "energy_import_kwh", "electricity_use_kwh"),
        ("dy-water", "water_m3", "water_use_m3"),
        ("dy-heat", "heat_gj", "heat_use_gj"),
        ("dy-gas", "gas_m3", "natural_gas_use_m3"),
        ("dy-pv", "pv_energy_kwh", "pv_generation_kwh"),
    ],
)
def test_registers_differ_by_the_true_use(
    months: dict[Month, SiteMonth], device: str, quantity: str, name: str
) -> None:
    last = None
    for made in months.values():
        block = next(b for b in made.blocks if b.device == device)
        values = block.values[:, block.quantities.index(quantity)]
        assert (np.diff(values) >= 0).all()
        before = values[0] if last is None else last
        last = values[-1]
        assert last - before == pytest.approx(truth(made, name, device), abs=0.02)


def test_bought_plus_generated_is_used_plus_sold(months: dict[Month, SiteMonth]) -> None:
    sold_ever = 0.0
    for made in months.values():
        bought = truth(made, "electricity_use_kwh", "")
        sold = truth(made, "electricity_export_kwh", "")
        generated = truth(made, "pv_generation_kwh", "dy-pv")
        assert bought + generated == pytest.approx(truth(made, "gross_load_kwh", "") + sold)
        assert truth(made, "pv_self_use_kwh", "dy-pv") == pytest.approx(generated - sold)
        sold_ever += sold
    assert sold_ever > 0  # weekends export, or the export register would never be tried


def test_the_saving_is_planted_from_the_reporting_day_on(
    campus: Campus, months: dict[Month, SiteMonth]
) -> None:
    contract = campus.contract
    assert contract is not None
    assert contract.form == "shared"
    assert Month.of(contract.baseline_start) == campus.first
    assert Month.of(contract.reporting_start) == campus.first.plus(BASELINE_MONTHS)
    subject = f"{contract.id}/electricity"
    for month, made in months.items():
        planted = [t for t in made.truth if t.name == "avoided_energy_kwh"]
        assert bool(planted) == (month.first_day >= contract.reporting_start)
        if planted:
            would = truth(made, "counterfactual_kwh", subject)
            assert 0.10 < truth(made, "avoided_energy_kwh", subject) / would < 0.25
            assert truth(made, "observed_kwh", subject) == pytest.approx(
                truth(made, "gross_load_kwh", "")
            )


def test_its_time_is_the_last_26_full_months(campus: Campus) -> None:
    assert campus.first.plus(CAMPUS_MONTHS) == Month(2026, 11)
    assert campus.end is None


def test_a_month_is_the_same_whenever_it_is_simulated(
    campus: Campus, months: dict[Month, SiteMonth]
) -> None:
    alone = campus.month(campus.first.plus(3), {})
    for one, other in zip(alone.truth, months[campus.first.plus(3)].truth, strict=True):
        if not one.name.startswith("waste_coll"):  # what was left in a bin is history
            assert np.array_equal(one.per_day, other.per_day), one.name


def test_stations_stand_in_places_of_their_own_and_the_first_measures_the_climate() -> None:
    hostile = scenario("hostile", NOW, 1, 1)
    known = hostile.registry()
    names = [d.id for d in known.devices if isinstance(d, WeatherStation)]
    assert names == ["i000000-weather", "i000008-weather", "i000016-weather"]
    assert {i.weather_device for i in known.institutions} == set(names)
    days = []
    for site in (s.inner for s in hostile.sites if s.inner.weather):  # type: ignore[attr-defined]
        made = site.month(site.first, {})
        (said,) = [b for b in made.blocks if b.device == site.weather]
        (true,) = [t for t in made.truth if t.name == "outdoor_temperature_mean_c"]
        measured = said.values[:, 0].reshape(-1, 24).mean(axis=1)
        assert np.abs(measured - true.per_day).max() < 0.15  # the thermometer rocks
        days.append(true.per_day)
    first = (date(2026, 10, 1) - date(1970, 1, 1)).days
    assert days[0] == pytest.approx(daily_mean_c(Climate(1), first, 31), abs=0.1)
    apart = np.array(days[1:]) - days[0]
    assert (apart.std(axis=1) > 0.05).all() and (apart.std(axis=1) < 0.6).all()
    assert (np.abs(apart.mean(axis=1)) > 0.05).all() and (np.abs(apart) < 4).all()
