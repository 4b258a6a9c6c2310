"""Which days people work, as the simulated people know it."""

import logging
from datetime import date
from functools import cache

import chinese_calendar

from domain.places import CalendarName

_log = logging.getLogger(__name__)


@cache
def is_workday(day: date, calendar: CalendarName) -> bool:
    """Whether offices work on a local day.

    "cn" counts make-up working days and public holidays; for a year the calendar package does
    not know yet, Monday to Friday stand in and a warning says so once.
    """
    if calendar == "cn":
        try:
            return bool(chinese_calendar.is_workday(day))
        except NotImplementedError:
            _warn(day.year)
    return day.weekday() < 5


@cache
def _warn(year: int) -> None:
    _log.warning(
        "the working days of %d are not in chinesecalendar yet: simulating Monday to Friday; "
        "update the package once the State Council has announced them",
        year,
    )
