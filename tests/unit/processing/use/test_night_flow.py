"""Night flow: a leak is found, a drip or a sleepless meter is none, a coarse register says nothing."""

from datetime import date

import numpy as np
import pytest

from config.processing import processing_settings
from domain.calendar import HOUR_MS, Month
from domain.places import Carrier, Meter
from processing.curves.days import day_edges
from processing.curves.meter_use import MeterUse, meter_uses
from processing.curves.registers import use_curve
from processing.use.night_flow import night_flow_figures, nominal_flow_m3_per_h
from simulators.scenarios.city import city

TZ = "Asia/Shanghai"
FEBRUARY = day_edges(date(2026, 2, 1), date(2026, 3, 1), TZ)
DAY = (np.arange(FEBRUARY[0], FEBRUARY[-1], HOUR_MS) // HOUR_MS + 8) % 24
WORK = np.where((DAY >= 7) & (DAY < 19), 2.0, 0.0)


def use_of(per_hour: np.ndarray, every_h: int = 1, unit: float = 0.001) -> MeterUse:
    at = np.arange(FEBRUARY[0], FEBRUARY[-1] + 1, HOUR_MS)
    register = np.floor(np.concatenate(([0.0], np.cumsum(per_hour))) / unit + 1e-9) * unit
    curve = use_curve(at[::every_h], register[::every_h])
    interval = every_h * HOUR_MS
    gap = max(6 * HOUR_MS, 3 * interval // 2)
    return MeterUse("m", "water_use_m3", Carrier.WATER, True, interval, gap, curve, int(at[0]))


def leaks(use: MeterUse, rates: dict[str, float] | None = None) -> list[str]:
    (figure,) = night_flow_figures([use], FEBRUARY, TZ, rates)
    return [f.code for f in figure.findings]


@pytest.mark.parametrize(
    ("leak", "found"), [(0.0, []), (0.04, []), (0.5, ["water_leak_suspected"])]
)
def test_a_leak_never_comes_to_rest_and_a_drip_is_none(leak: float, found: list[str]) -> None:
    use = use_of(WORK + leak)
    (figure,) = night_flow_figures([use], FEBRUARY, TZ)
    assert figure.value == pytest.approx(leak)
    assert leaks(use) == found


def test_a_small_place_with_a_small_leak_is_warned() -> None:
    """60 l/h is 43 m³ a month: much for an institution that needs 20."""
    assert leaks(use_of(WORK / 36 + 0.06)) == ["water_leak_suspected"]


def test_the_least_flow_is_in_the_terms_of_the_pipe() -> None:
    use = use_of(WORK / 10 + 0.06)
    assert leaks(use) == ["water_leak_suspected"]
    assert leaks(use, {"m": 4.0}) == [], "2 % of a DN 20 main is 80 l/h"
    assert leaks(use, {"another": 4.0}) == ["water_leak_suspected"]
    rules = processing_settings().night_flow
    sizes = [nominal_flow_m3_per_h(x, rules) for x in (0.0, 2.5, 2.6, 5.0, 9.9, 11.0)]
    assert sizes == pytest.approx([2.5, 2.5, 4.0, 6.3, 10.0, 16.0], rel=0.02)


def test_what_the_meter_cannot_tell_is_no_leak() -> None:
    assert leaks(use_of(WORK + 0.05, unit=1.0)) == [], "whole cubic metres stand still at night"
    assert leaks(use_of(WORK, every_h=24)) == [], "read once a day, no night is told from its day"


def test_faultless_simulated_institutions_carry_no_warning() -> None:
    """Their fixtures drip 4 ml an hour and m²; 396 of 1,500 were warned once (docs/scorecard.md)."""
    october = Month(2026, 10)
    edges = day_edges(october.first_day, october.end_day, TZ)
    warned = []
    for site in city(150, 1, october.plus(1), 1):
        blocks = {b.device: b for b in site.month(october, {}).blocks}
        for meter in site.devices:
            if isinstance(meter, Meter) and meter.carrier is Carrier.WATER:
                block = blocks[meter.id]
                samples = {(meter.id, "water_m3"): (block.at_ms, block.values[:, 0])}
                figures = night_flow_figures(meter_uses(meter, samples, TZ), edges, TZ)
                assert len(figures) == 1
                warned += [meter.id for f in figures if f.findings]
    assert warned == []
