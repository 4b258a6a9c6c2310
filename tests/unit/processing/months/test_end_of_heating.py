"""A heat meter that stops with its heating season is not silent; one that stops within it is."""

from dataclasses import replace
from datetime import UTC, date, datetime

import numpy as np
import pytest

from domain.calendar import Month, local_midnight, to_ms
from domain.places import Carrier, Institution, Meter
from domain.registry import Registry
from processing.months.month import month_result
from processing.months.site import build_site

HOUR_MS = 3_600_000
TZ = "Asia/Shanghai"
HALL = Institution("hall", "大厅", "Hall", heating_season=((11, 15), (3, 15)))
HEAT = Meter(id="heat", institution="hall", carrier=Carrier.HEAT, register="heat_gj")
WATER = Meter(id="water", institution="hall", carrier=Carrier.WATER, register="water_m3")


def _silent(hall: Institution, meter: Meter, stops: date, month: Month) -> bool:
    start, end, until = (
        to_ms(local_midnight(d, TZ)) for d in (date(2026, 1, 1), stops, month.end_day)
    )
    at = np.arange(start, until + 48 * HOUR_MS, HOUR_MS, dtype=np.int64)
    value = 900.0 + 0.25 * np.minimum(np.arange(at.size), (end - start) // HOUR_MS)
    samples = {(meter.id, meter.register): (at, value)}
    registry = Registry((hall,), (), (meter,))
    site = build_site(registry, registry.institutions[0], samples)
    result = month_result(site, month, to_ms(datetime(2026, 12, 31, tzinfo=UTC)))
    return "use_fell_silent" in {f.code for figure in result.figures for f in figure.findings}


@pytest.mark.parametrize(
    ("stops", "month", "is_told"),
    [
        (date(2026, 3, 15), Month(2026, 3), False),
        (date(2026, 3, 10), Month(2026, 3), False),
        (date(2026, 4, 2), Month(2026, 4), False),
        (date(2026, 2, 12), Month(2026, 2), True),
        (date(2026, 3, 1), Month(2026, 3), True),
    ],
)
def test_the_end_of_heating_is_no_silence(stops: date, month: Month, is_told: bool) -> None:
    assert _silent(HALL, HEAT, stops, month) is is_told


def test_only_heat_rests_with_a_season_and_only_with_a_registered_one() -> None:
    stops, march = date(2026, 3, 15), Month(2026, 3)
    assert _silent(HALL, WATER, stops, march)
    assert _silent(replace(HALL, heating_season=None), HEAT, stops, march)
