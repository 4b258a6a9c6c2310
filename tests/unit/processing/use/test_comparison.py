"""Months against months, years against quotas, institutions against peers, and the form."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from domain.calendar import Month, months_between
from domain.errors import ConfigError
from domain.figures import Figure, MonthResult, Shares
from domain.findings import Finding
from domain.places import Dated, Institution
from processing.use import survey
from processing.use.comparison import (
    compare,
    month_and_year_before,
    peer_position,
    year_figures,
)
from processing.use.survey import survey_rows

SINCE = date(2020, 1, 1)
RUNNING = Finding("month_running", "info", "", {"days": 9.5, "of": 31})
PLACE = Institution(
    id="i",
    name_zh="局",
    name_en="Bureau",
    district_code="370502",
    credit_code="12370500MB2345678X",
    floor_area_m2=(Dated(SINCE, 1000.0),),
    headcount=(Dated(SINCE, 50.0),),
)


def result(month: Month, missing: float = 0.0, **values: float | None) -> MonthResult:
    shares = Shares(1.0 - missing, 0.0, missing)
    figures = tuple(Figure(name=n, value=v, shares=shares, method="m/1") for n, v in values.items())
    return MonthResult(institution="i", month=month, figures=figures)


YEAR = [
    result(
        m,
        electricity_use_kwh=3000.0 + 100 * k,
        standard_coal_shandong_kgce=1000.0,
        standard_coal_non_heating_shandong_kgce=900.0,
        electricity_non_heating_kwh=2500.0,
        water_use_m3=40.0,
        heat_use_gj=20.0,
    )
    for k, m in enumerate(months_between(Month(2024, 1), Month(2025, 2)))
]


def test_last_month_and_last_year() -> None:
    found = month_and_year_before(YEAR, Month(2025, 1))
    power = [c for c in found if c.name == "electricity_use_kwh"]
    assert [c.against for c in power] == [Month(2024, 12), Month(2024, 1)]
    assert [c.change_ratio for c in power] == pytest.approx([100 / 4100, 1200 / 3000])


def test_an_incomplete_or_unknown_month_is_not_compared() -> None:
    full = result(Month(2024, 1), electricity_use_kwh=100.0)
    for other in (
        result(Month(2024, 2), 0.2, electricity_use_kwh=80.0),
        result(Month(2024, 2), electricity_use_kwh=None),
    ):
        (found,) = compare([full, other], Month(2024, 2), Month(2024, 1))
        assert found.change_ratio is None


def test_a_running_month_is_compared_with_no_whole_one_and_is_no_month_of_a_year() -> None:
    last = Month(2025, 1)
    runs = [replace(r, findings=(RUNNING,)) if r.month == last else r for r in YEAR]
    for found in (*compare(runs, last, last.plus(-1)), *compare(runs, last, last.plus(-12))):
        assert (found.change_ratio, found.why_not) == (None, "running")
        assert found.value is not None and found.earlier is not None, "both are told"
    stale = [replace(r, findings=(RUNNING,)) if r.month == last.plus(-1) else r for r in YEAR]
    assert {c.why_not for c in compare(stale, last, last.plus(-1))} == {"running"}
    year = year_figures(runs, last.plus(1))["electricity_use_kwh"]
    assert (year.months, year.is_complete) == (11, False)
    assert year.value == pytest.approx(sum(3000 + 100 * k for k in range(1, 12)))
    water = {r.id: r for r in survey_rows(PLACE, runs, last.plus(1))}["water"]
    assert (water.value, water.months) == (pytest.approx(440.0), 11)
    assert water.shares is not None and water.shares.missing == pytest.approx(1 / 12)


def test_each_reason_for_no_change_is_told() -> None:
    now = result(Month(2024, 2), water_use_m3=1.0)
    for earlier, why in (
        (result(Month(2024, 1), water_use_m3=2.0), ""),
        (result(Month(2024, 1), water_use_m3=None), "not_known"),
        (result(Month(2024, 1), 0.2, water_use_m3=2.0), "incomplete"),
        (result(Month(2024, 1), water_use_m3=0.0), "nought"),
        (result(Month(2024, 1), heat_use_gj=2.0), "not_computed"),
        (result(Month(2023, 1), water_use_m3=2.0), "not_computed"),
    ):
        (found,) = compare([now, earlier], Month(2024, 2), Month(2024, 1))
        assert found.why_not == why and (found.change_ratio is None) == bool(why)


def test_a_year_sums_twelve_months_and_knows_when_one_lacks() -> None:
    whole = year_figures(YEAR, Month(2025, 1))["electricity_use_kwh"]
    assert whole.value == pytest.approx(sum(3000 + 100 * k for k in range(12)))
    assert whole.is_complete
    lacking = year_figures(YEAR[1:], Month(2025, 1))["electricity_use_kwh"]
    assert (lacking.months, lacking.is_complete) == (11, False)
    assert lacking.shares.missing == pytest.approx(1 / 12)


def test_peers_are_compared_only_among_enough_of_them() -> None:
    values = {"i": 10.0, "a": 5.0, "b": 8.0, "c": 12.0, "d": 20.0, "e": None}
    found = peer_position("i", "energy_per_area_kgce_per_m2", values)
    assert found is not None
    assert (found.median, found.percentile, found.peers) == (10.0, 0.5, 4)
    assert peer_position("i", "x", {"i": 1.0, "a": 2.0}) is None
    assert peer_position("e", "x", values) is None


def test_the_form_is_filled_from_figures_and_registry_and_empty_where_unknown() -> None:
    rows = {r.id: r for r in survey_rows(PLACE, YEAR, Month(2025, 1))}
    assert rows["credit_code"].value == "12370500MB2345678X"
    assert rows["floor_area"].value == 1000.0
    assert rows["water"].value == pytest.approx(480.0)
    assert rows["water"].months == 12
    assert rows["natural_gas"].value is None
    assert rows["pv"].value is None


@pytest.mark.parametrize("figure", ["avoided_energy_ratio", "no_such_figure_kwh"])
def test_a_form_sums_only_what_adds_up_over_a_year(figure: str, monkeypatch: Any) -> None:
    field = {"id": "x", "zh": "x", "en": "x", "unit": "", "figure": figure}
    form = [{"valid_from": SINCE, "fields": [field]}]
    monkeypatch.setattr(survey, "table", lambda *_: form)
    with pytest.raises(ConfigError, match="add up to a year"):
        survey_rows(PLACE, YEAR, Month(2025, 1))


def test_there_is_no_form_before_the_first_one_known() -> None:
    assert survey_rows(PLACE, YEAR, Month(2012, 12)) == []
