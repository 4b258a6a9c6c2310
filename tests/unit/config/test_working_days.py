"""Working days: make-up days, holidays, years nobody knows."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.working_days import day_types
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
    ],
)
def test_known_days(day: date, calendar: str, kind: str) -> None:
    known = day_types([day], calendar)
    assert known[day] == kind and known.findings == ()


def test_an_unknown_year_is_told() -> None:
    days = [date(2031, 1, 1) + timedelta(days=i) for i in range(365)]
    guessed = day_types(days, "cn")
    assert guessed[date(2031, 1, 1)] == "working"  # a Wednesday; nobody knows better
    (finding,) = guessed.findings
    assert finding.code == "calendar_year_unknown"
    assert finding.numbers == {"year": 2031, "days": 365, "calendar": "cn"}


def test_an_unknown_calendar_is_refused() -> None:
    with pytest.raises(ConfigError, match="weekdays"):
        day_types([date(2024, 1, 1)], "mars")


@given(st.dates(date(2004, 1, 1), date(2040, 12, 31)), st.sampled_from(["cn", "weekdays", "gb"]))
def test_every_day_has_a_type(day: date, calendar: str) -> None:
    assert day_types([day], calendar)[day] in ("working", "weekend", "holiday")
