"""One silence is told once, of its cause; what has another cause stays."""

from domain.calendar import Month
from domain.figures import Figure, MonthResult, Shares
from domain.figures.findings_once import findings_once
from domain.findings import Finding


def figure(name: str, subject: str, *findings: Finding) -> Figure:
    return Figure(
        name=name,
        subject=subject,
        value=1.0,
        shares=Shares.full(),
        method="x/1",
        findings=findings,
    )


def told(*figures: Figure) -> list[tuple[str, str]]:
    result = MonthResult(institution="i", month=Month(2026, 5), figures=figures)
    return [(f.code, f.subject or (g.subject if g else "")) for f, g in findings_once(result)]


def missing(code: str, subject: str, pct: float) -> Finding:
    return Finding(code, "warning", subject, {"missing_pct": pct})


ABSENT = Finding("readings_missing", "info", "m", {"missing": 70, "pct": 10.0})
DAYS = Finding("savings_days_missing", "warning", "", {"missing": 3, "days": 31})
UNKNOWN = Finding("total_unknown", "warning", "", {"carrier": "electricity_use_kwh"})


def test_a_meter_that_was_silent_for_a_while_is_told_once() -> None:
    assert told(
        figure("electricity_use_kwh", "", missing("total_incomplete", "", 5.0)),
        figure("electricity_use_kwh", "m", missing("use_incomplete", "m", 10.0)),
        figure("electricity_export_kwh", "m", missing("use_incomplete", "m", 10.2)),
        figure("readings_received_count", "m", ABSENT),
        figure("avoided_energy_kwh", "c/electricity", DAYS),
    ) == [("use_incomplete", "m")]


def test_a_main_meter_that_says_nothing_is_told_once() -> None:
    silent = Finding("main_meter_silent", "serious", "m")
    assert told(
        figure("electricity_use_kwh", "", silent, missing("total_incomplete", "", 100.0)),
        figure("electricity_use_kwh", "m", missing("use_incomplete", "m", 100.0)),
        figure("co2_kg", "", UNKNOWN),
        figure("standard_coal_kgce", "", UNKNOWN),
        figure("readings_received_count", "m", ABSENT),
    ) == [("main_meter_silent", "m")]


def test_what_has_another_cause_stays() -> None:
    water = missing("total_incomplete", "", 5.0)
    assert told(
        figure("electricity_use_kwh", "m", missing("use_incomplete", "m", 10.0)),
        figure("water_use_m3", "", water),
        figure("co2_kg", "", UNKNOWN),
        figure("readings_received_count", "n", Finding("readings_missing", "info", "n", {})),
        figure("avoided_energy_kwh", "c/electricity", DAYS),
    ) == [
        ("use_incomplete", "m"),
        ("readings_missing", "n"),
        ("savings_days_missing", "c/electricity"),
        ("total_incomplete", ""),
        ("total_unknown", ""),
    ]


def test_two_events_of_one_meter_are_two() -> None:
    jump = Finding("register_jump", "warning", "m", {"count": 1, "amount": 5.0})
    other = Finding("register_jump", "warning", "m", {"count": 1, "amount": 7.0})
    assert len(told(figure("electricity_use_kwh", "m", jump, other))) == 2
