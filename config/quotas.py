"""Quotas of use: dated rows of `tables/quotas.toml`, by kind, level and climate zone.

One lookup: `quota_on`. Where no row is the institution's own, it says why; a neighbour's row is
never taken.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from typing import Any, get_args

from config.factors import table
from domain.errors import ConfigError
from domain.findings import Finding
from domain.places import HeatSource, InstitutionKind, Level


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """A quota of one measure: constraint, base and guide value per year.

    `level`, `zone` and `heat_source` are empty where the row is of any.
    """

    region: str
    kind: str
    measure: str
    unit: str
    constraint: float
    base: float
    guide: float
    source: str
    valid_from: date
    level: str = ""
    zone: str = ""
    heat_source: str = ""

    def grade(self, value: float) -> str:
        """``guide``, ``base``, ``constraint`` (the best one kept) or ``above``."""
        for name, limit in (("guide", self.guide), ("base", self.base)):
            if value <= limit:
                return name
        return "constraint" if value <= self.constraint else "above"


@dataclass(frozen=True, slots=True, kw_only=True)
class Graded:
    """What decides which rows are an institution's; empty fields are not registered."""

    district_code: str
    kind: str
    level: str = ""
    heat_source: str = ""


def quota_on(place: Graded, measure: str, day: date) -> Quota | Finding:
    """The row of a measure that is the place's own on a day; else a finding that says why none.

    >>> office = Graded(district_code="370502", kind="office", level="city")
    >>> found = quota_on(office, "electricity_per_area", date(2025, 1, 1))
    >>> found.zone, found.constraint
    ('B', 80.0)
    >>> quota_on(replace(office, level=""), "electricity_per_area", date(2025, 1, 1)).code
    'quota_field_missing'
    """
    region = place.district_code[:2]
    rows = [
        q
        for q in _quotas()
        if (q.region, q.kind, q.measure) == (region, place.kind, measure) and q.valid_from <= day
    ]
    if not rows:
        return _why("quota_not_of_kind", kind=place.kind, measure=measure)
    newest = max(q.valid_from for q in rows)
    rows = [q for q in rows if q.valid_from == newest]
    zone = zone_on(place.district_code, day)
    own = {"heat_source": place.heat_source, "level": place.level, "zone": zone}
    for field, value in own.items():
        listed = [v for v in dict.fromkeys(getattr(q, field) for q in rows) if v]
        fits = [q for q in rows if getattr(q, field) in ("", value)]
        if fits:
            rows = fits
        elif value:
            return _why(
                f"quota_not_of_{field}", kind=place.kind, own=value, listed=", ".join(listed)
            )
        elif field == "zone":
            return _why("quota_zone_unknown", district_code=place.district_code)
        else:
            return _why("quota_field_missing", fields=field)
    return rows[0]


def _why(code: str, **numbers: str) -> Finding:
    return Finding(code, "warning", "", numbers)


def has_quotas(region: str, day: date) -> bool:
    """Whether any quota of a region (two digits) holds on a day."""
    return any(q.region == region and q.valid_from <= day for q in _quotas())


def zone_on(district_code: str, day: date) -> str:
    """The climate zone of a place for its quotas; empty where the table has none."""
    tables = [z for z in table("quotas", "climate_zone") if z["valid_from"] <= day]
    if not tables:
        return ""
    newest = max(tables, key=lambda z: z["valid_from"])
    return str(newest["cities"].get(district_code[:4], ""))


@cache
def _quotas() -> tuple[Quota, ...]:
    return read_quotas(table("quotas", "quota"))


def read_quotas(blocks: Iterable[Mapping[str, Any]]) -> tuple[Quota, ...]:
    """Every row of the blocks `[[quota]]`. Raises ConfigError for a wrong or a repeated one."""
    found: dict[tuple[object, ...], Quota] = {}
    for block in blocks:
        for row in block.get("rows", []):
            quota = _read({k: v for k, v in block.items() if k != "rows"} | row)
            values = replace(quota, constraint=0.0, base=0.0, guide=0.0, source="", unit="")
            if found.setdefault((values,), quota) is not quota:
                raise ConfigError(f"quotas.toml: {values} is there twice: keep one")
    return tuple(found.values())


_WORDS = {"kind": InstitutionKind, "level": Level, "heat_source": HeatSource}


def _read(row: Mapping[str, Any]) -> Quota:
    try:
        quota = Quota(**row)
    except TypeError as error:
        raise ConfigError(f"quotas.toml: {dict(row)}: {error}") from error
    if not quota.guide <= quota.base <= quota.constraint:
        raise ConfigError(f"quotas.toml: {quota} needs guide ≤ base ≤ constraint")
    for field, words in _WORDS.items():
        if getattr(quota, field) not in get_args(words):
            raise ConfigError(f"quotas.toml: {quota}: {field} is none of {get_args(words)}")
    return quota
