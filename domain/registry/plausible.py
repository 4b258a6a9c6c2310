"""What a number that people enter may be at most: wide enough for any real installation, narrow
enough that sums and products of a city stay numbers.

The limits of readings are those of their quantities (`domain.quantities`).
"""

import math
from dataclasses import dataclass
from types import MappingProxyType

LARGEST_AMOUNT = 1e9
"""The most an adjustment may add or take a day, in kWh, and the largest number of its formula."""
LARGEST_TERM = 1e12
"""The largest number in a contract's terms: more yuan than any public budget."""
LONGEST_TERMS = 20_000
"""Characters of a contract's terms as JSON."""


@dataclass(frozen=True, slots=True)
class Bound:
    """A number's limits, inclusive; `above` is a lower one that is itself excluded.

    `hint` says what was probably meant, or what to do instead.
    """

    most: float
    least: float = -math.inf
    above: float = -math.inf
    hint: str = ""

    def fault(self, value: float) -> str:
        """What is wrong with a value; empty: nothing."""
        within = max(self.least, self.above) <= value <= self.most
        if within and value != self.above:  # what is not finite is not within
            return ""
        low = f"above {self.above:g}" if self.above > -math.inf else f"{self.least:g} or more"
        return f"{value:g} must be {low}, and at most {self.most:,.10g}{self.hint}"


def _above_0(most: float, hint: str = "") -> Bound:
    return Bound(most, above=0.0, hint=hint)


_LEAVE_EMPTY = "; leave it empty if it is not known"
_AREA_M2 = _above_0(1e8, _LEAVE_EMPTY)
_LATITUDE = Bound(90.0, least=-90.0, hint=" degrees, north positive")
_LONGITUDE = Bound(180.0, least=-180.0, hint=" degrees, east positive")

_AMOUNT = Bound(1e9, least=0.0, hint=_LEAVE_EMPTY)
_PEOPLE = Bound(1e7, least=0.0, hint=_LEAVE_EMPTY)

BOUNDS = MappingProxyType(
    {
        ("Institution", "floor_area_m2"): _AREA_M2,
        ("Institution", "headcount"): _above_0(1e7, _LEAVE_EMPTY),
        ("Institution", "heated_area_m2"): _AREA_M2,
        ("Institution", "staff"): _PEOPLE,
        ("Institution", "beds"): _PEOPLE,
        ("Institution", "bed_occupancy_ratio"): Bound(2.0, least=0.0, hint="; 90 % is 0.9"),
        ("Institution", "outpatients"): _AMOUNT,
        ("Institution", "intern_months"): _AMOUNT,
        ("Institution", "day_pupils"): _PEOPLE,
        ("Institution", "boarders"): _PEOPLE,
        ("Institution", "students"): _PEOPLE,
        ("Institution", "foreign_students"): _PEOPLE,
        ("Building", "floor_area_m2"): _AREA_M2,
        ("Building", "latitude"): _LATITUDE,
        ("Building", "longitude"): _LONGITUDE,
        ("Meter", "multiplier"): _above_0(1e8, "; 1 for a meter without transformers"),
        ("Meter", "register_size"): _above_0(1e15, "; leave it empty if it never starts anew"),
        ("Meter", "max_rate_per_h"): _above_0(1e9, _LEAVE_EMPTY),
        ("Meter", "export_multiplier"): _above_0(1e8, "; 1 for a meter without transformers"),
        ("Meter", "export_register_size"): _above_0(
            1e15, "; leave it empty if it never starts anew"
        ),
        ("Meter", "export_max_rate_per_h"): _above_0(1e9, _LEAVE_EMPTY),
        ("PvSystem", "capacity_kwp"): _above_0(1e7),
        ("PvSystem", "gamma_per_c"): Bound(0.0, least=-0.02, hint="; −0.37 %/°C is -0.0037"),
        ("PvSystem", "latitude"): _LATITUDE,
        ("PvSystem", "longitude"): _LONGITUDE,
        ("PvSystem", "tilt_deg"): Bound(180.0, least=0.0),
        ("PvSystem", "azimuth_deg"): Bound(360.0, least=-180.0, hint=" degrees from north"),
        ("Bin", "tare_kg"): Bound(1e5, least=0.0),
        ("Bin", "capacity_kg"): _above_0(1e6, _LEAVE_EMPTY),
        ("Bin", "depth_mm"): _above_0(1e5, _LEAVE_EMPTY),
    }
)
"""(type of record, field) → the limits of its numbers, dated ones too."""

INTERVAL_S = _above_0(366 * 86_400, " (a year); it is how often the device reports, in seconds")
REGISTER = Bound(1e15, least=0.0)
FACTOR = Bound(1e6, least=-1e6)
