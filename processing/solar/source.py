"""What a PV system said, as curves: generation, irradiation in its plane, module temperature."""

from dataclasses import dataclass, replace

import numpy as np

from config.processing import processing_settings
from domain.calendar import HOUR_MS
from domain.places import Carrier, PvSystem
from processing.curves.curve import UseCurve
from processing.curves.measured_states import integral_curve
from processing.curves.meter_use import CorrectedAt, MeterUse, Samples
from processing.curves.register_spec import RegisterRules, RegisterSpec, default_rules
from processing.curves.registers import use_curve
from processing.quality.vouched import believed_but
from processing.solar.plane import plane_irradiance


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
    corrected: CorrectedAt | None = None,
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
        by_hand = (corrected or {}).get((system.id, "pv_energy_kwh"), np.empty(0, np.int64))
        spec = RegisterSpec(max_rate_per_h=system.capacity_kwp, pinned_ms=tuple(by_hand.tolist()))
        curve = use_curve(at, register, spec, rules)
    else:
        at, power_w = samples.get((system.id, "pv_power_w"), empty)
        most_kw = system.capacity_kwp * processing_settings().solar.most_of_capacity_ratio
        by_hand = (corrected or {}).get((system.id, "pv_power_w"), np.empty(0, np.int64))
        power_kw = power_w / 1000.0
        at, power_kw, dropped = believed_but(by_hand, at, power_kw, -most_kw / 10, most_kw)
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
