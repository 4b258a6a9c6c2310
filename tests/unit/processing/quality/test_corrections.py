"""Corrections applied: as if the readings had been so from the beginning, and told apart."""

import math
from dataclasses import replace
from datetime import UTC, datetime
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.texts import refusal_text, texts
from domain.calendar import Month, from_ms, to_ms
from domain.corrections import Correction
from domain.places import Carrier, Institution, Meter, PvSystem, WeatherStation
from domain.readings import Series
from domain.registry import Registry
from processing.quality.corrections import Amended, amendments, apply, refusal, repeated

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
TZ = "Asia/Shanghai"
MARCH = Month(2026, 3)
START = to_ms(MARCH.interval(TZ)[0])
END = to_ms(MARCH.interval(TZ)[1])
NOW = datetime(2026, 6, 10, tzinfo=UTC)
REGISTRY = Registry(
    institutions=(Institution("hall", "厅", "Hall", district_code="370502", weather_device="sky"),),
    devices=(
        Meter(
            id="m",
            institution="hall",
            carrier=Carrier.ELECTRICITY,
            register="energy_import_kwh",
            max_rate_per_h=50.0,
        ),
        Meter(
            id="all",
            institution="hall",
            carrier=Carrier.ELECTRICITY,
            register="energy_import_kwh",
            formula=(("m", 1.0),),
        ),
        PvSystem(id="pv", institution="hall", capacity_kwp=5.0),
        WeatherStation(id="sky", institution="hall"),
    ),
).check()
M = Series("m", "energy_import_kwh")


def correction(at_ms: int, value: float | None, series: Series = M, **other: object) -> Correction:
    one = Correction(
        device=series.device,
        quantity=series.quantity,
        at_ms=at_ms,
        value=value,
        author="王",
        reason="misread",
        entered_at=NOW,
    )
    return replace(one, **other)  # type: ignore[arg-type]


def test_the_last_correction_of_a_reading_stands() -> None:
    found = amendments([correction(5, 1.0), correction(3, 2.0), correction(5, None)])
    assert found[M].at_ms.tolist() == [3, 5]
    assert found[M].value[0] == 2.0
    assert math.isnan(found[M].value[1])
    assert found[M].left_out_ms.tolist() == [5]
    assert found[M].between(3, 5).at_ms.tolist() == [3]


def test_a_value_replaces_or_adds_and_none_leaves_out() -> None:
    at, value = np.array([10, 20, 30]), np.array([1.0, 2.0, 3.0])
    amended = amendments(
        [correction(t, v) for t, v in ((5, 0.5), (20, 9.0), (30, None), (31, None), (32, 7.0))]
    )
    found = apply(at, value, amended[M])
    assert found.at_ms.tolist() == [5, 10, 20, 32]
    assert found.value.tolist() == [0.5, 1.0, 9.0, 7.0]
    assert found.changed_ms.tolist() == [5, 20, 30, 32]  # nothing was at 31: no difference


def test_saying_what_the_device_said_is_no_difference() -> None:
    found = apply(np.array([10, 20]), np.array([1.0, 2.0]), amendments([correction(20, 2.0)])[M])
    assert found.at_ms.tolist() == [10, 20]
    assert found.value.tolist() == [1.0, 2.0]
    assert found.changed_ms.size == 0


_STAMPS = st.integers(0, 30)
_VALUES = st.none() | st.integers(0, 50).map(float)


@given(
    st.dictionaries(_STAMPS, st.integers(0, 50).map(float)),
    st.dictionaries(_STAMPS, _VALUES),
    st.randoms(),
)
def test_applying_is_having_had_them_so_whatever_the_order(
    raw: dict[int, float], entered: dict[int, float | None], chance: Random
) -> None:
    at = np.array(sorted(raw), np.int64)
    value = np.array([raw[t] for t in sorted(raw)])
    list_ = [correction(t, v) for t, v in entered.items()]
    chance.shuffle(list_)
    amended = amendments([*list_, *list_]).get(M, Amended(np.empty(0, np.int64), np.empty(0)))
    found = apply(at, value, amended)
    truth = {t: v for t, v in (raw | entered).items() if v is not None}
    assert dict(zip(found.at_ms.tolist(), found.value.tolist(), strict=True)) == truth
    assert found.at_ms.tolist() == sorted(truth)
    assert set(found.changed_ms.tolist()) == {
        t for t in raw.keys() | truth.keys() if raw.get(t) != truth.get(t)
    }
    again = apply(found.at_ms, found.value, amended)
    assert again.changed_ms.size == 0
    assert again.at_ms.tolist() == found.at_ms.tolist()


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"device": "ghost"}, "unknown_device"),
        ({"device": "all"}, "virtual_meter"),
        ({"quantity": "water_m3"}, "wrong_quantity"),
        ({"quantity": "voltage_a_v"}, "wrong_quantity"),
        ({"device": "sky", "quantity": "mass_kg"}, "wrong_quantity"),
        ({"value": math.nan}, "not_finite"),
        ({"value": math.inf}, "not_finite"),
        ({"value": -1.0}, "out_of_limits"),
        ({"device": "sky", "quantity": "outdoor_temperature_c", "value": 71.0}, "out_of_limits"),
        ({"quantity": "watts"}, "unknown_quantity"),
        ({"at_ms": to_ms(NOW) + 600_001}, "future_time"),
        ({"at_ms": START // 1000}, "ancient_time"),
        ({"author": " "}, "no_author"),
        ({"reason": ""}, "no_reason"),
    ],
)
def test_what_cannot_be_entered_says_what_to_do(wrong: dict[str, object], code: str) -> None:
    found = refusal(replace(correction(START, 5.0), **wrong), REGISTRY, to_ms(NOW))  # type: ignore[arg-type]
    assert found is not None
    assert found.code == code
    for lang in ("zh", "en"):
        assert refusal_text(found, lang)


@pytest.mark.parametrize(
    "series",
    [
        M,
        Series("m", "energy_export_kwh"),
        Series("pv", "pv_power_w"),
        Series("sky", "outdoor_temperature_c"),
    ],
)
def test_what_can_be_entered(series: Series) -> None:
    for value in (0.0, 5.0, None):
        assert refusal(correction(to_ms(NOW), value, series), REGISTRY, to_ms(NOW)) is None


def test_two_corrections_of_a_reading_in_one_batch_are_found() -> None:
    assert repeated([correction(1, 2.0), correction(2, 2.0), correction(1, None)]) == [2]
    assert "twice" in {k.rpartition(".")[2] for k in texts("intake")}


def test_the_sample_instants_are_what_they_say() -> None:
    assert from_ms(START).isoformat() == "2026-02-28T16:00:00+00:00"
