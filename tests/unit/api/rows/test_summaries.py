"""Readings summed up by spans: every one counts in one span, and no spike is hidden."""

from datetime import UTC, datetime

import numpy as np
import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from api.rows.readings import SummaryRow, summary_rows
from domain.calendar import to_ms
from domain.readings import Series
from store.readings.port import SeriesArrays

SERIES = Series("m", "power_w")


def arrays(at_ms: list[int], value: list[float]) -> SeriesArrays:
    return SeriesArrays(SERIES, np.array(at_ms, dtype=np.int64), np.array(value, dtype=float))


def summed(
    at_ms: list[int], value: list[float], every_s: int | None = 3600, zone: str = "Asia/Shanghai"
) -> list[SummaryRow]:
    return list(summary_rows(arrays(at_ms, value), every_s, zone))


@given(
    readings=st.dictionaries(
        st.integers(0, 10**9), st.floats(-1e12, 1e12, allow_nan=False), max_size=60
    ),
    every_s=st.sampled_from([1, 7, 60, 3600, 86_400, None]),
)
def test_every_reading_is_within_one_span_and_its_bounds(
    readings: dict[int, float], every_s: int | None
) -> None:
    at_ms = sorted(readings)
    rows = summed(at_ms, [readings[a] for a in at_ms], every_s)
    assert sum(r.readings for r in rows) == len(readings)
    for at, value in readings.items():
        (row,) = [r for r in rows if to_ms(r.start_at) <= at < to_ms(r.end_at)]
        assert row.minimum <= value <= row.maximum
    for row in rows:
        assert readings[to_ms(row.minimum_at)] == row.minimum
        assert readings[to_ms(row.maximum_at)] == row.maximum
        slack = 1e-9 * max(1.0, abs(row.minimum), abs(row.maximum))
        assert row.minimum - slack <= row.mean <= row.maximum + slack


def test_a_spike_of_one_reading_in_a_day_stands() -> None:
    value = [100.0] * 1440
    value[777] = 99_999.0
    (row,) = summed([k * 60_000 for k in range(1440)], value, 86_400)
    assert (row.maximum, row.maximum_at) == (99_999.0, datetime(1970, 1, 1, 12, 57, tzinfo=UTC))
    assert (row.minimum, row.first, row.last, row.readings) == (100.0, 100.0, 100.0, 1440)
    assert row.mean == pytest.approx((1439 * 100.0 + 99_999.0) / 1440)


def test_a_span_without_readings_has_no_row() -> None:
    rows = summed([0, 3 * 3_600_000], [1.0, 2.0])
    assert [r.start_at.hour for r in rows] == [0, 3]
    assert summed([], []) == []


def test_days_are_local_also_when_clocks_change() -> None:
    start = to_ms(datetime(2024, 3, 30, 12, tzinfo=UTC))
    rows = summed([start + k * 3_600_000 for k in range(48)], [1.0] * 48, None, "Europe/London")
    assert [(r.end_at - r.start_at).total_seconds() / 3600 for r in rows] == [24, 23, 24]
    assert [r.readings for r in rows] == [12, 23, 13]


ASKED = {"device": "b7-elec", "quantity": "energy_import_kwh"}
DAY = {"start": "2024-04-09", "end": "2024-04-10"}


def test_over_http(client: TestClient) -> None:
    raw = client.get("/v1/series", params={**ASKED, **DAY}).json()
    rows = client.get("/v1/series/summary", params={**ASKED, **DAY, "every": "6h"}).json()
    assert [r["readings"] for r in rows] == [6, 6, 6, 6]
    assert rows[0]["first"] == raw[0]["value"] and rows[-1]["last"] == raw[-1]["value"]
    assert {r["unit"] for r in rows} == {"kWh"}
    days = client.get("/v1/series/summary", params={**ASKED, **DAY, "every": "1d"}).json()
    assert sum(r["readings"] for r in days) == len(raw) == 24


@pytest.mark.parametrize("every", ["0h", "1w", "2d", "", "h", "1.5h", "100000s"])
def test_what_is_no_length_is_refused(client: TestClient, every: str) -> None:
    answer = client.get("/v1/series/summary", params={**ASKED, "every": every})
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_parameter")


def test_too_much_is_refused(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = {**ASKED, **DAY, "every": "1s"}
    monkeypatch.setattr("api.routes.series.MAX_ROWS", 23)
    assert client.get("/v1/series/summary", params=asked).json()["code"] == "too_much"
    assert client.get("/v1/series/summary", params={**asked, "every": "1h"}).status_code == 422
    assert client.get("/v1/series/summary", params={**asked, "every": "6h"}).status_code == 200
    monkeypatch.setattr("api.routes.series.MAX_SUMMED_UP", 23)
    assert client.get("/v1/series/summary", params={**asked, "every": "6h"}).status_code == 422
