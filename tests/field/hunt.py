"""Courses nobody planned break none of the three rules (see rules.py)."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.calendar import Month
from domain.figures import Figure
from domain.places import Institution
from domain.readings import Run
from domain.registry import Registry
from processing.months.job import process
from store.opening import open_ledger
from store.readings.sqlite import SqliteReadingStore
from tests.field.adversary import Course, courses, good_courses
from tests.field.rules import broken_rule, device_of, quantity_of
from tests.field.run import NOW

SOME = settings(max_examples=400, derandomize=True, suppress_health_check=list(HealthCheck))
MANY = settings(SOME, max_examples=20_000)
OCTOBER = Month(2026, 10)


@SOME
@given(courses())
def test_no_course_breaks_a_rule(course: Course) -> None:
    assert broken_rule(course) == "", course.mishaps


@pytest.mark.long
@MANY
@given(courses())
def test_no_course_of_many_breaks_a_rule(course: Course) -> None:
    assert broken_rule(course) == "", course.mishaps


@SOME
@given(good_courses())
def test_a_good_course_is_right(course: Course) -> None:
    assert broken_rule(course) == ""


@settings(SOME, max_examples=4)
@given(good_courses(), courses(), st.lists(courses(), min_size=1, max_size=3))
def test_what_others_say_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory, good: Course, bad: Course, others: list[Course]
) -> None:
    folder = tmp_path_factory.mktemp("others")
    alone = _octobers([good, bad], folder / "alone")
    together = _octobers([good, bad, *others], folder / "together")
    assert [together[name] for name in alone] == list(alone.values())


def _octobers(told: list[Course], folder: Path) -> dict[str, tuple[Figure, ...]]:
    """October of each course, as institutions of one registry, through store, ledger and job."""
    folder.mkdir()
    names = [f"i{k}" for k in range(len(told))]
    registry = Registry(
        institutions=tuple(Institution(n, n, n) for n in names),
        devices=tuple(device_of(c, n) for c, n in zip(told, names, strict=True)),
    )
    ledger = open_ledger(f"sqlite:///{folder / 'ledger.db'}")
    store = SqliteReadingStore(str(folder / "readings.db"))
    try:
        ledger.save_registry(registry.check())
        for course, name in zip(told, names, strict=True):
            at, value = course.said()
            store.write_runs([Run(f"d-{name}", quantity_of(course), at.tolist(), value.tolist())])
        results = process(store, ledger, months=[OCTOBER], now=NOW.replace(month=11, day=19))
        return {r.institution: r.figures for r in results}
    finally:
        store.close()
        ledger.close_connections()
