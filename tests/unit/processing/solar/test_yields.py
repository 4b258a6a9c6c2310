"""PV: performance ratio by hand, gaps on either side, and what is said without irradiance."""

import numpy as np
import pytest

from domain.calendar import HOUR_MS
from domain.figures import Figure, Shares
from domain.places import PvSystem
from processing.solar.self_use import Balance, self_use_figures, self_use_kwh
from processing.solar.source import pv_source
from processing.solar.yields import yield_figures
from processing.use.month_use import Period, month_use

SYSTEM = PvSystem(id="pv", institution="i", capacity_kwp=10.0, gamma_per_c=-0.004)
HOURS = np.arange(0, 10 * 24 + 1)
AT = HOURS * HOUR_MS
SUN = np.maximum(np.sin((HOURS % 24 - 6) / 12 * np.pi), 0) * 800.0


def samples(**series: np.ndarray) -> dict[tuple[str, str], tuple[np.ndarray, np.ndarray]]:
    found = {}
    for quantity, values in series.items():
        known = np.isfinite(values)
        found[("pv", quantity)] = (AT[known], values[known])
    return found


def energy(ratio: float, module_c: float = 25.0) -> np.ndarray:
    """A register of a system with one PR at one module temperature."""
    hourly = (SUN[1:] + SUN[:-1]) / 2 / 1000 * SYSTEM.capacity_kwp * ratio
    return np.concatenate(([0.0], np.cumsum(hourly * (1 - 0.004 * (module_c - 25)))))


def figures(data: dict) -> dict[str, Figure]:
    source = pv_source(SYSTEM, data)
    assert source is not None
    edges = np.arange(0, 11) * 24 * HOUR_MS
    period = month_use(source.generation, edges, int(AT[-1]))
    found = yield_figures(source, period, int(AT[0]), int(AT[-1]))
    return {f.name: f for f in found}


def test_the_planted_ratios_come_out() -> None:
    data = samples(
        pv_energy_kwh=energy(0.8, 45.0),
        irradiance_w_per_m2=SUN,
        module_temperature_c=np.full(SUN.size, 45.0),
    )
    found = figures(data)
    yield_h = float(((SUN[1:] + SUN[:-1]) / 2).sum()) / 1000
    assert found["pv_reference_yield_h"].value == pytest.approx(yield_h)
    assert found["pv_performance_ratio"].value == pytest.approx(0.8 * 0.92)
    assert found["pv_performance_ratio_stc"].value == pytest.approx(0.8)
    assert found["pv_final_yield_kwh_per_kwp"].value == pytest.approx(yield_h * 0.8 * 0.92)


def test_a_gap_in_either_series_leaves_the_ratio_as_it_is() -> None:
    sun = SUN.copy()
    sun[30:60] = np.nan
    register = energy(0.8)
    register[130:150] = np.nan
    found = figures(samples(pv_energy_kwh=register, irradiance_w_per_m2=sun))
    ratio = found["pv_performance_ratio"]
    assert ratio.value == pytest.approx(0.8)
    assert ratio.shares.missing == pytest.approx((31 + 21) / 240, abs=0.01)
    assert found["pv_reference_yield_h"].findings[0].code == "pv_irradiance_incomplete"


def test_without_irradiance_there_is_no_ratio_but_a_finding() -> None:
    found = figures(samples(pv_energy_kwh=energy(0.8)))
    assert found["pv_performance_ratio"].value is None
    assert found["pv_performance_ratio"].findings[0].code == "pv_no_irradiance"
    assert found["pv_final_yield_kwh_per_kwp"].value is not None


def test_power_stands_in_for_a_register() -> None:
    power_w = SUN * SYSTEM.capacity_kwp * 0.8
    found = figures(samples(pv_power_w=power_w, irradiance_w_per_m2=SUN))
    assert found["pv_performance_ratio"].value == pytest.approx(0.8)


def test_a_system_that_never_reported_has_no_source() -> None:
    assert pv_source(SYSTEM, {}) is None


def generation(value: float) -> Period:
    source = pv_source(SYSTEM, {("pv", "pv_energy_kwh"): (AT[[0, -1]], np.array([0.0, value]))})
    assert source is not None
    return month_use(source.generation, AT[[0, -1]], int(AT[-1]))


def test_self_use_is_generation_less_export() -> None:
    balance = Balance(1000.0, 250.0, 1500.0, Shares(1.0, 0.0, 0.0))
    found = {f.name: f.value for f in self_use_figures([("pv", generation(1000.0))], balance)}
    assert found["pv_self_use_kwh"] == pytest.approx(750.0)
    assert found["pv_self_use_ratio"] == pytest.approx(0.75)
    assert found["pv_self_sufficiency_ratio"] == pytest.approx(750 / 2250)


def test_more_export_than_generation_is_a_finding_and_no_number() -> None:
    balance = Balance(100.0, 150.0, 10.0, Shares(1.0, 0.0, 0.0))
    found = self_use_figures([("pv", generation(100.0))], balance)
    assert all(f.value is None for f in found)
    assert found[0].findings[0].code == "pv_export_above_generation"
    assert self_use_kwh(Balance(None, 1.0, 1.0, Shares.none())) is None
