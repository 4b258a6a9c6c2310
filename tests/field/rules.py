"""The three rules that no course may break, and exactly what each means.

One. A month's figure is at most 1 % (and two of the register's digits) over the truth, unless a
serious finding stands beside it. It may be under the truth by what truly was used in the time
that the figure itself calls missing, by 1 % more, and by what was used after the register moved for
the last time of all; a serious finding excuses more. Of bins:
`NOISE_KG` instead of digits.
Two. A message that came although there was nothing to say (see `Course.forged`) never makes the
missing share smaller than if it had not come.
Three. A figure is the same to the last bit whatever other institutions' devices say.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from domain.findings import Finding
from domain.places import AnyDevice, Bin, Carrier, Institution, Meter, PvSystem, WasteStream
from domain.registry import Registry
from processing.curves.curve import GridUse, on_grid
from processing.curves.filling import FillRules
from processing.curves.rules import shipped_rules
from processing.months.site import build_site
from processing.use.month_use import event_findings, events_between
from processing.waste.streams import stream_month
from processing.waste.weighing import bin_history
from tests.field.adversary import MONTH_H, Course
from tests.field.case import HOUR_MS, START_MS, Floats, Ints

_CARRIERS = {
    "electricity": (Carrier.ELECTRICITY, "energy_import_kwh"),
    "export": (Carrier.ELECTRICITY, "energy_import_kwh"),
    "water": (Carrier.WATER, "water_m3"),
    "gas": (Carrier.NATURAL_GAS, "gas_m3"),
    "heat": (Carrier.HEAT, "heat_gj"),
    "cooling": (Carrier.COOLING, "cooling_gj"),
}
MONTH_MS = np.array([START_MS + h * HOUR_MS for h in MONTH_H], np.int64)
NEVER = 2**62
NOISE_KG = 0.5
"""What 15 emptyings of a faultless bin cost at most (0.497 kg of 400): its scale rocks by 0.02 kg,
and nobody sees what is thrown in while it is emptied."""
HOURS_MS = START_MS + np.arange(MONTH_H[0], MONTH_H[1] + 1) * HOUR_MS


@dataclass(frozen=True)
class Judged:
    """What the month says of a course: as a whole, by hours, and what it tells."""

    whole: GridUse
    hours: GridUse
    findings: list[Finding]
    within: Floats | None = None
    """By hours, the share of time that is missing even if all is known between distant readings."""

    @property
    def unknown(self) -> Floats:
        """By hours, the share of time that the month as a whole calls missing: what a gap of known
        difference hides from its hours only counts where the gap reaches over the month's ends."""
        if self.within is None:
            return self.hours.missing
        gone = self.hours.missing > 0
        cut = np.logical_and.accumulate(gone) | np.logical_and.accumulate(gone[::-1])[::-1]
        return np.where(cut, self.hours.missing, self.within)

    @property
    def value(self) -> float:
        return float(self.whole.use[0])

    @property
    def missing(self) -> float:
        return float(self.whole.missing[0])

    @property
    def is_serious(self) -> bool:
        return any(f.severity == "serious" for f in self.findings)


def device_of(course: Course, name: str = "i") -> AnyDevice:
    """The device as registered; its bounds only where the course has some."""
    interval_s = round(course.step_h * 3600)
    if course.kind == "bin":
        capacity = 40.0 + 6 * course.peak if course.bounded else None
        return Bin(
            id=f"d-{name}",
            institution=name,
            stream=WasteStream.RESIDUAL,
            tare_kg=10.0,
            capacity_kg=capacity,
            expected_interval_s=interval_s,
        )
    if course.kind in ("pv", "pv_power"):
        return PvSystem(
            id=f"d-{name}",
            institution=name,
            capacity_kwp=course.peak * 1.1,
            expected_interval_s=interval_s,
        )
    carrier, register = _CARRIERS[course.kind]
    rate = course.peak * 1.5 if course.bounded else None
    return Meter(
        id=f"d-{name}",
        institution=name,
        carrier=carrier,
        register=register,
        expected_interval_s=interval_s,
        max_rate_per_h=rate,
        export_max_rate_per_h=rate,
    )


def quantity_of(course: Course) -> str:
    names = {"pv": "pv_energy_kwh", "pv_power": "pv_power_w", "bin": "mass_kg"}
    names["export"] = "energy_export_kwh"
    return names.get(course.kind) or _CARRIERS[course.kind][1]


def judged(course: Course, *, with_forged: bool = True) -> Judged | None:
    """The month of a course; None if there is nothing of it."""
    device, said = device_of(course), course.said(with_forged=with_forged)
    samples: dict[tuple[str, str], tuple[Ints, Floats]] = {(device.id, quantity_of(course)): said}
    if course.kind == "export":
        samples[device.id, "energy_import_kwh"] = (said[0][:1], np.zeros(1))
    if isinstance(device, Bin):
        history = bin_history(device, *said)
        day_ms = np.arange(MONTH_MS[0], MONTH_MS[1] + 1, 24 * HOUR_MS)
        month = stream_month(device.stream, [history], day_ms)
        hours = stream_month(device.stream, [history], HOURS_MS)
        return Judged(month.period.whole, hours.period.days, list(month.period.findings))
    registry = Registry((Institution("i", "i", "i"),), (), (device,))
    no_filling = FillRules("none", shipped_rules()[1].longer_than_ms, 0, 0)
    site = build_site(registry, registry.institutions[0], samples, fill=no_filling)
    uses = [*site.meters, *(p.generation for p in site.pv)]
    wanted = {"export": "electricity_export_kwh"}.get(course.kind)
    uses = [u for u in uses if u.curve.at_ms.size > 1 and wanted in (None, u.name)]
    if not uses:
        return None
    (use,) = uses
    events = events_between(use.curve.events, int(MONTH_MS[0]), int(MONTH_MS[1]))
    within = on_grid(use.curve, HOURS_MS, NEVER).missing
    findings = event_findings(events, use.meter)
    return Judged(use.grid(MONTH_MS), use.grid(HOURS_MS), findings, within)


def _until_its_last_word(course: Course) -> npt.NDArray[np.bool_]:
    """The hours before the register moved for the last time: that it rests afterwards, or that a
    gateway repeats its value, only what comes next could tell."""
    if course.kind in ("bin", "pv_power"):
        return np.ones(HOURS_MS.size - 1, dtype=bool)
    at, value = course.said()
    finite = np.isfinite(value)
    moves = np.flatnonzero(np.diff(value[finite]) != 0)
    last = at[finite][moves[-1] + 1] if moves.size else at[0]
    return np.asarray(HOURS_MS[:-1] < last, dtype=bool)


def broken_rule(course: Course) -> str:
    """Which of the first two rules the course breaks, with numbers; empty: none."""
    with np.errstate(all="raise", under="ignore"):
        found = judged(course)
    if found is None or not np.isfinite(found.value):
        return ""
    true = np.diff(np.interp(HOURS_MS, course.at, course.used))
    truth = float(true.sum())
    edge = max(6, round(1.5 * course.step_h))
    near = float(true[:edge].sum() + true[-edge:].sum()) if found.whole.estimated[0] > 0 else 0.0
    slack = 0.01 * truth + (NOISE_KG if course.kind == "bin" else 2 * course.digit) + near
    lost = float((true * found.unknown).sum()) if found.missing > 0 else 0.0
    numbers = f"{found.value:.2f} for {truth:.2f}, missing {found.missing:.4f}, lost {lost:.2f}"
    told = ", ".join(f.code for f in found.findings)
    if found.value > truth + slack and not found.is_serious:
        return f"too much: {numbers}, slack {slack:.2f}: {told}"
    told_of = _until_its_last_word(course)
    lost += float((true * (1.0 - found.unknown))[~told_of].sum())
    if truth - found.value > lost + slack and not found.is_serious:
        return f"too little: {numbers}, slack {slack:.2f}: {told}"
    if course.forged.any():
        without = judged(course, with_forged=False)
        if not told_of.all() and without is not None:
            hides = float((without.hours.missing - found.hours.missing)[told_of].sum())
            return f"a bad message hides {hides:.1f} h: {told}" if hides > 1e-6 else ""
        if without is not None and found.missing < without.missing - 1e-9:
            return f"a bad message hides {without.missing - found.missing:.4f}: {told}"
    return ""
