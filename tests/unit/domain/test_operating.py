"""An institution's own calendar: by day, as runs, repeated, and where it contradicts itself."""

from datetime import date, timedelta

import pytest

from config.working_days import day_types
from domain.calendar import days_between
from domain.operating import (
    OperatingCalendar,
    OperatingKind,
    OperatingSpell,
    Runs,
    overlaps,
    runs_of,
)


def spell(start: str, end: str, kind: OperatingKind) -> OperatingSpell:
    return OperatingSpell(date.fromisoformat(start), date.fromisoformat(end), kind)


AUTUMN = spell("2025-09-01", "2026-01-17", "term")
SPRING = spell("2026-03-01", "2026-07-04", "term")
SPORTS = spell("2026-04-20", "2026-04-21", "closed")
EXAMS = spell("2026-06-13", "2026-06-15", "open")


def test_between_two_terms_is_vacation_and_single_days_win() -> None:
    calendar = OperatingCalendar([SPRING, AUTUMN, SPORTS, EXAMS])
    assert calendar.kind(date(2026, 1, 17)) == "vacation"
    assert calendar.kind(date(2026, 2, 28)) == "vacation"
    assert calendar.kind(date(2026, 3, 1)) == "term"
    assert calendar.kind(date(2026, 4, 20)) == "closed"
    assert calendar.kind(date(2026, 6, 14)) == "open"
    assert calendar.kind(date(2026, 7, 4)) is None and calendar.leaves_open(date(2026, 7, 4))
    assert calendar.until == date(2026, 7, 4)


def test_terms_far_apart_have_a_part_that_nobody_entered() -> None:
    calendar = OperatingCalendar([AUTUMN, spell("2026-09-01", "2027-01-16", "term")])
    assert calendar.leaves_open(date(2026, 5, 1)) and calendar.kind(date(2026, 5, 1)) is None


def test_without_terms_no_day_is_left_open() -> None:
    calendar = OperatingCalendar([SPORTS])
    assert not calendar.leaves_open(date(2026, 5, 1))
    assert OperatingCalendar().until is None


def test_day_types_have_it_beside_the_working_days() -> None:
    saturday = date(2026, 6, 13)
    days = days_between(date(2026, 1, 1), date(2026, 7, 10))
    kinds = day_types(days, "cn", [AUTUMN, SPRING, SPORTS, EXAMS])
    plain = day_types(days, "cn")
    assert (plain[saturday], kinds[saturday]) == ("weekend", "working")
    assert kinds.states[date(2026, 4, 20)] == "closed" and not kinds.at_work(date(2026, 4, 20))
    assert kinds.at_work(date(2026, 4, 21))
    (said,) = kinds.findings
    assert said.code == "operating_calendar_open"
    assert said.numbers == {"days": 6, "on": "2026-07-04"}
    assert plain.states == {} and plain.findings == ()


def test_runs_come_back_from_json_and_tell_calendars_apart() -> None:
    runs = Runs(runs_of([date(2026, 1, 1), date(2026, 1, 2)]), runs_of([date(2026, 3, 5)]))
    assert Runs.from_dict(runs.as_dict()) == runs == Runs.of(runs.states())
    assert (runs.days("closed"), runs.days("vacation")) == (2, 1)
    assert runs.digest != Runs(runs.closed).digest and not Runs()


def test_runs_are_repeated_on_the_same_days_of_other_years() -> None:
    runs = Runs(
        closed=((date(2024, 12, 25), date(2025, 1, 3)), (date(2025, 7, 10), date(2025, 9, 1)))
    )
    days = days_between(date(2021, 1, 1), date(2022, 1, 1))
    states = day_types(days, "cn", runs.repeated(days)).states
    assert {date(2021, 1, 2), date(2021, 12, 25), date(2021, 8, 31)} <= set(states)
    assert date(2021, 9, 1) not in states and len(states) == 2 + 7 + 53


@pytest.mark.parametrize(
    ("one", "other", "meet"),
    [
        (AUTUMN, SPRING, False),
        (SPRING, SPORTS, False),
        (SPRING, spell("2026-07-01", "2026-08-01", "vacation"), True),
        (SPORTS, EXAMS, False),
        (SPORTS, spell("2026-04-20", "2026-04-25", "vacation"), True),
        (SPRING, spell("2026-07-03", "2026-08-01", "term"), True),
        (SPORTS, OperatingSpell(SPORTS.end, SPORTS.end + timedelta(days=3), "closed"), False),
    ],
)
def test_a_day_has_one_kind(one: OperatingSpell, other: OperatingSpell, meet: bool) -> None:
    assert bool(overlaps([one, other])) == bool(overlaps([other, one])) == meet
