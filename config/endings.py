"""Which dated tables end, or have ended, without a later row: what `civicmeter doctor` warns of."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from config.factors import electricity_region, factors, table
from config.working_days import OWN_FILE, last_known_day, own_file
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
    found = [*_calendars(places), *_grid_factors(places, today), *_tariffs(places), *_form(places)]
    return sorted((e for e in found if e.ends_on <= today + WARNED_BEFORE), key=lambda e: e.ends_on)


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
