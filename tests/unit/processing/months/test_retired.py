"""Devices and institutions out of service: silence is no missing data, what still comes is told."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from domain.calendar import Month, local_midnight, to_ms
from domain.figures import Figure, MonthResult
from domain.places import Bin, Carrier, Institution, Meter, PvSystem, WasteStream
from domain.registry import Registry
from processing.months.compute import months_of
from processing.months.month import month_result
from processing.months.site import Site, build_site
from processing.quality.board import board

HOUR_MS = 3_600_000
TZ = "Asia/Shanghai"
HALL = Institution("hall", "大厅", "Hall")
OLD = Meter(id="old", institution="hall", carrier=Carrier.ELECTRICITY, register="energy_import_kwh")
NEW = replace(OLD, id="new")
MARCH, APRIL = Month(2026, 3), Month(2026, 4)
NOW = datetime(2026, 6, 1, tzinfo=UTC)
END = date(2026, 3, 21)
Samples = Mapping[tuple[str, str], tuple[np.ndarray, np.ndarray]]


def _at(day: date) -> int:
    return to_ms(local_midnight(day, TZ))


def _hourly(start: date, end_ms: int, per_h: float = 2.0) -> tuple[np.ndarray, np.ndarray]:
    at = np.arange(_at(start), end_ms, HOUR_MS, dtype=np.int64)
    return at, 100.0 + per_h * np.arange(at.size)


def _site(registry: Registry, samples: Samples) -> Site:
    return build_site(registry, registry.institutions[0], samples)


def _month(site: Site, month: Month = MARCH) -> MonthResult:
    return month_result(site, month, to_ms(NOW))


def _figure(result: MonthResult, name: str, subject: str = "") -> Figure:
    (found,) = (f for f in result.figures if (f.name, f.subject) == (name, subject))
    return found


def _codes(result: MonthResult) -> set[str]:
    return {x.code for f in result.figures for x in f.findings}


def test_without_an_end_of_service_silence_is_missing() -> None:
    samples = {("old", "energy_import_kwh"): _hourly(date(2026, 2, 1), _at(END))}
    result = _month(_site(Registry((HALL,), (), (OLD,)), samples))
    assert _figure(result, "electricity_use_kwh").value is None or (
        _figure(result, "electricity_use_kwh").shares.missing > 0.3
    )


@pytest.mark.parametrize("of_institution", [False, True])
def test_after_the_end_of_service_silence_is_no_missing_data(of_institution: bool) -> None:
    hall = replace(HALL, in_service_until=END) if of_institution else HALL
    old = OLD if of_institution else replace(OLD, in_service_until=END)
    samples = {("old", "energy_import_kwh"): _hourly(date(2026, 2, 1), _at(END))}
    site = _site(Registry((hall,), (), (old,)), samples)
    result = _month(site)
    for subject in ("", "old"):
        figure = _figure(result, "electricity_use_kwh", subject)
        # 20 days, up to the last reading an hour before the end
        assert figure.value == pytest.approx(2.0 * (20 * 24 - 1))
        assert (figure.shares.missing, figure.shares.measured) == (0.0, 1.0)
    assert _figure(result, "readings_expected_count", "old").value == 480
    assert _figure(result, "readings_received_count", "old").value == 480
    assert {d.day for d in result.days if d.name == "electricity_use_kwh"} == set(MARCH.days()[:20])
    assert not _codes(result) & {"readings_missing", "use_incomplete", "use_fell_silent"}
    later = _month(site, APRIL)
    assert [f.name for f in later.figures if f.subject == "old"] == []
    last = months_of(site, None, NOW)[-1]
    assert last == (MARCH if of_institution else Month(2026, 6))


def test_a_total_goes_on_with_the_meters_that_are_left() -> None:
    end_ms = _at(date(2026, 5, 2))
    samples = {
        ("old", "energy_import_kwh"): _hourly(date(2026, 2, 1), _at(END)),
        ("new", "energy_import_kwh"): _hourly(date(2026, 2, 1), end_ms, 1.0),
    }
    site = _site(Registry((HALL,), (), (replace(OLD, in_service_until=END), NEW)), samples)
    march, april = _month(site), _month(site, APRIL)
    total = _figure(march, "electricity_use_kwh")
    assert total.value == pytest.approx(2.0 * 479 + 31 * 24)
    assert total.shares.missing == 0.0
    days = {d.day: d for d in march.days if d.name == "electricity_use_kwh" and d.subject == ""}
    assert days[date(2026, 3, 30)].value == pytest.approx(24.0)
    assert days[date(2026, 3, 30)].quality == "measured"
    assert _figure(april, "electricity_use_kwh").value == pytest.approx(30 * 24)
    assert "main_meter_silent" not in _codes(april)
    assert _figure(april, "out_of_hours_use_kwh").shares.missing == 0.0


def test_readings_after_the_end_count_for_nothing_and_are_told() -> None:
    samples = {("old", "energy_import_kwh"): _hourly(date(2026, 2, 1), _at(date(2026, 4, 11)))}
    site = _site(Registry((HALL,), (), (replace(OLD, in_service_until=END),)), samples)
    march, april = _month(site), _month(site, APRIL)
    assert _figure(march, "electricity_use_kwh").value == pytest.approx(2.0 * 20 * 24)
    received = _figure(march, "readings_received_count", "old")
    assert received.value == 480
    (told,) = received.findings
    assert (told.code, told.numbers["count"]) == ("readings_after_service", 11 * 24)
    (told,) = _figure(april, "readings_received_count", "old").findings
    assert told.numbers["count"] == 10 * 24
    assert not any(f.name == "electricity_use_kwh" for f in april.figures)


def test_a_formula_goes_on_with_the_parts_that_are_left() -> None:
    rest = replace(OLD, id="rest", formula=(("new", 1.0), ("old", -1.0)))
    samples = {
        ("old", "energy_import_kwh"): _hourly(date(2026, 2, 1), _at(END), 1.0),
        ("new", "energy_import_kwh"): _hourly(date(2026, 2, 1), _at(date(2026, 5, 2)), 3.0),
    }
    devices = (replace(OLD, in_service_until=END, parent="new"), NEW, rest)
    site = _site(Registry((HALL,), (), devices), samples)
    assert _figure(_month(site, APRIL), "electricity_use_kwh", "rest").value == pytest.approx(
        2160.0
    )
    assert "virtual_part_missing" not in _codes(_month(site, APRIL))


def test_a_bin_taken_away_is_not_silent() -> None:
    one = Bin(id="b1", institution="hall", stream=WasteStream.FOOD)
    two = replace(one, id="b2", in_service_until=END)
    at = np.arange(_at(date(2026, 2, 1)), _at(date(2026, 5, 1)), HOUR_MS, dtype=np.int64)
    kg = 0.1 * np.arange(at.size)
    left = at < _at(END)
    samples = {("b1", "mass_kg"): (at, kg), ("b2", "mass_kg"): (at[left], kg[left])}
    site = _site(Registry((HALL,), (), (one, two)), samples)
    march = _figure(_month(site), "waste_mass_kg", "food")
    assert march.value == pytest.approx(0.1 * (31 * 24 + 479), rel=0.01)
    assert march.shares.missing == pytest.approx(0.0, abs=1e-9)
    assert not _codes(_month(site)) & {"bin_silent"}
    april = _month(site, APRIL)
    assert _figure(april, "waste_bin_coverage_ratio").value == 1.0
    assert not _codes(april) & {"bin_silent"}


def test_a_pv_system_taken_down_generates_nothing_that_is_missing() -> None:
    system = PvSystem(id="pv", institution="hall", capacity_kwp=10.0, in_service_until=END)
    samples = {
        ("pv", "pv_energy_kwh"): _hourly(date(2026, 2, 1), _at(END)),
        ("new", "energy_import_kwh"): _hourly(date(2026, 2, 1), _at(date(2026, 5, 1))),
    }
    site = _site(Registry((HALL,), (), (NEW, system)), samples)
    march = _figure(_month(site), "pv_generation_kwh", "pv")
    assert march.value == pytest.approx(2.0 * 479)
    assert march.shares.missing == 0.0
    assert not any(
        f.name.startswith("pv_") and f.subject == "pv" for f in _month(site, APRIL).figures
    )


def test_the_board_leaves_out_what_is_out_of_service_and_silent() -> None:
    registry = Registry((HALL,), (), (replace(OLD, in_service_until=END), NEW))
    last = {"old": datetime(2026, 3, 20, 15, tzinfo=UTC), "new": NOW}
    result = MonthResult(institution="hall", month=Month(2026, 5), figures=())
    rows = board(registry, last, [result], NOW)
    assert [(r.device.id, r.state) for r in rows] == [("new", "ok")]
    march = board(registry, last, [replace(result, month=MARCH)], NOW)
    assert {r.device.id: r.state for r in march} == {"old": "ok", "new": "ok"}
    still = board(registry, {**last, "old": NOW - timedelta(days=1)}, [result], NOW)
    assert {r.device.id for r in still} == {"old", "new"}
