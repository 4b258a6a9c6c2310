"""Who reported how much, and who is stale, never heard or newly at zero."""

from datetime import UTC, date, datetime, timedelta

import numpy as np

from domain.calendar import Month
from domain.figures import DayValue, Figure, MonthResult, Shares
from domain.places import Carrier, Institution, Meter
from domain.registry import Registry
from processing.completeness import arrival_figures, board

HOUR_MS = 3_600_000
NOW = datetime(2025, 7, 1, 12, tzinfo=UTC)


def counts(service_ms: int | None, at: np.ndarray, start: int, end: int) -> dict[str, float | None]:
    figures = arrival_figures([("m", service_ms, HOUR_MS, at)], start * HOUR_MS, end * HOUR_MS)
    return {f.name.split("_")[1]: f.value for f in figures}


def test_expected_and_received_are_counted_from_the_service_on() -> None:
    at = np.arange(10, 100) * HOUR_MS
    assert counts(None, at, 0, 50) == {"expected": 40.0, "received": 40.0}
    assert counts(0, at, 0, 50) == {"expected": 50.0, "received": 40.0}
    assert counts(None, at[::2], 20, 60) == {"expected": 40.0, "received": 20.0}
    assert counts(None, at, 0, 5) == {}
    assert counts(0, np.empty(0, np.int64), 0, 24) == {"expected": 24.0, "received": 0.0}


def test_the_board_tells_stale_never_and_newly_zero_from_low_use() -> None:
    ids = ("ok", "low", "zero", "always-zero", "stale", "never")
    registry = Registry(
        institutions=(Institution(id="i", name_zh="", name_en=""),),
        devices=tuple(
            Meter(id=d, institution="i", carrier=Carrier.WATER, register="water_m3") for d in ids
        ),
    )
    lately = {"ok": 5.0, "low": 0.1, "zero": 0.0, "always-zero": 0.0}
    days = tuple(
        DayValue(
            day=date(2025, 6, n),
            name="water_use_m3",
            subject=d,
            value=v if n > 20 or d == "always-zero" else 5.0,
            quality="measured",
        )
        for d, v in lately.items()
        for n in range(1, 31)
    )
    use = Figure(
        name="water_use_m3", subject="ok", value=1.0, shares=Shares(0.9, 0.1, 0.0), method="m/1"
    )
    result = MonthResult(institution="i", month=Month(2025, 6), figures=(use,), days=days)
    older = MonthResult(institution="i", month=Month(2025, 5), figures=())
    seen = {d: NOW - timedelta(minutes=30) for d in lately} | {"stale": NOW - timedelta(hours=4)}
    rows = {r.device: r for r in board(registry, seen, [result, older], NOW)}
    assert {d: rows[d].state for d in ids} == {
        "ok": "ok",
        "low": "ok",
        "zero": "zero",
        "always-zero": "ok",
        "stale": "stale",
        "never": "never",
    }
    assert (rows["ok"].measured, rows["ok"].estimated) == (0.9, 0.1)
