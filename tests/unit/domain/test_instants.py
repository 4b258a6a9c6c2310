"""Instants as they are written: zones, hours that are never or twice, and what is no time."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.calendar import from_ms, local_day, local_time
from domain.instants import InstantError, parse_instant

BERLIN = "Europe/Berlin"
instants = st.integers(0, 4 * 10**12).map(lambda ms: from_ms(ms).replace(tzinfo=None))
offsets = st.integers(-12 * 60, 14 * 60).map(lambda m: timezone(timedelta(minutes=m)))


@given(instants, offsets)
def test_a_written_instant_is_read_in_utc(at: datetime, offset: timezone) -> None:
    written = at.replace(tzinfo=offset)
    read = parse_instant(written.isoformat())
    assert read == written
    assert read.tzinfo is UTC


@given(st.integers(0, 10**13))
def test_milliseconds_are_taken_where_they_may_be(at_ms: int) -> None:
    assert parse_instant(str(at_ms), ms=True) == from_ms(at_ms)


@given(instants)
def test_what_a_clock_shows_comes_back_by_about_when_it_was(at: datetime) -> None:
    instant = at.replace(tzinfo=UTC)
    shown = local_time(instant, BERLIN).replace(tzinfo=None)
    assert parse_instant(shown.isoformat(), timezone=BERLIN, near=instant) == instant


@pytest.mark.parametrize(
    ("text", "options", "fault"),
    [
        ("yesterday", {}, "no_time"),
        ("", {}, "no_time"),
        ("1700000000000", {}, "no_time"),
        ("2024-03-01T08:00", {}, "no_zone"),
        ("2024-03-01", {}, "no_zone"),
        ("2024-03-01T00:00", {"bare_day": True}, "no_zone"),
        ("0001-01-01T00:00+08:00", {}, "beyond"),
        ("9" * 15, {"ms": True}, "beyond"),
        ("2024-03-31T02:30", {"timezone": BERLIN}, "no_such_time"),
        ("2024-10-27T02:30", {"timezone": BERLIN}, "two_such_times"),
        ("0001-01-01T00:00", {"timezone": "Asia/Shanghai"}, "beyond"),
    ],
)
def test_what_is_no_instant_says_why(text: str, options: dict[str, Any], fault: str) -> None:
    with pytest.raises(InstantError) as error:
        parse_instant(text, **options)
    assert error.value.fault == fault


@pytest.mark.parametrize(
    ("text", "options", "iso"),
    [
        ("2024-03-01", {"bare_day": True}, "2024-03-01T00:00:00+00:00"),
        ("2024-03-01T08:00", {"timezone": "Asia/Shanghai"}, "2024-03-01T00:00:00+00:00"),
        ("2024-03-01T08:00Z", {"timezone": "Asia/Shanghai"}, "2024-03-01T08:00:00+00:00"),
        ("-1", {"ms": True}, "1969-12-31T23:59:59.999000+00:00"),
    ],
)
def test_more_is_taken_where_it_is_asked_for(text: str, options: dict[str, Any], iso: str) -> None:
    assert parse_instant(text, **options).isoformat() == iso


def test_of_two_such_times_the_nearer_is_meant() -> None:
    first = datetime(2024, 10, 27, 0, 30, tzinfo=UTC)
    for instant in (first, first + timedelta(hours=1)):
        near = instant + timedelta(minutes=5)
        assert parse_instant("2024-10-27T02:30", timezone=BERLIN, near=near) == instant


def test_a_day_is_that_of_the_place() -> None:
    evening = datetime(2024, 2, 29, 20, tzinfo=UTC)
    assert local_day(evening, "Asia/Shanghai").isoformat() == "2024-03-01"
    assert local_day(evening, "America/New_York").isoformat() == "2024-02-29"
