"""Working days: make-up days, holidays, years nobody knows."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.working_days import day_types, last_known_day
from domain.errors import ConfigError


@pytest.mark.parametrize(
    ("day", "calendar", "kind"),
    [
        (date(2026, 2, 14), "cn", "working"),  # a Saturday made up for Spring Festival
        (date(2026, 2, 23), "cn", "holiday"),  # a Monday off
        (date(2024, 10, 1), "cn", "holiday"),
        (date(2024, 10, 12), "cn", "working"),  # Saturday made up for National Day
        (date(2024, 3, 9), "cn", "weekend"),
        (date(2026, 2, 14), "weekdays", "weekend"),
        (date(2026, 2, 23), "weekdays", "working"),
        (date(2019, 4, 22), "gb", "holiday"),  # Easter Monday
        (date(2019, 12, 30), "gb", "holiday"),  # the year-end closure
        (date(2019, 4, 23), "gb", "working"),
        (date(2026, 8, 31), "gb", "holiday"),  # the summer bank holiday
        (date(2027, 3, 29), "gb", "holiday"),  # Easter Monday
    ],
)
def test_known_days(day: date, calendar: str, kind: str) -> None:
    known = day_types([day], calendar)
    assert known[day] == kind and known.findings == ()


def test_the_bank_holidays_follow_the_rule_for_every_known_year() -> None:
    """Easter by the Gregorian computus; the Mondays of May and August; eight or more a year."""
    for year in range(2016, 2028):
        days = [date(year, 1, 1) + timedelta(days=i) for i in range(365 + (year % 4 == 0))]
        types = day_types(days, "gb")
        assert types.findings == ()
        easter = _easter(year)
        assert {types[easter - timedelta(days=2)], types[easter + timedelta(days=1)]} == {"holiday"}
        august = [d for d in days if d.month == 8 and d.weekday() == 0]
        assert [types[d] for d in august] == ["working"] * (len(august) - 1) + ["holiday"]


def _easter(year: int) -> date:
    """The anonymous Gregorian algorithm (Meeus, Astronomical Algorithms, chapter 8)."""
    a, (b, c) = year % 19, divmod(year, 100)
    (d, e), f = divmod(b, 4), (b + 8) // 25
    g = (b - f + 1) // 3
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    m = (32 + 2 * e + 2 * i - h - k) % 7
    n = (a + 11 * h + 22 * m) // 451
    month, day = divmod(h + m - 7 * n + 114, 31)
    return date(year, month, day + 1)


def test_an_unknown_year_is_told() -> None:
    days = [date(2031, 1, 1) + timedelta(days=i) for i in range(365)]
    guessed = day_types(days, "cn")
    assert guessed[date(2031, 1, 1)] == "working"  # a Wednesday; nobody knows better
    (finding,) = guessed.findings
    assert finding.code == "calendar_year_unknown"
    assert finding.numbers == {"year": 2031, "days": 365, "calendar": "cn"}


def test_the_last_day_that_a_calendar_knows_is_followed_by_unknown_ones() -> None:
    assert last_known_day("weekdays") is None
    for calendar in ("cn", "gb"):
        last = last_known_day(calendar)
        assert last is not None
        assert day_types([last], calendar).findings == ()
        assert day_types([last + timedelta(days=20)], calendar).findings


def test_an_unknown_calendar_is_refused() -> None:
    with pytest.raises(ConfigError, match="weekdays"):
        day_types([date(2024, 1, 1)], "mars")


@given(st.dates(date(2004, 1, 1), date(2040, 12, 31)), st.sampled_from(["cn", "weekdays", "gb"]))
def test_every_day_has_a_type(day: date, calendar: str) -> None:
    assert day_types([day], calendar)[day] in ("working", "weekend", "holiday")
