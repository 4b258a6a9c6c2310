"""Which days are working days, weekends and holidays, by the calendar of a place.

China's make-up days come from chinesecalendar (2004 to its last known year); rows of
`config/tables/working_days.toml` win over it, and so does a year listed there as known.
A year nobody knows falls back to plain weekdays and is told by a finding.
"""

import tomllib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Literal, cast

from domain.errors import ConfigError
from domain.findings import Finding

DayType = Literal["working", "weekend", "holiday"]
CALENDARS = ("cn", "weekdays", "gb")
_YEARS_ASKED = (2000, 2100)


@dataclass(frozen=True, slots=True)
class DayTypes:
    """The type of each local day asked for, and findings where a calendar had to be guessed."""

    types: dict[date, DayType]
    findings: tuple[Finding, ...] = ()

    def __getitem__(self, day: date) -> DayType:
        return self.types[day]

    def count(self, kind: DayType) -> int:
        """How many of the days are of this type."""
        return sum(t == kind for t in self.types.values())


def day_types(days: Iterable[date], calendar: str) -> DayTypes:
    """The type of each local day by the calendar ``cn``, ``weekdays`` or ``gb``.

    ``weekdays`` knows no holidays: Monday to Friday work. Source for ``cn``: the State
    Council's yearly notices, as of chinesecalendar and the override table. A year that ``cn``
    or ``gb`` does not know gets plain weekdays and one finding ``calendar_year_unknown``
    with the number of days concerned. Raises ConfigError for an unknown calendar.

    The Saturday after China's National Day of 2025 made up for a holiday:

    >>> saturday = date(2025, 10, 11)
    >>> day_types([saturday], "cn")[saturday], day_types([saturday], "weekdays")[saturday]
    ('working', 'weekend')
    """
    if calendar not in CALENDARS:
        raise ConfigError(f"no calendar {calendar!r}: use one of {', '.join(CALENDARS)}")
    found: dict[date, DayType] = {}
    guessed: Counter[int] = Counter()
    for day in days:
        known = _known_type(day, calendar)
        if known is None:
            guessed[day.year] += 1
            known = _weekday_type(day)
        found[day] = known
    findings = tuple(
        Finding("calendar_year_unknown", numbers={"year": y, "days": n, "calendar": calendar})
        for y, n in sorted(guessed.items())
    )
    return DayTypes(found, findings)


def last_known_day(calendar: str) -> date | None:
    """The last day a calendar knows; None for one without holidays, which never ends."""
    if calendar == "weekdays":
        return None
    known = [y for y in range(*_YEARS_ASKED) if _is_known(y, calendar)][-1:]
    return date(known[0], 12, 31) if known else None


def _is_known(year: int, calendar: str) -> bool:
    in_table = year in _known_years(calendar)
    return in_table or (calendar == "cn" and _chinese_type(date(year, 7, 1)) is not None)


def _known_type(day: date, calendar: str) -> DayType | None:
    override = _overrides().get((calendar, day))
    if override is not None:
        return override
    if (calendar, day.month, day.day) in _closures():
        return "holiday"
    if calendar == "weekdays" or day.year in _known_years(calendar):
        return _weekday_type(day)
    return _chinese_type(day) if calendar == "cn" else None


def _weekday_type(day: date) -> DayType:
    return "weekend" if day.weekday() >= 5 else "working"


@cache
def _chinese_type(day: date) -> DayType | None:
    import chinese_calendar

    try:
        if chinese_calendar.is_workday(day):
            return "working"
        _, festival = chinese_calendar.get_holiday_detail(day)
    except NotImplementedError:  # a year the library does not know
        return None
    return "holiday" if festival else "weekend"


@cache
def _table() -> dict[str, list[dict[str, object]]]:
    source = files("config") / "tables" / "working_days.toml"
    return tomllib.loads(source.read_text(encoding="utf-8"))


@cache
def _overrides() -> dict[tuple[str, date], DayType]:
    found: dict[tuple[str, date], DayType] = {}
    for entry in _table().get("calendar", []):
        for day in _dates(entry.get("holidays", [])):
            found[(str(entry["name"]), day)] = "holiday"
    for row in _table().get("day", []):
        kind = row.get("type")
        if kind not in ("working", "weekend", "holiday") or not isinstance(row.get("on"), date):
            raise ConfigError(f"working_days.toml: {row} needs on = <date> and a known type")
        found[(str(row["calendar"]), cast(date, row["on"]))] = kind
    return found


@cache
def _closures() -> frozenset[tuple[str, int, int]]:
    return frozenset(
        (str(entry["calendar"]), month, day)
        for entry in _table().get("closure", [])
        for month, day in cast(list[list[int]], entry["month_days"])
    )


def _dates(values: object) -> list[date]:
    if not isinstance(values, list) or not all(isinstance(v, date) for v in values):
        raise ConfigError("working_days.toml: holidays must be a list of dates")
    return values


@cache
def _known_years(calendar: str) -> frozenset[int]:
    years: set[int] = set()
    for entry in _table().get("calendar", []):
        listed = entry.get("years_known", [])
        if entry["name"] == calendar and isinstance(listed, list):
            years.update(listed)
    return frozenset(years)
