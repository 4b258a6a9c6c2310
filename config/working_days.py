"""Which days are working days, weekends and holidays, by the calendar of a place.

China's make-up days come from chinesecalendar (2004 to its last known year); rows of
`config/tables/working_days.toml` win over it, and so does a year listed there as known. An
installation's own file of the same form, named by CIVICMETER_WORKING_DAYS, wins over both.
A year nobody knows falls back to plain weekdays and is told by a finding.
"""

import os
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal, cast

from config.written import text_of
from domain.errors import ConfigError
from domain.findings import Finding
from domain.operating import OperatingCalendar, OperatingSpell, State

OWN_FILE = "CIVICMETER_WORKING_DAYS"
"""The setting that names an installation's own file. Read from the environment here: day types
are asked for deep inside pure functions, and in worker processes too."""
DayType = Literal["working", "weekend", "holiday"]
CALENDARS = ("cn", "weekdays", "gb")
_YEARS_ASKED = (2000, 2100)


@dataclass(frozen=True, slots=True)
class DayTypes:
    """The type of each local day asked for, and findings where a calendar had to be guessed."""

    types: dict[date, DayType]
    findings: tuple[Finding, ...] = ()
    states: Mapping[date, State] = field(default_factory=dict)
    """Of the days on which the institution itself is closed or out of term."""

    def __getitem__(self, day: date) -> DayType:
        return self.types[day]

    def at_work(self, day: date) -> bool:
        """Whether it is a working day on which the institution is not closed."""
        return self.types[day] == "working" and self.states.get(day) != "closed"

    def count(self, kind: DayType) -> int:
        """How many of the days are of this type."""
        return sum(t == kind for t in self.types.values())


def day_types(
    days: Iterable[date], calendar: str, operation: Sequence[OperatingSpell] = ()
) -> DayTypes:
    """The type of each local day by the calendar ``cn``, ``weekdays`` or ``gb``.

    ``weekdays`` knows no holidays: Monday to Friday work. Source for ``cn``: the State
    Council's yearly notices, as of chinesecalendar and the override table. A year that ``cn``
    or ``gb`` does not know gets plain weekdays and one finding ``calendar_year_unknown``
    with the number of days concerned. Raises ConfigError for an unknown calendar.

    `operation` is the institution's own calendar: a day off on which it works is ``working``, and
    days on which it is closed, or out of term, are told beside their type. Of days that a calendar
    of terms says nothing of there is a finding ``operating_calendar_open``.

    The Saturday after China's National Day of 2025 made up for a holiday:

    >>> saturday = date(2025, 10, 11)
    >>> day_types([saturday], "cn")[saturday], day_types([saturday], "weekdays")[saturday]
    ('working', 'weekend')
    """
    if calendar not in CALENDARS:
        raise ConfigError(f"no calendar {calendar!r}: use one of {', '.join(CALENDARS)}")
    found: dict[date, DayType] = {}
    guessed: Counter[int] = Counter()
    own = OperatingCalendar(operation)
    left_open: list[date] = []
    for day in days:
        known = _known_type(day, calendar)
        if known is None:
            guessed[day.year] += 1
            known = _weekday_type(day)
        kind = own.kind(day)
        found[day] = "working" if kind == "open" else known
        if own.leaves_open(day):
            left_open.append(day)
    findings = [
        Finding("calendar_year_unknown", numbers={"year": y, "days": n, "calendar": calendar})
        for y, n in sorted(guessed.items())
    ]
    if left_open:
        first = min(left_open).isoformat()
        about: dict[str, int | str] = {"days": len(left_open), "on": first}
        findings.append(Finding("operating_calendar_open", numbers=about))
    return DayTypes(found, tuple(findings), own.states(found))


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


def require_readable() -> None:
    """Raises ConfigError, saying what to mend, for an own file that cannot be read or used."""
    _overrides()
    _known_years("cn")


def own_file() -> str:
    """The path of the installation's own file; empty: it has none."""
    return os.environ.get(OWN_FILE, "")


@cache
def _tables(own: str) -> dict[str, list[dict[str, Any]]]:
    """The rows of the shipped file, then those of the own one, which win."""
    shipped = files("config") / "tables" / "working_days.toml"
    found = _read("working_days.toml", shipped.read_bytes())
    if own:
        try:
            data = Path(own).read_bytes()
        except OSError as error:
            raise ConfigError(
                f"{OWN_FILE} names {own!r}, which cannot be read ({error.strerror}): name a file "
                "of working days, or take the setting away"
            ) from error
        for kind, rows in _read(own, data).items():
            found[kind] = [*found.get(kind, []), *rows]
    return found


_KEYS = {
    "calendar": {"name", "years_known", "source", "holidays"},
    "day": {"calendar", "on", "type", "source"},
    "closure": {"calendar", "month_days", "source"},
}


def _read(name: str, data: bytes) -> dict[str, list[dict[str, Any]]]:
    """The rows by kind, each of a form that has an effect. Raises ConfigError naming the file and row."""
    try:
        tables: dict[str, Any] = tomllib.loads(text_of(data))
    except (tomllib.TOMLDecodeError, ValueError) as error:
        raise ConfigError(f"{name} is no TOML: {error}") from error
    for kind, rows in tables.items():
        if kind not in _KEYS or not isinstance(rows, list):
            raise ConfigError(f"{name}: write [[calendar]], [[day]] or [[closure]], not {kind!r}")
        for row in rows:
            if unknown := set(row) - _KEYS[kind]:
                raise ConfigError(f"{name}: a [[{kind}]] has no {min(unknown)!r}: {dict(row)}")
            if row.get("name", row.get("calendar")) not in CALENDARS:
                raise ConfigError(f"{name}: {dict(row)} needs one of {', '.join(CALENDARS)}")
            _check(name, kind, row)
    return tables


def _check(name: str, kind: str, row: Mapping[str, Any]) -> None:
    if kind == "calendar":
        years, holidays = row.get("years_known", []), _dates(name, row.get("holidays", []))
        if not isinstance(years, list) or not all(isinstance(y, int) for y in years):
            raise ConfigError(f"{name}: years_known must be a list of years, such as [2027]")
        for year in years:
            if not any(day.year == year for day in holidays):
                raise ConfigError(
                    f"{name}: {year} is listed as known, and none of its holidays is: enter every "
                    "day off, or take the year out"
                )
    elif kind == "day":
        known = row.get("type") in ("working", "weekend", "holiday")
        if not known or not isinstance(row.get("on"), date):
            raise ConfigError(f"{name}: {dict(row)} needs on = <date> and a known type")


def _overrides() -> dict[tuple[str, date], DayType]:
    return _overrides_of(own_file())


@cache
def _overrides_of(own: str) -> dict[tuple[str, date], DayType]:
    found: dict[tuple[str, date], DayType] = {}
    tables = _tables(own)
    for entry in tables.get("calendar", []):
        for day in _dates("", entry.get("holidays", [])):
            found[(str(entry["name"]), day)] = "holiday"
    for row in tables.get("day", []):
        found[(str(row["calendar"]), cast(date, row["on"]))] = cast(DayType, row["type"])
    return found


def _closures() -> frozenset[tuple[str, int, int]]:
    return _closures_of(own_file())


@cache
def _closures_of(own: str) -> frozenset[tuple[str, int, int]]:
    return frozenset(
        (str(entry["calendar"]), month, day)
        for entry in _tables(own).get("closure", [])
        for month, day in cast(list[list[int]], entry["month_days"])
    )


def _dates(name: str, values: object) -> list[date]:
    if not isinstance(values, list) or not all(isinstance(v, date) for v in values):
        raise ConfigError(f"{name}: holidays must be a list of dates, such as [2027-01-01]")
    return values


def _known_years(calendar: str) -> frozenset[int]:
    return _known_years_of(own_file(), calendar)


@cache
def _known_years_of(own: str, calendar: str) -> frozenset[int]:
    years: set[int] = set()
    for entry in _tables(own).get("calendar", []):
        if entry["name"] == calendar:
            years.update(entry.get("years_known", []))
    return frozenset(years)
