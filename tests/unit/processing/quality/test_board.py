"""Who reported how much, and who is stale, never heard or newly at zero."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.processing import processing_settings
from domain.calendar import Month
from domain.figures import Figure, MonthResult, Shares
from domain.findings import Finding
from domain.places import Carrier, Institution, Meter
from domain.registry import Registry
from processing.curves.curve import DOUBTFUL, UNKNOWN, UseCurve
from processing.curves.meter_use import MeterUse
from processing.quality.arrivals import Arrivals, arrival_figures
from processing.quality.board import board
from processing.quality.silence import fell_silent

HOUR_MS = 3_600_000
NOW = datetime(2025, 7, 1, 12, tzinfo=UTC)


def counts(service_ms: int | None, at: np.ndarray, start: int, end: int) -> dict[str, float | None]:
    arrivals = [Arrivals("m", service_ms, HOUR_MS, at)]
    figures = arrival_figures(arrivals, start * HOUR_MS, end * HOUR_MS)
    return {f.name.split("_")[1]: f.value for f in figures}


def test_expected_and_received_are_counted_from_the_service_on() -> None:
    at = np.arange(10, 100) * HOUR_MS
    assert counts(None, at, 0, 50) == {"expected": 40.0, "received": 40.0}
    assert counts(0, at, 0, 50) == {"expected": 50.0, "received": 40.0}
    assert counts(None, at[::2], 20, 60) == {"expected": 40.0, "received": 20.0}
    assert counts(None, at, 0, 5) == {}
    assert counts(0, np.empty(0, np.int64), 0, 24) == {"expected": 24.0, "received": 0.0}


DAY_MS = 24 * HOUR_MS
END_MS = 100 * DAY_MS


def meter(steps: np.ndarray, *, segment: np.ndarray | None = None, **more: object) -> MeterUse:
    """A meter that reports every hour up to END_MS; `steps` is the use of each hour."""
    at = END_MS - np.arange(steps.size, -1, -1, dtype=np.int64) * HOUR_MS
    curve = UseCurve(at, steps, np.zeros(steps.size, np.uint8) if segment is None else segment)
    settings = {"carrier": Carrier.WATER, "is_main": True, "name": "water_use_m3", **more}
    return MeterUse(
        meter="m",
        interval_ms=HOUR_MS,
        max_gap_ms=6 * HOUR_MS,
        curve=curve,
        service_ms=int(at[0]),
        **settings,
    )  # type: ignore[arg-type]


def silent_days(use: MeterUse, end_ms: int = END_MS) -> list[float]:
    found = fell_silent(use, end_ms - 30 * DAY_MS, end_ms)
    assert all(f.code == "use_fell_silent" and f.subject == "m" for f in found)
    return [float(f.numbers["days"]) for f in found]


def test_use_that_goes_on_is_not_silent() -> None:
    rng = np.random.default_rng(1)
    assert silent_days(meter(rng.gamma(1.0, size=90 * 24))) == []
    # An office that rests at night and at weekends.
    hours = np.arange(90 * 24)
    assert silent_days(meter(np.where(hours % 168 < 120, hours % 24 > 8, 0).astype(float))) == []


@given(days=st.integers(10, 35), seed=st.integers(0, 99))
def test_use_that_stopped_is_found_with_its_days(days: int, seed: int) -> None:
    steps = np.random.default_rng(seed).gamma(1.0, size=90 * 24) + 0.01
    steps[-days * 24 :] = 0
    assert silent_days(meter(steps)) == [days]
    assert silent_days(meter(steps), END_MS - days * DAY_MS) == [], "seen before it happened"


def test_low_use_and_a_rest_that_is_a_habit_are_not_silence() -> None:
    drip = np.zeros(90 * 24)
    drip[:: 9 * 24] = 1.0  # the register moves every nine days
    assert silent_days(meter(drip[: -5 * 24])) == []
    never = meter(np.zeros(90 * 24))
    assert silent_days(never) == [], "a meter that never counted is nothing new"


def test_a_silent_device_is_stale_and_not_at_zero() -> None:
    steps = np.ones(90 * 24)
    steps[-12 * 24 :] = 0
    gone = meter(steps)
    assert silent_days(gone, END_MS + 2 * DAY_MS) == []
    unknown = np.zeros(90 * 24, np.uint8)
    unknown[-12 * 24 :] = UNKNOWN
    assert silent_days(meter(steps, segment=unknown)) == [], "a gap is missing, not nought"


@pytest.mark.parametrize("days_off", [3, 8, 9])
def test_no_holiday_is_silence(days_off: int) -> None:
    """Nine days were off in February 2026, the longest of the State Council's calendar."""
    steps = np.ones(90 * 24)
    steps[-days_off * 24 :] = 0
    assert silent_days(meter(steps)) == []


def test_zeros_set_aside_count_and_what_rests_by_season_is_only_told() -> None:
    steps = np.ones(90 * 24)
    steps[-12 * 24 :] = 0
    doubtful = np.zeros(90 * 24, np.uint8)
    doubtful[-12 * 24 :] = DOUBTFUL
    assert silent_days(meter(steps, segment=doubtful)) == [12]
    for more, severity in (
        ({}, "warning"),
        ({"is_main": False}, "info"),
        ({"carrier": Carrier.HEAT, "name": "heat_use_gj"}, "info"),
    ):
        (finding,) = fell_silent(meter(steps, **more), END_MS - 30 * DAY_MS, END_MS)
        assert finding.severity == severity


def test_the_threshold_of_the_file_is_the_one_used() -> None:
    steps = np.ones(90 * 24)
    steps[-8 * 24 :] = 0
    rules = replace(processing_settings().completeness, zero_least_days=7.0)
    assert len(fell_silent(meter(steps), END_MS - 30 * DAY_MS, END_MS, rules)) == 1


def test_the_board_tells_stale_never_and_newly_zero_from_low_use() -> None:
    ids = ("low", "zero", "stale", "never", "gaps", "sum")
    registry = Registry(
        institutions=(Institution(id="i", name_zh="", name_en=""),),
        devices=tuple(
            Meter(
                id=d,
                institution="i",
                carrier=Carrier.WATER,
                register="water_m3",
                formula=(("low", 1.0),) if d == "sum" else (),
            )
            for d in ids
        ),
    )
    silent = Finding("use_fell_silent", "warning", "zero", {"days": 12})

    def use(device: str, value: float, shares: Shares, *findings: Finding) -> Figure:
        return Figure(
            name="water_use_m3",
            subject=device,
            value=value,
            shares=shares,
            method="m/1",
            findings=findings,
        )

    result = MonthResult(
        institution="i",
        month=Month(2025, 6),
        figures=(
            use("low", 0.1, Shares(1.0, 0.0, 0.0)),
            use("zero", 20.0, Shares(1.0, 0.0, 0.0), silent),
            use("gaps", 5.0, Shares(0.7, 0.1, 0.2)),
            Figure(
                name="readings_expected_count",
                subject="gaps",
                value=720.0,
                shares=Shares(1, 0, 0),
                method="m/1",
            ),
            Figure(
                name="readings_received_count",
                subject="gaps",
                value=576.0,
                shares=Shares(1, 0, 0),
                method="m/1",
            ),
        ),
    )
    older = MonthResult(institution="i", month=Month(2025, 5), figures=())
    seen = {d: NOW - timedelta(minutes=30) for d in ("low", "zero", "gaps")}
    # The month ended on 30 June 16:00 UTC: what was heard four hours before that is stale.
    seen["stale"] = datetime(2025, 6, 30, 12, tzinfo=UTC)
    rows = board(registry, seen, [result, older], NOW)
    assert [(r.device.id, r.state) for r in rows] == [
        ("never", "never"),
        ("stale", "stale"),
        ("zero", "zero"),
        ("gaps", "ok"),
        ("low", "ok"),
    ], "the worst first; a virtual meter does not report"
    gaps = rows[3]
    assert (gaps.expected, gaps.received, gaps.received_share) == (720, 576, 0.8)
    assert gaps.shares == Shares(0.7, 0.1, 0.2)
    assert rows[2].findings == (silent,)
    assert rows[0].month == Month(2025, 6)


def test_a_month_long_past_is_judged_by_its_end_and_not_by_today() -> None:
    registry = Registry(
        institutions=(Institution(id="i", name_zh="", name_en=""),),
        devices=(Meter(id="m", institution="i", carrier=Carrier.WATER, register="water_m3"),),
    )
    result = MonthResult(institution="i", month=Month(2019, 3), figures=())
    for day, state in ((date(2019, 3, 31), "ok"), (date(2019, 3, 30), "stale")):
        seen = datetime.combine(day, time(15), UTC)
        (row,) = board(registry, {"m": seen}, [result], NOW)
        assert row.state == state


def test_one_silence_is_told_once_of_a_device() -> None:
    """Not as missing time and as missing readings beside it; few missing readings alone are."""
    meters = tuple(
        Meter(id=m, institution="i", carrier=Carrier.WATER, register="water_m3")
        for m in ("silent", "radio")
    )
    registry = Registry(institutions=(Institution(id="i", name_zh="", name_en=""),), devices=meters)

    def figure(name: str, device: str, *findings: Finding) -> Figure:
        shares = Shares(1.0, 0.0, 0.0)
        return Figure(
            name=name, subject=device, value=1.0, shares=shares, method="m/1", findings=findings
        )

    gone = Finding("use_incomplete", "serious", "silent", {"missing_pct": 100.0})
    late = {d: Finding("readings_missing", "info", d, {"count": 9}) for d in ("silent", "radio")}
    result = MonthResult(
        institution="i",
        month=Month(2025, 6),
        figures=(
            figure("water_use_m3", "silent", gone),
            figure("readings_received_count", "silent", late["silent"]),
            figure("readings_received_count", "radio", late["radio"]),
        ),
    )
    rows = {r.device.id: r.findings for r in board(registry, {}, [result], NOW)}
    assert rows == {"silent": (gone,), "radio": (late["radio"],)}
