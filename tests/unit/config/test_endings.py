"""What ends soon: working days, grid factors, tariffs, the form."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from config import endings as module
from config.endings import endings
from config.factors import table
from config.working_days import OWN_FILE
from domain.operating import OperatingSpell
from domain.places import Institution

DONGYING = Institution("i", "局", "Bureau", district_code="370502")
LONDON = Institution("x", "", "", timezone="Europe/London", calendar="gb")
PLAIN = Institution("p", "", "", timezone="Etc/GMT+7", calendar="weekdays")


def test_only_what_an_institution_needs_is_told() -> None:
    assert endings([], date(2030, 1, 1)) == []
    assert endings([PLAIN], date(2030, 1, 1)) == []
    assert [e.ends_on for e in endings([LONDON], date(2027, 10, 3))] == [date(2028, 1, 1)]
    assert endings([LONDON], date(2027, 10, 2)) == [], "91 days before"


def test_working_days_grid_factor_and_tariff_of_dongying() -> None:
    found = endings([DONGYING, DONGYING], date(2026, 11, 26))
    names = [e.name for e in found]
    assert len(names) == 3
    assert names[:2] == ["co2.electricity.cn-37, data of 2023", "tariff of region 37"]
    assert names[2].startswith("working days") and found[2].ends_on == date(2027, 1, 1)
    assert [e.name for e in endings([DONGYING], date(2026, 9, 1))] == names[:2]


def test_the_end_of_the_calendar_is_warned_of_for_90_days_and_says_what_to_write_where(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def calendar(today: date) -> list[str]:
        return [e.advice for e in endings([DONGYING], today) if e.name.startswith("working")]

    last = date(2027, 1, 1)
    assert calendar(last - timedelta(days=91)) == []
    (advice,) = calendar(last - timedelta(days=90))
    assert calendar(last + timedelta(days=400)) == [advice], "and after it has ended"
    for words in (
        "CIVICMETER_WORKING_DAYS",
        'name = "cn", years_known = [2027], holidays = [2027-01-01',
        "[[day]]",
        'type = "working"',
        "docs/working-days.md",
    ):
        assert words in advice
    own = tmp_path / "days.toml"
    own.write_text('[[calendar]]\nname = "gb"\nholidays = [2027-12-24]\n', encoding="utf-8")
    monkeypatch.setenv(OWN_FILE, str(own))
    assert f"write them into {own}" in calendar(last)[0]


def test_a_form_that_ends_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def with_end(name: str, key: str) -> list[dict[str, Any]]:
        rows = table(name, key)
        return [{**r, "made_until": date(2024, 6, 1)} for r in rows] if key == "form" else rows

    monkeypatch.setattr(module, "table", with_end)
    (form,) = endings([PLAIN], date(2024, 5, 1))
    assert form.name == "national survey form" and "survey.toml" in form.advice


def test_operating_calendars_that_end_are_told_as_one() -> None:
    term = OperatingSpell(date(2026, 2, 20), date(2026, 7, 1), "term")
    shut = OperatingSpell(date(2026, 2, 1), date(2026, 2, 20), "closed")
    schools = [replace(PLAIN, id=f"school-{k}", operation=(term,)) for k in range(5)]
    schools[0] = replace(
        schools[0], operation=(term, replace(term, start=date(2026, 9, 1), end=date(2027, 1, 20)))
    )
    by_closures = replace(PLAIN, id="hall", operation=(shut,))
    places = [*schools, by_closures, PLAIN]
    assert endings(places, date(2026, 4, 1)) == [], "91 days before the first"
    (told,) = endings(places, date(2026, 4, 2))
    assert told.ends_on == date(2026, 7, 1)
    assert told.name == "operating calendar of school-1, school-2, school-3 and 1 more"
    (later,) = endings(places, date(2026, 11, 24))
    assert later.name.endswith("and 3 more"), "the closure's like of next year is due"
    assert endings([by_closures], date(2026, 11, 20)) == []
