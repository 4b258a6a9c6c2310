"""Working days: make-up days, holidays, years nobody knows."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.settings import Settings
from config.working_days import OWN_FILE, day_types, last_known_day, require_readable
from domain.errors import ConfigError
from tests.paths import ROOT


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


NOTICE = """
[[calendar]]
name = "cn"
years_known = [2031]
source = "made up here"
holidays = [2031-01-01, 2031-01-02, 2031-01-03, 2031-01-04]

[[day]]
calendar = "cn"
on = 2031-01-05
type = "working"
source = "made up here: a Sunday"
"""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_an_installations_own_file_adds_a_year(
    encoding: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "days.toml"
    file.write_bytes(NOTICE.replace("made up here", "编造").encode(encoding))
    monkeypatch.setenv(OWN_FILE, str(file))
    require_readable()
    days = [date(2031, 1, 1) + timedelta(days=i) for i in range(7)]
    known = day_types(days, "cn")
    assert known.findings == ()
    assert list(known.types.values()) == ["holiday"] * 4 + ["working"] * 3
    assert last_known_day("cn") == date(2031, 12, 31)
    assert day_types([date(2026, 2, 14)], "cn").types[date(2026, 2, 14)] == "working", "others stay"
    assert day_types(days, "weekdays")[date(2031, 1, 4)] == "weekend"
    assert Settings.from_env().working_days == file, "the name is a setting's"
    monkeypatch.delenv(OWN_FILE)
    assert day_types(days, "cn").findings, "without it, as before"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[[calendar]\n", "no TOML"),
        ('[[calendar]]\nname = "cn"\nyears_known = [2031]\nholidays = []', "enter every day off"),
        ('[[calendar]]\nname = "cn"\nyears_known = 2031', "list of years"),
        ('[[calendar]]\nname = "cn"\nyers_known = [2031]', "no 'yers_known'"),
        ('[[calendar]]\nname = "mars"', "needs one of cn"),
        ('[[calendar]]\nname = "cn"\nholidays = ["2031-01-01"]', "list of dates"),
        ('[[day]]\ncalendar = "cn"\non = 2031-01-01\ntype = "off"', "known type"),
        ('[[days]]\ncalendar = "cn"', "not 'days'"),
        (None, "cannot be read"),
    ],
)
def test_a_file_that_would_be_wrong_in_silence_is_refused(
    text: str | None, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "days.toml"
    if text is not None:
        file.write_text(text, encoding="utf-8")
    monkeypatch.setenv(OWN_FILE, str(file))
    with pytest.raises(ConfigError, match=says) as refused:
        require_readable()
    assert str(file) in str(refused.value)


def test_the_form_in_the_docs_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (ROOT / "docs" / "working-days.md").read_text(encoding="utf-8")
    file = tmp_path / "days.toml"
    file.write_text(page.split("```toml\n")[1].split("```")[0], encoding="utf-8")
    monkeypatch.setenv(OWN_FILE, str(file))
    made = day_types([date(2099, 1, 3), date(2099, 1, 4), date(2099, 1, 5)], "cn")
    assert made.findings == ()
    assert list(made.types.values()) == ["holiday", "working", "working"]
