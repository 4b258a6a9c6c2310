from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.calendar import (
    Month,
    days_between,
    from_ms,
    local_midnight,
    months_between,
    to_ms,
)
from domain.errors import ConfigError

months = st.builds(Month, st.integers(1971, 2200), st.integers(1, 12))


@pytest.mark.parametrize("text", ["2019-13", "2019-00", "2019-1", "19-01", "2019-01-01", "", "x"])
def test_what_is_not_a_month_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ConfigError, match="YYYY-MM"):
        Month.parse(text)


@given(months)
def test_a_month_reads_back_from_what_it_prints(month: Month) -> None:
    assert Month.parse(str(month)) == month


@given(months, st.integers(-500, 500))
def test_adding_months_can_be_undone_and_keeps_order(month: Month, n: int) -> None:
    there = month.plus(n)
    assert there.plus(-n) == month
    assert (there > month) == (n > 0)


@given(months)
def test_the_days_of_months_tile_the_calendar(month: Month) -> None:
    days = month.days()
    assert days[0] == month.first_day
    assert days[-1] + timedelta(days=1) == month.end_day == month.plus(1).days()[0]
    assert all(Month.of(d) == month for d in days)


def test_a_month_with_a_clock_change_is_an_hour_shorter() -> None:
    start, end = Month(2019, 3).interval("Europe/London")
    assert end - start == timedelta(days=31, hours=-1)
    assert start == datetime(2019, 3, 1, tzinfo=UTC)


def test_local_days_begin_at_local_midnight() -> None:
    assert local_midnight(date(2026, 1, 1), "Asia/Shanghai") == datetime(
        2025, 12, 31, 16, tzinfo=UTC
    )


def test_the_end_of_a_range_of_months_and_days_is_excluded() -> None:
    assert [str(m) for m in months_between(Month(2018, 11), Month(2019, 2))] == [
        "2018-11",
        "2018-12",
        "2019-01",
    ]
    assert days_between(date(2020, 2, 28), date(2020, 3, 1)) == [
        date(2020, 2, 28),
        date(2020, 2, 29),
    ]


@given(st.integers(-(2**40), 2**42))
def test_milliseconds_come_back_exactly(at_ms: int) -> None:
    assert to_ms(from_ms(at_ms)) == at_ms
