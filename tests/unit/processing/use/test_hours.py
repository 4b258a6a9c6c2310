"""By local hours: tariff periods and cost by hand, out-of-hours use."""

from datetime import date

import numpy as np
import pytest

from config.factors_tariffs import read_tariff, tariff_on
from domain.calendar import HOUR_MS
from domain.errors import ConfigError
from domain.places import Carrier, Institution
from processing.curves.days import day_edges
from processing.curves.meter_use import MeterUse
from processing.curves.registers import use_curve
from processing.use.hours import (
    hourly_electricity,
    out_of_hours_figures,
    tariff_figures,
)

TZ = "Asia/Shanghai"
PLACE = Institution(id="i", name_zh="局", name_en="Bureau", district_code="370502")
FEBRUARY = day_edges(date(2026, 2, 1), date(2026, 3, 1), TZ)


def meter_use(per_hour: np.ndarray, edges: np.ndarray, name: str) -> MeterUse:
    at = np.arange(edges[0], edges[-1] + 1, HOUR_MS)
    curve = use_curve(at, np.concatenate(([0.0], np.cumsum(per_hour))))
    carrier = Carrier.WATER if name.startswith("water") else Carrier.ELECTRICITY
    return MeterUse("m", name, carrier, True, HOUR_MS, 6 * HOUR_MS, curve, int(at[0]))


def clock(edges: np.ndarray) -> np.ndarray:
    return (np.arange(edges[0], edges[-1], HOUR_MS) // HOUR_MS + 8) % 24


def test_every_hour_is_in_one_period_and_the_cost_is_by_hand() -> None:
    use = meter_use(np.where(clock(FEBRUARY) == 17, 100.0, 1.0), FEBRUARY, "electricity_use_kwh")
    hourly = hourly_electricity([use], FEBRUARY, TZ)
    assert hourly is not None
    figures = tariff_figures(hourly, PLACE, date(2026, 2, 1))
    value = {(f.name, f.subject): f.value for f in figures}
    # February: sharp 16–19, peak 19–22, valley 10–11 and 14–15, deep valley 11–14, else flat.
    expected = {"sharp": 102, "peak": 3, "valley": 2, "deep_valley": 3, "flat": 13}
    for period, per_day in expected.items():
        assert value[("electricity_period_kwh", period)] == pytest.approx(28 * per_day)
    factor = {"sharp": 2.0, "peak": 1.7, "valley": 0.3, "deep_valley": 0.1, "flat": 1.0}
    cost = sum(28 * expected[p] * factor[p] * 0.70 for p in expected)
    assert value[("electricity_cost_cny", "")] == pytest.approx(cost)


def test_make_up_days_work_and_festival_days_do_not() -> None:
    office = (clock(FEBRUARY) >= 8) & (clock(FEBRUARY) < 18)
    use = meter_use(np.where(office, 10.0, 0.0), FEBRUARY, "electricity_use_kwh")
    hourly = hourly_electricity([use], FEBRUARY, TZ)
    assert hourly is not None
    found = {f.name: f.value for f in out_of_hours_figures(hourly, PLACE)}
    # 2026-02-14 and 02-28 (Saturdays) are made up; 15–23 is the Spring Festival.
    working = 20 - 6 + 2
    assert found["out_of_hours_use_kwh"] == pytest.approx((28 - working) * 100.0)
    assert found["out_of_hours_use_ratio"] == pytest.approx((28 - working) / 28)


def test_unknown_hours_are_in_no_period_and_show_in_the_shares() -> None:
    use = meter_use(np.ones(28 * 24), FEBRUARY, "electricity_use_kwh")
    later = day_edges(date(2026, 2, 15), date(2026, 3, 15), TZ)
    hourly = hourly_electricity([use], later, TZ)
    assert hourly is not None
    assert hourly.shares.missing == pytest.approx(0.5)
    figures = tariff_figures(hourly, PLACE, date(2026, 2, 15))
    total = sum(f.value or 0 for f in figures if f.name == "electricity_period_kwh")
    assert total == pytest.approx(14 * 24)


def test_a_place_without_a_tariff_has_no_cost() -> None:
    use = meter_use(np.ones(28 * 24), FEBRUARY, "electricity_use_kwh")
    hourly = hourly_electricity([use], FEBRUARY, TZ)
    assert hourly is not None
    abroad = Institution(id="x", name_zh="", name_en="")
    assert tariff_figures(hourly, abroad, date(2026, 2, 1)) == []
    assert tariff_on("370502", date(2020, 1, 1)) is None


def test_wrong_tariffs_are_refused() -> None:
    row = {
        "region": "99",
        "valid_from": date(2025, 1, 1),
        "source": "test",
        "flat_price_cny_per_kwh": 1.0,
        "demand_price_cny_per_kw_month": 0.0,
        "factor": dict.fromkeys(("sharp", "peak", "flat", "valley", "deep_valley"), 1.0),
        "season": [{"months": list(range(1, 13)), "peak": [[8, 12]]}],
    }
    assert read_tariff(row).hours[1][8] == "peak"
    with pytest.raises(ConfigError, match="hour 9 is in two periods"):
        read_tariff(row | {"season": [row["season"][0] | {"sharp": [[9, 10]]}]})  # type: ignore[index]
    with pytest.raises(ConfigError, match="lacks some months"):
        read_tariff(row | {"season": [{"months": [1]}]})
