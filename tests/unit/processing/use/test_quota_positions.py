"""Twelve months against the institution's own quotas, each by hand."""

from dataclasses import replace
from datetime import date

import pytest

from domain.calendar import Month, months_between
from domain.figures import Figure, MonthResult, Shares
from domain.places import Dated, Institution
from processing.use.quota_positions import QuotaPosition, quota_positions

SINCE = date(2020, 1, 1)
END = Month(2025, 1)


def held(value: float) -> tuple[Dated, ...]:
    return (Dated(SINCE, value),)


OFFICE = Institution(
    id="i",
    name_zh="局",
    name_en="Bureau",
    district_code="370502",
    floor_area_m2=held(1000.0),
    headcount=held(70.0),
    kind="office",
    level="county",
    heat_source="district_heat",
    heated_area_m2=held(800.0),
    staff=held(50.0),
    heating_season=((11, 15), (3, 15)),
)
HOSPITAL = replace(
    OFFICE,
    kind="hospital",
    level="II",
    staff=held(200.0),
    intern_months=held(120.0),
    beds=held(100.0),
    bed_occupancy_ratio=held(0.8),
    outpatients=held(36_500.0),
)
SCHOOL = replace(
    OFFICE, kind="school", staff=held(40.0), day_pupils=held(300.0), boarders=held(80.0)
)
UNIVERSITY = replace(
    OFFICE, kind="university", staff=held(200.0), students=held(880.0), foreign_students=held(20.0)
)


def result(month: Month, missing: float = 0.0, **values: float | None) -> MonthResult:
    shares = Shares(1.0 - missing, 0.0, missing)
    figures = tuple(Figure(name=n, value=v, shares=shares, method="m/1") for n, v in values.items())
    return MonthResult(institution="i", month=month, figures=figures)


def year(**changed: float | None) -> list[MonthResult]:
    use: dict[str, float | None] = {
        "standard_coal_shandong_kgce": 1582.4,
        "standard_coal_non_heating_shandong_kgce": 900.0,
        "standard_coal_heating_shandong_kgce": 682.4,
        "electricity_non_heating_kwh": 2500.0,
        "water_use_m3": 40.0,
    }
    return [result(m, **use | changed) for m in months_between(Month(2024, 1), END)]


def positions(
    place: Institution, results: list[MonthResult] | None = None
) -> dict[str, QuotaPosition]:
    found = quota_positions(place, year() if results is None else results, END)
    return {p.measure: p for p in found}


def graded(place: Institution) -> dict[str, tuple[float | None, str | None]]:
    found = positions(place).values()
    return {p.measure: (p.value and round(p.value, 3), p.grade) for p in found}


def test_an_office_below_a_city_by_hand() -> None:
    assert graded(OFFICE) == {
        "non_heating_per_area": (10.8, "base"),  # 12 × 900 / 1000; 20.8 / 12.6 / 6.9
        "electricity_per_area": (30.0, "base"),  # 12 × 2500 / 1000; 75.8 / 45.9 / 26.2
        "energy_per_head": (379.776, "guide"),  # 12 × 1582.4 / 50, heat included; 478.0
        "heating_per_heated_area": (10.236, "base"),  # 12 × 682.4 / 800; 12.7 / 11.1 / 8.3
        "water_per_head": (9.6, "guide"),  # 12 × 40 / 50; 25 / 25 / 10
    }
    assert not any(p.finding for p in positions(OFFICE).values())


def test_the_same_use_is_graded_by_the_row_of_level_zone_and_heating() -> None:
    use = {"non_heating_per_area": 22.0, "heating_per_heated_area": 12.5}
    results = year(
        standard_coal_non_heating_shandong_kgce=22.0 * 1000 / 12,
        standard_coal_heating_shandong_kgce=12.5 * 800 / 12,
    )

    def grades(**changed: str) -> list[str | None]:
        found = positions(replace(OFFICE, **changed), results)  # type: ignore[arg-type]
        return [found[m].grade for m in use]

    assert grades() == ["above", "constraint"]
    assert grades(level="city") == ["constraint", "constraint"]
    assert grades(level="city", district_code="370202") == ["above", "constraint"]
    assert grades(heat_source="air_conditioning") == ["above", "above"]
    assert grades(kind="hospital", level="II") == ["base", "constraint"]
    assert grades(kind="museum", level="city") == ["above", None]


def test_a_hospital_counts_its_people_and_its_water_by_bed_and_day() -> None:
    # 200 + 120/12 + 100 × 0.8 + 36,500/365 = 390 people; 366 days in 2024.
    assert graded(HOSPITAL) == {
        "non_heating_per_area": (10.8, "guide"),
        "electricity_per_area": (30.0, "guide"),
        "energy_per_head": (48.689, "guide"),
        "heating_per_heated_area": (10.236, "constraint"),  # 15.1 / 9.2 / 6.2
        "water_per_bed_day": (13.115, "guide"),
    }


@pytest.mark.parametrize(
    ("litres", "grade"), [(340.0, "guide"), (341.0, "base"), (540.0, "base"), (541.0, "above")]
)
def test_water_of_a_hospital_keeps_the_advanced_or_the_general_value(
    litres: float, grade: str
) -> None:
    results = year(water_use_m3=litres * 100 * 366 / 1000 / 12)
    found = positions(HOSPITAL, results)["water_per_bed_day"]
    assert (found.value, found.grade) == (pytest.approx(litres), grade)


@pytest.mark.parametrize(
    ("place", "persons"), [(SCHOOL, 300 + 2 * 80 + 40), (UNIVERSITY, 880 + 20 + 0.5 * 200)]
)
def test_schools_have_a_value_by_standard_persons_and_no_row(
    place: Institution, persons: float
) -> None:
    found = positions(place)
    water = found["water_per_standard_person"]
    assert (water.value, water.grade, water.quota) == (pytest.approx(480 / persons), None, None)
    assert {p.finding and p.finding.code for p in found.values()} == {"quota_not_of_kind"}
    assert {p.grade for p in found.values()} == {None}


@pytest.mark.parametrize("kind", ["service_centre", "library", "other"])
def test_venues_and_service_centres_have_no_water_quota(kind: str) -> None:
    water = positions(replace(OFFICE, kind=kind, level="city"))["water_per_head"]  # type: ignore[arg-type]
    assert water.grade is None and water.finding is not None
    assert water.finding.code == "quota_not_of_kind"


@pytest.mark.parametrize(
    ("place", "measure", "fields"),
    [
        (replace(OFFICE, heated_area_m2=()), "heating_per_heated_area", "heated_area_m2"),
        (replace(OFFICE, heat_source=""), "heating_per_heated_area", "heat_source"),
        (replace(OFFICE, staff=()), "energy_per_head", "staff"),
        (replace(OFFICE, staff=()), "water_per_head", "staff"),
        (replace(OFFICE, level=""), "non_heating_per_area", "level"),
        (replace(OFFICE, heating_season=None), "electricity_per_area", "heating_season"),
        (replace(HOSPITAL, beds=(), outpatients=()), "energy_per_head", "beds, outpatients"),
        (replace(HOSPITAL, intern_months=()), "energy_per_head", "intern_months"),
        (replace(HOSPITAL, beds=()), "water_per_bed_day", "beds"),
    ],
)
def test_what_the_registry_lacks_is_named_and_not_guessed(
    place: Institution, measure: str, fields: str
) -> None:
    found = positions(place)[measure]
    finding = found.finding
    assert finding is not None
    assert (found.grade, finding.code) == (None, "quota_field_missing")
    assert finding.numbers["fields"] == fields


def test_a_count_of_nought_divides_nothing() -> None:
    finding = positions(replace(OFFICE, staff=held(0.0)))["energy_per_head"].finding
    assert finding is not None and finding.code == "quota_count_nought"


@pytest.mark.parametrize(
    ("place", "code"),
    [
        (replace(OFFICE, kind=""), "quota_field_missing"),
        (replace(OFFICE, district_code=""), "quota_field_missing"),
        (replace(OFFICE, district_code="110101"), "quota_not_of_region"),
    ],
)
def test_where_nothing_can_be_graded_one_row_says_why(place: Institution, code: str) -> None:
    (found,) = positions(place).values()
    assert found.measure == "all"
    assert found.finding is not None and found.finding.code == code


def test_a_place_abroad_is_not_asked() -> None:
    assert positions(replace(OFFICE, district_code="", timezone="Europe/London")) == {}


def test_only_whole_years_are_graded() -> None:
    part = positions(OFFICE, year()[3:])
    assert all(p.value is None and p.grade is None and p.months == 9 for p in part.values())
    finding = part["energy_per_head"].finding
    assert finding is not None and finding.code == "quota_year_incomplete"
    assert finding.numbers == {"months": 9, "missing_pct": 25.0}
    winter = result(Month(2024, 12), standard_coal_non_heating_shandong_kgce=None)
    told = positions(OFFICE, [*year()[:-1], winter])["non_heating_per_area"]
    assert (told.grade, told.months) == (None, 11)
