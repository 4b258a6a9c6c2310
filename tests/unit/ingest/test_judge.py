"""Validation at the edge."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.calendar import to_ms
from domain.readings import Reading, Run, readings_of, runs_of
from ingest.decode.base import Reject
from ingest.judge import Limits, doubtful, validate
from ingest.units import conversion

NOW = to_ms(datetime(2026, 1, 1, tzinfo=UTC))
LIMITS = Limits(future_skew_s=600, oldest_at=datetime(2000, 1, 1, tzinfo=UTC))
OLDEST = to_ms(LIMITS.oldest_at)


def judged(runs: Sequence[Run]) -> tuple[Sequence[Run], list[tuple[int, Reading, Reject]]]:
    suspects = doubtful(runs, {"m1"}, LIMITS, NOW)
    found = validate(runs, suspects, {"m1"}, LIMITS, NOW)
    # Suspecting everything finds nothing else.
    assert validate(runs, range(len(runs)), {"m1"}, LIMITS, NOW) == found
    return found


@pytest.mark.parametrize(
    ("reading", "code"),
    [
        (Reading("m1", "energy_import_kwh", NOW, 0.0), ""),
        (Reading("m1", "power_w", NOW, -5.0), ""),
        (Reading("m1", "power_w", NOW + 600_000, 1.0), ""),
        (Reading("m1", "power_w", NOW + 600_001, 1.0), "future_time"),
        (Reading("m1", "power_w", OLDEST, 1.0), ""),
        (Reading("m1", "power_w", OLDEST - 1, 1.0), "ancient_time"),
        (Reading("m1", "power_w", 10**25, 1.0), "future_time"),
        (Reading("m1", "power_w", -(10**25), 1.0), "ancient_time"),
        (Reading("m1", "energy_import_kwh", NOW, -0.1), "out_of_limits"),
        (Reading("m1", "relative_humidity_pct", NOW, 100.5), "out_of_limits"),
        (Reading("m1", "power_w", NOW, math.nan), "not_finite"),
        (Reading("m1", "power_w", NOW, math.inf), "not_finite"),
        (Reading("m1", "power_w", NOW, -math.inf), "not_finite"),
        (Reading("m1", "watts", NOW, 1.0), "unknown_quantity"),
        (Reading("m2", "power_w", NOW, 1.0), "unknown_device"),
    ],
)
def test_reasons(reading: Reading, code: str) -> None:
    good, bad = judged(runs_of([reading]))
    assert [reject.code for _, _, reject in bad] == ([code] if code else [])
    assert list(readings_of(good)) == ([] if code else [reading])


@given(
    st.lists(
        st.builds(
            Reading,
            st.sampled_from(["m1", "m2"]),
            st.sampled_from(["power_w", "energy_import_kwh", "x"]),
            st.integers(OLDEST - 10, NOW + 700_000),
            st.floats(),
        )
    )
)
def test_every_reading_is_either_stored_or_kept_aside(readings: list[Reading]) -> None:
    runs = runs_of(readings)
    good, bad = judged(runs)
    stored = list(readings_of(good))
    for r in stored:
        assert r.device == "m1"
        assert math.isfinite(r.value)
        assert OLDEST <= r.at_ms <= NOW + 600_000
    # What is good once is good again, alone; what is bad once is bad again, with its reason.
    assert judged(good) == (good, [])
    for position, reading, reject in bad:
        assert (reading.device, reading.quantity) == runs[position][:2]
        alone = judged(runs_of([reading]))
        assert [r.code for _, _, r in alone[1]] == [reject.code]
    both = [*stored, *(reading for _, reading, _ in bad)]
    assert sorted(map(repr, both)) == sorted(map(repr, readings))
    # In its series every reading keeps its place.
    for series in {r.series for r in readings}:
        kept = [r for r in stored if r.series == series]
        assert kept == [r for r in readings if r.series == series and r in kept]


@pytest.mark.parametrize(
    ("value", "sent", "wanted", "expected"),
    [
        (1500, "Wh", "kWh", 1.5),
        (3.6e6, "J", "kWh", 1.0),
        (1, "GJ", "kWh", 277.7777777777778),
        (1, "MWh", "GJ", 3.6),
        (95, "%", "1", 0.95),
        (0.5, "/", "%", 50.0),
        (392, "mA", "A", 0.392),
        (212, "°F", "°C", 100.0),
        (273.15, "K", "°C", 0.0),
        (7, "kWh", "kWh", 7.0),
    ],
)
def test_units(value: float, sent: str, wanted: str, expected: float) -> None:
    found = conversion(sent, wanted)
    assert found is not None
    scale, offset = found
    assert value * scale + offset == pytest.approx(expected, abs=1e-9)


def test_units_that_do_not_fit() -> None:
    assert conversion("kWh", "W") is None
    assert conversion("L", "kg") is None
