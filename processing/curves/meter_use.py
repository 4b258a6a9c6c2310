"""The use of a meter as a curve, from what its registers said and the registry knows of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace

import numpy as np
import numpy.typing as npt

from config.processing import processing_settings
from domain.calendar import local_midnight, to_ms
from domain.carriers import EXPORT, FIGURE_OF_REGISTER
from domain.places import Carrier, Dated, Device, Institution, Meter, service_until
from domain.quantities import QUANTITIES
from processing.curves.curve import Floats, GridUse, Ints, UseCurve, on_grid
from processing.curves.register_spec import RegisterRules, RegisterSpec, Swap, default_rules
from processing.curves.registers import use_curve

Samples = Mapping[tuple[str, str], tuple[Ints, Floats]]
"""(device, quantity) → (at_ms, values): everything the store holds of some series."""

CorrectedAt = Mapping[tuple[str, str], Ints]
"""(device, quantity) → sorted instants at which the samples are not what the device said."""

NEVER_ENDS = 2**62
"""The end of service of what goes on."""

_NONE: Ints = np.empty(0, np.int64)


@dataclass(frozen=True, slots=True)
class MeterUse:
    """The curve of one register of one meter. `name` is the figure it gives.

    `service_ms` is the instant from which its silence is missing data: as registered, else its
    first reading. `unfilled` is the curve before its gaps were filled, if any were.
    `corrected_ms` are the instants of readings corrected by hand, sorted. From `until_ms` on the
    meter is out of service: what it says then is no use, and its silence not missing.
    """

    meter: str
    name: str
    carrier: Carrier
    is_main: bool
    interval_ms: int
    max_gap_ms: int
    curve: UseCurve
    service_ms: int
    unfilled: UseCurve | None = None
    corrected_ms: Ints = field(default_factory=lambda: _NONE)
    until_ms: int = NEVER_ENDS

    def idle(self, edges_ms: Ints) -> npt.NDArray[np.bool_]:
        """Which intervals lie wholly before or after its service."""
        before = edges_ms[1:] <= self.service_ms
        gone: npt.NDArray[np.bool_] = before | (edges_ms[:-1] >= self.until_ms)
        return gone

    def corrections(self, edges_ms: Ints) -> Ints:
        """How many corrected readings the use of each interval rests on: those from the last
        reading at or before its start to the first at or after its end."""
        if self.corrected_ms.size == 0:
            return np.zeros(max(edges_ms.size - 1, 0), np.int64)
        at = (self.curve if self.unfilled is None else self.unfilled).at_ms
        ends = np.concatenate(([np.iinfo(np.int64).min], at, [np.iinfo(np.int64).max]))
        start = ends[np.searchsorted(at, edges_ms[:-1], side="right")]
        end = ends[np.searchsorted(at, edges_ms[1:]) + 1]
        low = np.searchsorted(self.corrected_ms, start)
        return np.searchsorted(self.corrected_ms, end, side="right") - low

    def grid(self, edges_ms: Ints) -> GridUse:
        """The use in each interval.

        Filled gaps count only where they are needed: an interval that contains a whole gap
        knows its use from the register and is measured.
        """
        filled = on_grid(self.curve, edges_ms, self.max_gap_ms)
        if self.unfilled is None:
            return filled
        plain = on_grid(self.unfilled, edges_ms, self.max_gap_ms)
        needed = plain.missing > filled.missing + 1e-12
        return GridUse(
            **{
                f.name: np.where(needed, getattr(filled, f.name), getattr(plain, f.name))
                for f in fields(GridUse)
            }
        )


def meter_uses(
    meter: Meter,
    samples: Samples,
    timezone: str,
    rules: RegisterRules | None = None,
    corrected: CorrectedAt | None = None,
) -> list[MeterUse]:
    """The curves of a meter's own register and, for electricity, of its export register.

    A register that never reported gives none, unless the meter is registered as in service.
    """
    rules = rules or default_rules()
    found = []
    service_ms = service_start(meter, timezone)
    for register in dict.fromkeys((meter.register, EXPORT.register)):
        at, value = samples.get((meter.id, register), (np.empty(0, np.int64), np.empty(0)))
        due = service_ms is not None and register == meter.register
        if register not in FIGURE_OF_REGISTER or not (at.size or due):
            continue
        interval_ms = meter.expected_interval_s * 1000
        by_hand = (corrected or {}).get((meter.id, register), _NONE)
        spec = replace(register_spec(meter, timezone, register), pinned_ms=tuple(by_hand.tolist()))
        curve = use_curve(at, value, spec, rules)
        found.append(
            MeterUse(
                meter=meter.id,
                name=FIGURE_OF_REGISTER[register],
                carrier=meter.carrier,
                is_main=not meter.parent,
                interval_ms=interval_ms,
                max_gap_ms=max(rules.max_gap_ms, interval_ms * 3 // 2),
                curve=curve,
                service_ms=service_ms if service_ms is not None else int(at.min()),
                corrected_ms=by_hand,
            )
        )
    return found


def service_end(device: Device, institution: Institution, last_ms: int | None = None) -> int:
    """The instant from which the device is out of service (NEVER_ENDS: it goes on).

    That is its last reading, `last_ms`, where the next one would have come after the end anyway.
    """
    day = service_until(device, institution)
    if day is None:
        return NEVER_ENDS
    end_ms = to_ms(local_midnight(day, institution.timezone))
    if last_ms is not None and end_ms - 2_000 * device.expected_interval_s <= last_ms < end_ms:
        return last_ms
    return end_ms


def service_start(device: Device, timezone: str) -> int | None:
    """The instant from which the registry wants the device to report; None if it says nothing."""
    day = device.in_service_from
    return None if day is None else to_ms(local_midnight(day, timezone))


def register_spec(meter: Meter, timezone: str, register: str = "") -> RegisterSpec:
    """What the registry says of a register of a meter (of its main one, if none is named), with
    dated factors starting at local midnights."""
    size, rate = meter.register_size, meter.max_rate_per_h
    swaps, multiplier = meter.swaps, meter.multiplier
    if register == EXPORT.register and register != meter.register:
        size = meter.export_register_size or size
        rate = meter.export_max_rate_per_h or rate
        swaps, multiplier = meter.export_swaps, meter.export_multiplier or multiplier
    return RegisterSpec(
        size=size,
        max_rate_per_h=rate,
        unproven_rate_per_h=_unproven_rate_per_h(register or meter.register, multiplier),
        swaps=tuple(
            Swap(s.at_ms, float("nan") if s.final is None else s.final, s.initial) for s in swaps
        ),
        multiplier=tuple(
            (to_ms(local_midnight(d.valid_from, timezone)), d.value)
            for d in sorted(multiplier, key=lambda d: d.valid_from)
        ),
    )


def _unproven_rate_per_h(register: str, multiplier: Sequence[Dated]) -> float:
    """What is believed, in register units, of a register whose habits are not known yet."""
    rates = processing_settings().habits.unproven_per_h()
    factor = min((d.value for d in multiplier), default=1.0)
    return rates[QUANTITIES[register].unit] / factor
