"""Heating and non-heating energy of a month, as far as meters tell them apart.

GB/T 51161 sets heating apart from all other use of buildings in the cold zones, and the
quotas of DB37/T 2672 are of the one or of the other. Heating is what heat meters and meters of
heating items (MOHURD code) say. Where electricity or gas may heat and no meter separates it, no
split is made up: both parts are unknown, with a finding.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from config.processing import HeatingRules, processing_settings
from domain.calendar import Month
from domain.carriers import ELECTRICITY, ENERGY_USES
from domain.figures import Figure, Shares
from domain.findings import Finding
from domain.places import Institution, Meter, value_on
from processing.use.indicators import (
    NATIONAL,
    SHANDONG,
    co2_figure,
    is_shandong,
    ratio,
    weighted,
)
from processing.use.month_use import Period, shares_of, value_or_none

_HEATS = {name for name, use in ENERGY_USES.items() if use.heating == "always"}
_NEVER_HEATS = {name for name, use in ENERGY_USES.items() if use.heating == "never"}
METERED = "heat-and-heating-item-meters/1"


@dataclass(frozen=True, slots=True)
class Split:
    """One carrier's total, apart: `heating` + `other` is the total where both are known."""

    heating: Figure
    other: Figure


def heating_split(
    institution: Institution,
    meters: Sequence[Meter],
    periods: Sequence[Period],
    totals: Mapping[str, Figure],
    month: Month,
    rules: HeatingRules | None = None,
) -> dict[str, Split]:
    """Each energy carrier's total of the month (by figure name), split; empty where the registry
    knows no heating season.

    Heat is heating, cooling is not. Of electricity and gas the meters of heating items are
    heating and the rest is not; without any such meter nothing of them is heating in a month
    outside the season, or where heat meters or heating items of another carrier say what
    heats; else it cannot be told.
    """
    if institution.heating_season is None:
        return {}
    rules = rules or processing_settings().heating
    used = {n: f for n, f in totals.items() if n in NATIONAL}
    dedicated = _dedicated(meters, periods, set(rules.item_codes))
    known_heat = bool(dedicated) or bool(_HEATS & used.keys())
    told = known_heat or not touches_season(month, institution.heating_season)
    found = {}
    for name, total in used.items():
        if name in _HEATS:
            found[name] = Split(total, _none_of(total))
        elif name in _NEVER_HEATS:
            found[name] = Split(_none_of(total), total)
        elif name in dedicated:
            found[name] = _apart(total, dedicated[name], rules)
        elif told:
            found[name] = Split(_none_of(total), total)
        else:
            finding = Finding("heating_not_separated", "warning", "", {"carrier": name})
            unknown = replace(total, value=None, shares=Shares.none(), findings=(finding,))
            found[name] = Split(unknown, unknown)
    return found


def touches_season(month: Month, season: tuple[tuple[int, int], tuple[int, int]]) -> bool:
    """Whether a day of the month is in the season; its end (month, day) is excluded."""
    return any(in_season(day, season) for day in month.days())


def in_season(on: date, season: tuple[tuple[int, int], tuple[int, int]]) -> bool:
    """Whether a day is in the season; its end (month, day) is excluded."""
    start, end = season
    day = (on.month, on.day)
    return start <= day < end if start <= end else day >= start or day < end


def _dedicated(
    meters: Sequence[Meter], periods: Sequence[Period], codes: set[str]
) -> dict[str, list[Period]]:
    """The meters of heating items by figure name, without those below another one."""
    by_id = {m.id: m for m in meters}
    heating = {m.id for m in meters if m.item_code in codes}

    def is_below(meter: Meter) -> bool:
        seen: set[str] = set()
        while meter.parent in by_id and meter.parent not in seen:
            seen.add(meter.parent)
            meter = by_id[meter.parent]
            if meter.id in heating:
                return True
        return False

    found: dict[str, list[Period]] = {}
    for period in periods:
        if period.subject in heating and not is_below(by_id[period.subject]):
            found.setdefault(period.name, []).append(period)
    return found


def _none_of(total: Figure) -> Figure:
    """Nought of a known total. Of an unknown one too: that none of it is, is known."""
    return replace(total, value=0.0, shares=Shares.full(), findings=(), factors=())


def _apart(total: Figure, parts: Sequence[Period], rules: HeatingRules) -> Split:
    values = [value_or_none(p.whole.use) for p in parts]
    missing = [p.subject for p, v in zip(parts, values, strict=True) if v is None]
    findings = [Finding("heating_meter_unknown", "warning", m) for m in missing]
    heats = None if missing else sum(v for v in values if v is not None)
    others = None
    if heats is not None and total.value is not None:
        others = total.value - heats
        if others < -rules.excess_ratio * total.value:
            findings.append(
                Finding("heating_exceeds_total", "warning", "", {"carrier": total.name})
            )
            heats = others = None
        else:
            others = max(others, 0.0)
    own = [shares_of(p.whole) for p in parts]
    heating = replace(
        total,
        value=heats,
        shares=Shares.mean_unmeasured(own, first="estimated"),
        method=METERED,
        findings=tuple(findings),
    )
    other = replace(
        total,
        value=others,
        shares=Shares.mean_unmeasured([total.shares, *own], first="estimated"),
        method=METERED,
        findings=(*total.findings, *findings),
    )
    return Split(heating, other)


def _with_some(parts: dict[str, Figure]) -> dict[str, Figure]:
    """Without the carriers that have no such part, unless none has: then it is nought."""
    return {n: f for n, f in parts.items() if f.value != 0.0} or parts


def heating_figures(
    institution: Institution, split: Mapping[str, Split], month: Month
) -> list[Figure]:
    """Coal, CO₂ and coal per floor area of both parts, and non-heating electricity.

    Both parts are given in the Shandong quota set too, where it holds. The factors are those of
    the month's first day.
    """
    if not split:
        return []
    day = month.first_day
    heating = _with_some({n: s.heating for n, s in split.items()})
    other = _with_some({n: s.other for n, s in split.items()})
    coal_heating = weighted("standard_coal_heating_kgce", heating, NATIONAL, day)
    coal_other = weighted("standard_coal_non_heating_kgce", other, NATIONAL, day)
    area = value_on(institution.floor_area_m2, day)
    figures = [
        coal_heating,
        coal_other,
        co2_figure("co2_heating_kg", heating, institution, day),
        co2_figure("co2_non_heating_kg", other, institution, day),
        *ratio("energy_per_area_heating_kgce_per_m2", coal_heating, area),
        *ratio("energy_per_area_non_heating_kgce_per_m2", coal_other, area),
    ]
    quota_set = {n: s for n, s in split.items() if n in SHANDONG}
    if is_shandong(institution) and quota_set:
        for name, parts in (
            ("standard_coal_heating_shandong_kgce", {n: s.heating for n, s in quota_set.items()}),
            ("standard_coal_non_heating_shandong_kgce", {n: s.other for n, s in quota_set.items()}),
        ):
            figures.append(weighted(name, _with_some(parts), SHANDONG, day))
    if ELECTRICITY.figure in split:
        bought = split[ELECTRICITY.figure].other
        figures.append(replace(bought, name="electricity_non_heating_kwh", method=METERED))
    return figures
