"""Which dated tables end, or have ended, without a later row: what `civicmeter doctor` warns of."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from config.factors import electricity_region, factors, table
from config.working_days import OWN_FILE, last_known_day, own_file
from domain.operating import OperatingCalendar
from domain.places import Institution

WARNED_BEFORE = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Ending:
    """What ends and when (the first day it is not for), and what to do about it."""

    name: str
    ends_on: date
    advice: str


def endings(institutions: Iterable[Institution], today: date) -> list[Ending]:
    """What the institutions' figures need and ends within 90 days, or has ended, the first first."""
    places = list(institutions)
    due = today + WARNED_BEFORE
    tables = [*_calendars(places), *_grid_factors(places, today), *_tariffs(places), *_form(places)]
    found = [*(e for e in tables if e.ends_on <= due), *_operation(places, due)]
    return sorted(found, key=lambda e: e.ends_on)


def _calendars(places: list[Institution]) -> list[Ending]:
    found = []
    for calendar in sorted({p.calendar for p in places}):
        last = last_known_day(calendar)
        if last is not None:
            year = last.year + 1
            where = own_file() or f"a file of your own, and name it in {OWN_FILE}"
            newer = " (or install a newer chinesecalendar)" if calendar == "cn" else ""
            advice = (
                f"when the days of {year} are announced, write them into {where}{newer}: "
                f'[[calendar]] name = "{calendar}", years_known = [{year}], holidays = [{year}-01-01, '
                "… every day off, those on weekends too], and each make-up day as [[day]] calendar "
                f'= "{calendar}", on = {year}-…, type = "working"; see docs/working-days.md. Until '
                "then plain weekdays stand in, and each figure that rests on them says so"
            )
            ends_on = last + timedelta(days=1)
            found.append(Ending(f"working days of calendar {calendar!r}", ends_on, advice))
    return found


def _grid_factors(places: list[Institution], today: date) -> list[Ending]:
    """The newest factor of each grid, from when on every figure made with it says that it is old."""
    regions = {electricity_region(p.district_code, p.timezone, today) for p in places} - {""}
    found = []
    for region in sorted(regions):
        factor = factors().on(f"co2.electricity.{region}", today)
        old_from = factors().old_from(factor) if factor else None
        if factor is not None and old_from is not None:
            name = f"{factor.name}, data of {factors().data_year(factor)}"
            advice = "look for a newer notice and add it to config/tables/factors.toml"
            found.append(Ending(name, old_from, advice))
    return found


def _tariffs(places: list[Institution]) -> list[Ending]:
    regions = {p.district_code[:2] for p in places}
    found = []
    for region in sorted(regions):
        rows = [r for r in table("tariffs", "tariff") if r["region"] == region]
        newest = max(rows, key=lambda r: r["valid_from"], default={})
        if "made_until" in newest:
            advice = "add the tariff that holds now to config/tables/tariffs.toml"
            found.append(Ending(f"tariff of region {region}", newest["made_until"], advice))
    return found


def _form(places: list[Institution]) -> list[Ending]:
    newest = max(table("survey", "form"), key=lambda r: r["valid_from"])
    if not places or "made_until" not in newest:
        return []
    advice = "add the form that holds now to config/tables/survey.toml"
    return [Ending("national survey form", newest["made_until"], advice)]


_NAMED = 3


def _operation(places: list[Institution], due: date) -> list[Ending]:
    """Own operating calendars that end by `due`, as one: a city has a thousand schools.

    One of terms ends with its last term. One of closures, with what would be next year's first.
    """
    found: list[tuple[date, str]] = []
    for place in places:
        until = OperatingCalendar(place.operation).until
        if until is None:
            continue
        by_terms = any(spell.kind == "term" for spell in place.operation)
        ends_on = until if by_terms else until + timedelta(days=365)
        if ends_on <= due:
            found.append((ends_on, place.id))
    if not found:
        return []
    found.sort()
    named = ", ".join(place for _, place in found[:_NAMED])
    more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
    advice = (
        "enter the next terms, vacations and closures on the sheet operation of the registry; until "
        "then these days count as ordinary working days, and savings that rest on them say so"
    )
    return [Ending(f"operating calendar of {named}{more}", found[0][0], advice)]
