"""Yields and performance ratio of rooftop PV (IEC 61724-1).

Energy in kWh, irradiance in the plane of the array in W/m², P0 in kWp at standard test
conditions (1000 W/m², 25 °C).
"""

import numpy as np

from domain.calendar import HOUR_MS
from domain.figures import Figure, Shares
from domain.findings import Finding
from processing.curves.curve import Floats, Ints, on_grid
from processing.curves.measured_states import mean_on_grid
from processing.solar.source import PvSource
from processing.use.month_use import Period, shares_of, value_or_none

REFERENCE_W_PER_M2 = 1000.0

STC_TEMPERATURE_C = 25.0

LEAST_JOINT_SHARE = 0.5
"""No performance ratio when energy and irradiance are known together for less of the time."""

_NO_CUT = 2**62


def yield_figures(source: PvSource, generation: Period, start_ms: int, end_ms: int) -> list[Figure]:
    """Yf, Yr, PR and temperature-corrected PR of a period [start, end).

    PR compares energy and irradiation over the same hours only: an hour in which either is
    unknown counts for neither. Without irradiance there is no PR, only a finding.
    """
    system = source.system
    final = value_or_none(generation.whole.use)
    figures = [
        Figure(
            name="pv_final_yield_kwh_per_kwp",
            subject=system.id,
            value=None if final is None else final / system.capacity_kwp,
            shares=shares_of(generation.whole),
            method="pv-final-yield/1 (IEC 61724-1)",
        )
    ]
    irradiation = on_grid(source.irradiation, np.array([start_ms, end_ms]), _NO_CUT)
    if source.irradiation.at_ms.size < 2 or irradiation.missing[0] == 1.0:
        return [*figures, _no_ratio(system.id, Finding("pv_no_irradiance", "warning", system.id))]
    findings = _irradiance_findings(source, float(irradiation.missing[0]))
    figures.append(
        Figure(
            name="pv_reference_yield_h",
            subject=system.id,
            value=float(irradiation.use[0]) / REFERENCE_W_PER_M2,
            shares=Shares.known(1.0 - float(irradiation.missing[0])),
            method="pv-reference-yield/1 (IEC 61724-1)",
            findings=findings,
        )
    )
    return [*figures, *_ratios(source, start_ms, end_ms)]


def _irradiance_findings(source: PvSource, missing: float) -> tuple[Finding, ...]:
    found = []
    if source.is_transposed:
        found.append(Finding("pv_irradiance_transposed", "warning", source.system.id))
    if missing > 0.01:
        numbers = {"missing_pct": round(missing * 100, 1)}
        found.append(Finding("pv_irradiance_incomplete", "warning", source.system.id, numbers))
    return tuple(found)


def _ratios(source: PvSource, start_ms: int, end_ms: int) -> list[Figure]:
    system = source.system
    edges = np.append(np.arange(start_ms, end_ms, HOUR_MS, dtype=np.int64), end_ms)
    energy = source.generation.grid(edges)
    sun = on_grid(source.irradiation, edges, _NO_CUT)
    joint = (energy.missing == 0) & (sun.missing == 0)
    share = float(joint.mean())
    irradiation_kwh_per_m2 = float(sun.use[joint].sum()) / 1000.0
    if share < LEAST_JOINT_SHARE or irradiation_kwh_per_m2 <= 0:
        numbers = {"known_pct": round(share * 100, 1)}
        return [_no_ratio(system.id, Finding("pv_ratio_thin", "warning", system.id, numbers))]
    produced_kwh = float(energy.use[joint].sum())
    expected_kwh = system.capacity_kwp * irradiation_kwh_per_m2
    ratio = Figure(
        name="pv_performance_ratio",
        subject=system.id,
        value=produced_kwh / expected_kwh,
        shares=Shares.known(share),
        method="pv-performance-ratio/1 (IEC 61724-1, joint hours)",
        findings=_irradiance_findings(source, 0.0),
    )
    return [ratio, _corrected(source, edges, energy.use, sun.use, joint)]


def _corrected(
    source: PvSource, edges: Ints, energy_kwh: Floats, sun_wh: Floats, joint: Floats
) -> Figure:
    """PR with P0 corrected to the module temperature of each hour: 1 + γ (T − 25 °C)."""
    system = source.system
    name, method = "pv_performance_ratio_stc", "pv-performance-ratio-25c/1 (IEC 61724-1)"
    temperature_c, known = mean_on_grid(source.module_temperature, edges)
    both = np.asarray(joint, dtype=bool) & (known > 0.5)
    share = float(both.mean())
    if share < LEAST_JOINT_SHARE or not (sun_wh[both] > 0).any():
        finding = Finding("pv_no_module_temperature", "info", system.id)
        return Figure(
            name=name,
            subject=system.id,
            value=None,
            shares=Shares.none(),
            method=method,
            findings=(finding,),
        )
    factor = 1.0 + system.gamma_per_c * (temperature_c[both] - STC_TEMPERATURE_C)
    expected_kwh = system.capacity_kwp * float((factor * sun_wh[both]).sum()) / 1000.0
    return Figure(
        name=name,
        subject=system.id,
        value=float(energy_kwh[both].sum()) / expected_kwh,
        shares=Shares.known(share),
        method=method,
    )


def _no_ratio(system: str, finding: Finding) -> Figure:
    return Figure(
        name="pv_performance_ratio",
        subject=system,
        value=None,
        shares=Shares.none(),
        method="pv-performance-ratio/1 (IEC 61724-1, joint hours)",
        findings=(finding,),
    )
