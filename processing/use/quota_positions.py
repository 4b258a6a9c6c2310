"""Twelve months against the quotas that are an institution's own.

Pure functions over results that stand in the ledger. What each measure divides by is counted as
its standard counts it; what the registry lacks for that leaves the measure without a grade, and a
finding says which field to fill in. So does a kind or level without a row (`config.quotas`).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from config.quotas import Graded, Quota, has_quotas, quota_on
from domain.calendar import DEFAULT_TIMEZONE, Month
from domain.carriers import WATER
from domain.figures import MonthResult
from domain.findings import Finding
from domain.places import Institution, value_on
from processing.use.comparison import YearFigure, year_figures

ALL = "all"
"""The measure of a position that stands for all of them: nothing can be graded."""


@dataclass(frozen=True, slots=True)
class Count:
    """What a measure divides by: a function of dated fields of the registry, in their order."""

    fields: tuple[str, ...]
    of: Callable[..., float]


def _itself(value: float) -> float:
    return value


_AREA = Count(("floor_area_m2",), _itself)
_HEATED_AREA = Count(("heated_area_m2",), _itself)
_STAFF = Count(("staff",), _itself)
# DB37/T 2673: staff + interns × months / 12 + beds × occupancy + outpatients a year / 365.
_HOSPITAL_PEOPLE = Count(
    ("staff", "intern_months", "beds", "bed_occupancy_ratio", "outpatients"),
    lambda staff, interns, beds, occupancy, out: (
        staff + interns / 12 + beds * occupancy + out / 365
    ),
)
_BEDS = Count(("beds",), _itself)
# DB37/T 4452: standard persons of schools and universities.
_SCHOOL_PERSONS = Count(
    ("day_pupils", "boarders", "staff"), lambda day, boarders, staff: day + 2 * boarders + staff
)
_UNIVERSITY_PERSONS = Count(
    ("students", "foreign_students", "staff"),
    lambda students, foreign, staff: students + foreign + 0.5 * staff,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A yearly figure × `scale` over a count (`counts` by kind, "" for all others).

    `daily`: it is per day of the year, too. `split`: it needs a heating season, without which no
    month is told apart.
    """

    name: str
    unit: str
    figure: str
    counts: Mapping[str, Count]
    scale: float = 1.0
    daily: bool = False
    split: bool = False


_WATER_KINDS = {
    "hospital": "water_per_bed_day",
    "university": "water_per_standard_person",
    "school": "water_per_standard_person",
}
"""The water measure of kinds that are not counted per head."""

MEASURES = (
    Measure(
        name="non_heating_per_area",
        unit="kgce/m²",
        figure="standard_coal_non_heating_shandong_kgce",
        counts={"": _AREA},
        split=True,
    ),
    Measure(
        name="electricity_per_area",
        unit="kWh/m²",
        figure="electricity_non_heating_kwh",
        counts={"": _AREA},
        split=True,
    ),
    Measure(
        name="energy_per_head",
        unit="kgce/person",
        figure="standard_coal_shandong_kgce",
        counts={"": _STAFF, "hospital": _HOSPITAL_PEOPLE},
    ),
    Measure(
        name="heating_per_heated_area",
        unit="kgce/m²",
        figure="standard_coal_heating_shandong_kgce",
        counts={"": _HEATED_AREA},
        split=True,
    ),
    Measure(
        name="water_per_head",
        unit="m³/person",
        figure=WATER.figure,
        counts={"": _STAFF},
    ),
    Measure(
        name="water_per_bed_day",
        unit="L/(bed·d)",
        figure=WATER.figure,
        counts={"hospital": _BEDS},
        scale=1000.0,
        daily=True,
    ),
    Measure(
        name="water_per_standard_person",
        unit="m³/person",
        figure=WATER.figure,
        counts={"school": _SCHOOL_PERSONS, "university": _UNIVERSITY_PERSONS},
    ),
)


@dataclass(frozen=True, slots=True)
class QuotaPosition:
    """A yearly value against its quota; `grade` as in Quota.

    `months` is how many of the twelve are known of the figure it is made of. Where there is no
    grade, `finding` says why; `quota` None: no row is its own.
    """

    measure: str
    unit: str
    quota: Quota | None = None
    value: float | None = None
    grade: str | None = None
    months: int = 0
    finding: Finding | None = None


def quota_positions(
    institution: Institution, results: Sequence[MonthResult], end: Month
) -> list[QuotaPosition]:
    """The twelve months before `end` against the quotas of the institution, one a measure.

    Non-heating is the energy of the Shandong quota set without what heating meters say
    (`processing.use.heating`): where no meter tells them apart there is no grade. A year with a
    missing month has none either: part years are not scaled up. Rows and counts are those of the
    first day of the last month. Empty outside of China.
    """
    day = end.plus(-1).first_day
    code = institution.district_code
    if not code and institution.timezone != DEFAULT_TIMEZONE:
        return []
    if not code:
        return [_none("quota_field_missing", fields="district_code")]
    if not has_quotas(code[:2], day):
        return [_none("quota_not_of_region", region=code[:2])]
    if not institution.kind:
        return [_none("quota_field_missing", fields="kind")]
    year = year_figures(results, end)
    days = (end.first_day - end.plus(-12).first_day).days
    return [_position(m, institution, year, day, days) for m in _asked_of(institution.kind)]


def _none(code: str, **numbers: str) -> QuotaPosition:
    return QuotaPosition(ALL, "", finding=Finding(code, "warning", "", numbers))


def _asked_of(kind: str) -> list[Measure]:
    water = _WATER_KINDS.get(kind, "water_per_head")
    return [m for m in MEASURES if m.figure != WATER.figure or m.name == water]


def _position(
    measure: Measure,
    institution: Institution,
    year: Mapping[str, YearFigure],
    day: date,
    days: int,
) -> QuotaPosition:
    place = Graded(
        district_code=institution.district_code,
        kind=institution.kind,
        level=institution.level,
        heat_source=institution.heat_source,
    )
    row = quota_on(place, measure.name, day)
    quota = row if isinstance(row, Quota) else None
    total = year.get(measure.figure)
    divisor, missing = _count(measure, institution, day)
    finding = row if isinstance(row, Finding) else missing or _not_whole(total)
    value = None
    if divisor and total is not None and total.is_complete and total.value is not None:
        value = total.value * measure.scale / (divisor * (days if measure.daily else 1))
    grade = quota.grade(value) if quota is not None and value is not None else None
    months = total.months if total else 0
    return QuotaPosition(measure.name, measure.unit, quota, value, grade, months, finding)


def _count(
    measure: Measure, institution: Institution, day: date
) -> tuple[float | None, Finding | None]:
    """What the measure divides by; None, and which fields to fill in, where some are missing."""
    count = measure.counts.get(institution.kind) or measure.counts[""]
    held = {f: value_on(getattr(institution, f), day) for f in count.fields}
    lacking = [f for f, v in held.items() if v is None]
    if measure.split and institution.heating_season is None:
        lacking.append("heating_season")
    if lacking:
        return None, Finding("quota_field_missing", "warning", "", {"fields": ", ".join(lacking)})
    divisor = count.of(*held.values())
    if divisor <= 0:
        fields = ", ".join(count.fields)
        return None, Finding("quota_count_nought", "warning", "", {"fields": fields})
    return divisor, None


def _not_whole(total: YearFigure | None) -> Finding | None:
    if total is None:
        return Finding("quota_year_incomplete", "info", "", {"months": 0, "missing_pct": 100.0})
    if total.is_complete:
        return None
    missing_pct = round(100 * total.shares.missing, 1)
    numbers = {"months": total.months, "missing_pct": missing_pct}
    return Finding("quota_year_incomplete", "info", "", numbers)
