"""What the registry holds of a simulated institution for its quotas: level, areas, people, beds.

Made from its number and size alone, so that no load is drawn differently for it.
"""

from typing import Any

from domain.calendar import Month
from domain.places import Dated, InstitutionKind, Level
from simulators.devices.campus import dated

_HEATED_SHARE = 0.9
_GRADE_III_M2, _GRADE_II_M2 = 15_000.0, 4_000.0
_M2_PER_BED = 90.0
_CITY_EVERY = 8
"""One institution in so many is the city's own; the others are below."""


def graded_by(
    kind: InstitutionKind, number: int, first: Month, area_m2: float, heads: float
) -> dict[str, Any]:
    """Fields of Institution from the first month on."""
    found: dict[str, Any] = {
        "kind": kind,
        "level": "city" if number % _CITY_EVERY == 0 else "county",
        "heat_source": "district_heat",
        "heated_area_m2": dated(first, float(round(_HEATED_SHARE * area_m2))),
        "staff": dated(first, heads),
    }
    if kind == "hospital":
        found |= {"level": _grade(area_m2), **_hospital(first, area_m2, heads)}
    elif kind == "school":
        found |= _school(first, heads)
    return found


def _grade(area_m2: float) -> Level:
    return "III" if area_m2 > _GRADE_III_M2 else "II" if area_m2 > _GRADE_II_M2 else "I"


def _hospital(first: Month, area_m2: float, heads: float) -> dict[str, tuple[Dated, ...]]:
    beds = max(10.0, float(round(area_m2 / _M2_PER_BED)))
    return {
        "staff": dated(first, float(round(0.6 * heads)) or 1.0),
        "beds": dated(first, beds),
        "bed_occupancy_ratio": dated(first, 0.8),
        "outpatients": dated(first, 300.0 * beds),
        "intern_months": dated(first, float(round(0.5 * beds))),
    }


def _school(first: Month, heads: float) -> dict[str, tuple[Dated, ...]]:
    staff, boarders = float(round(0.08 * heads)) or 1.0, float(round(0.2 * heads))
    return {
        "staff": dated(first, staff),
        "boarders": dated(first, boarders),
        "day_pupils": dated(first, max(0.0, heads - staff - boarders)),
    }
