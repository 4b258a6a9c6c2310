"""Rooftop PV: yields and performance ratio (IEC 61724-1), self-use and self-sufficiency.

Energy in kWh, irradiance in the plane of the array in W/m², P0 in kWp at standard test
conditions (1000 W/m², 25 °C).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from config.processing import processing_settings
from domain.figures import Figure, Shares
from domain.findings import Finding
from domain.places import Carrier, PvSystem
from processing.curves.curve import Floats, Ints, UseCurve, on_grid
from processing.curves.measured_states import believed, integral_curve, mean_on_grid
from processing.curves.registers import (
    HOUR_MS,
    RegisterRules,
    RegisterSpec,
    default_rules,
    use_curve,
)
from processing.solar.plane import plane_irradiance
from processing.use.consumption import MeterUse, Period, Samples, shares_of, value_or_none

REFERENCE_W_PER_M2 = 1000.0
STC_TEMPERATURE_C = 25.0
LEAST_JOINT_SHARE = 0.5
"""No performance ratio when energy and irradiance are known together for less of the time."""
_NO_CUT = 2**62


@dataclass(frozen=True, slots=True)
class PvSource:
    """What a PV system said: generation as a curve (kWh), irradiation (Wh/m²), module °C·h.

    `is_transposed`: the irradiation was computed from a weather station's horizontal one.
    """

    system: PvSystem
    generation: MeterUse
    irradiation: UseCurve
    module_temperature: UseCurve
    is_transposed: bool = False


def pv_source(
    system: PvSystem,
    samples: Samples,
    weather_device: str = "",
    rules: RegisterRules | None = None,
) -> PvSource | None:
    """The curves of a system: its energy register, or else its integrated AC power.

    None when it reported neither. Without an irradiance sensor of its own, the horizontal
    irradiance of the weather device is turned into its plane where the registry says how the
    array is mounted.
    """
    rules = rules or default_rules()
    interval_ms = system.expected_interval_s * 1000
    longest_ms = max(2 * HOUR_MS, interval_ms * 5 // 2)
    empty = (np.empty(0, np.int64), np.empty(0))
    at, register = samples.get((system.id, "pv_energy_kwh"), empty)
    if at.size:
        spec = RegisterSpec(max_rate_per_h=system.capacity_kwp)
        curve = use_curve(at, register, spec, rules)
    else:
        at, power_w = samples.get((system.id, "pv_power_w"), empty)
        most_kw = system.capacity_kwp * processing_settings().solar.most_of_capacity_ratio
        at, power_kw, dropped = believed(at, power_w / 1000.0, -most_kw / 10, most_kw)
        curve = replace(integral_curve(at, power_kw, longest_ms), events=dropped)
    if curve.at_ms.size < 2:
        return None
    use = MeterUse(
        meter=system.id,
        name="pv_generation_kwh",
        carrier=Carrier.ELECTRICITY,
        is_main=False,
        interval_ms=interval_ms,
        max_gap_ms=max(rules.max_gap_ms, interval_ms * 3 // 2),
        curve=curve,
        service_ms=int(curve.at_ms[0]),
    )
    sun = samples.get((system.id, "irradiance_w_per_m2"), empty)
    transposed = None
    if sun[0].size == 0:
        level = samples.get((weather_device, "irradiance_w_per_m2"), empty)
        transposed = plane_irradiance(system, *level) if level[0].size else None
        sun = sun if transposed is None else (level[0], transposed)
    warmth = samples.get((system.id, "module_temperature_c"), empty)
    return PvSource(
        system=system,
        generation=use,
        irradiation=integral_curve(*sun, longest_ms),
        module_temperature=integral_curve(*warmth, longest_ms),
        is_transposed=transposed is not None,
    )


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
            shares=_known_share(1.0 - float(irradiation.missing[0])),
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
        shares=_known_share(share),
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
        shares=_known_share(share),
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


def _known_share(share: float) -> Shares:
    return Shares(share, 0.0, 1.0 - share)


@dataclass(frozen=True, slots=True)
class Balance:
    """A month's sums around the grid meter, kWh; None where unknown."""

    generation_kwh: float | None
    export_kwh: float | None
    import_kwh: float | None
    shares: Shares


def self_use_kwh(balance: Balance) -> float | None:
    """Generation not exported. None when either is unknown or they contradict each other."""
    if balance.generation_kwh is None or balance.export_kwh is None:
        return None
    rest = balance.generation_kwh - balance.export_kwh
    if rest < -0.02 * balance.generation_kwh:
        return None
    return max(rest, 0.0)


def self_use_figures(systems: Sequence[tuple[str, Period]], balance: Balance) -> list[Figure]:
    """Self-use, self-use rate and self-sufficiency of the systems behind one connection.

    Export cannot be told apart by system: each has the same self-use rate. Self-sufficiency is
    the system's self-use over all self-use plus purchase.
    """
    total = self_use_kwh(balance)
    findings: tuple[Finding, ...] = ()
    if total is None and balance.generation_kwh is not None and balance.export_kwh is not None:
        numbers = {
            "export_kwh": round(balance.export_kwh, 1),
            "generation_kwh": round(balance.generation_kwh, 1),
        }
        findings = (Finding("pv_export_above_generation", "warning", "", numbers),)
    generation = balance.generation_kwh
    rate = total / generation if total is not None and generation else None
    figures = []
    for system, period in systems:
        own = value_or_none(period.whole.use)
        used = None if rate is None or own is None else own * rate
        sufficiency = None
        if used is not None and total is not None and balance.import_kwh is not None:
            need = total + balance.import_kwh
            sufficiency = used / need if need > 0 else None
        values = {
            "pv_self_use_kwh": used,
            "pv_self_use_ratio": rate,
            "pv_self_sufficiency_ratio": sufficiency,
        }
        figures += [
            Figure(
                name=name,
                subject=system,
                value=value,
                shares=balance.shares,
                method="generation-minus-export/1",
                findings=findings,
            )
            for name, value in values.items()
        ]
    return figures
