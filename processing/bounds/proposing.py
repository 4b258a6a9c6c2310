"""Bounds that the registry lacks, proposed from a device's own history. Pure.

A proposal is for a person to look at, never a bound by itself. It rests on whole months of what was
believed, on what is reached again and again rather than on the largest, and leaves a margin. Where the
history is short or itself in doubt there is none, and the reason.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from config.processing import BoundsRules, processing_settings
from domain.calendar import DAY_MS, HOUR_MS
from domain.places import Bin, PvSystem
from domain.registry.unbounded import CAPACITY, EXPORT_RATE, MAX_RATE, TARE
from processing.curves.curve import MEASURED, Floats, Ints, UseCurve, on_grid
from processing.curves.meter_use import MeterUse
from processing.curves.register_spec import RegisterRules, default_rules
from processing.waste.weighing import bin_history

PEAK_POWER = "capacity_kwp"
Why = Literal["", "no_history", "too_short", "in_doubt", "fits"]
"""Why nothing is proposed; empty: something is. ``fits``: what is registered agrees."""
_SUSPECT = frozenset({"register_scaled", "register_jump"})
"""After these nobody knows in which unit, or of which meter, the history is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A bound for one field of a device.

    `value` in the field's unit; None where `why` says why not. `days` is how many days of known
    readings it rests on, `whole_year` whether these are of twelve months.
    """

    device: str
    field: str
    value: float | None
    days: int
    whole_year: bool = False
    why: Why = ""


Months = Sequence[tuple[int, int]]
"""Whole months: [start, end) of each in ms, the first one first."""


def propose_rate(
    use: MeterUse,
    readings: int,
    months: Months,
    field: str = MAX_RATE,
    rules: BoundsRules | None = None,
    register: RegisterRules | None = None,
) -> Proposal:
    """The most a meter's branch carries, in the register's unit per hour after the multiplier.

    Of each whole month that is known the rate that all but one in a hundred of the hours in use
    stay below; of these the highest, with a margin, and never so low that a step of the register
    itself would be refused. `readings` is how many the meter sent in these months.
    """
    rules, register = rules or processing_settings().bounds, register or default_rules()
    curve = use.curve if use.unfilled is None else use.unfilled
    high, days, whole_year = _high_rates(curve, months, use.max_gap_ms, rules)
    why = _doubt(curve, high, days, readings, months, rules)
    if why:
        return Proposal(device=use.meter, field=field, value=None, days=days, why=why)
    margin = rules.margin_ratio if whole_year else rules.margin_of_part_ratio
    value = max(margin * max(high), _largest_tick(curve, months, register))
    return Proposal(
        device=use.meter, field=field, value=rounded_up(value), days=days, whole_year=whole_year
    )


def propose_rates(uses: Sequence[MeterUse], readings: int, months: Months) -> list[Proposal]:
    """Of a meter's register, and of a two-way meter's other one too: a rate registered for one alone
    would hold for both. Where the other's cannot be told, neither is proposed."""
    main, *others = uses
    found = [propose_rate(main, readings, months)]
    for other in others:
        if not np.any(other.curve.step > 0):
            continue
        beside = propose_rate(other, readings, months, EXPORT_RATE)
        if beside.value is None or found[0].value is None:
            why = found[0].why or beside.why
            return [replace(found[0], value=None, why=why)]
        found.append(beside)
    return found


def propose_peak(
    system: PvSystem,
    use: MeterUse,
    readings: int,
    months: Months,
    rules: BoundsRules | None = None,
) -> Proposal:
    """A PV system's P0, in kW, where its highest hours cannot be those of the registered one."""
    rules = rules or processing_settings().bounds
    high, days, whole_year = _high_rates(use.curve, months, use.max_gap_ms, rules)
    why = _doubt(use.curve, high, days, readings, months, rules)
    if not why and len(high) < rules.peak_months:
        why = "too_short"
    peak = max(high, default=0.0)
    least, most = rules.least_peak_ratio, rules.most_peak_ratio
    if not why and least * system.capacity_kwp <= peak <= most * system.capacity_kwp:
        why = "fits"
    value = None if why else rounded_up(peak / rules.usual_peak_ratio)
    return Proposal(
        device=system.id,
        field=PEAK_POWER,
        value=value,
        days=days,
        whole_year=whole_year,
        why=why,
    )


def propose_masses(
    bin_: Bin, at_ms: Ints, mass_kg: Floats, months: Months, rules: BoundsRules | None = None
) -> Iterator[Proposal]:
    """What a bin holds, by what was taken out of it, and its tare, by what it weighs after that."""
    rules = rules or processing_settings().bounds
    inside = np.zeros(at_ms.size, dtype=bool)
    for start, end in months:
        inside |= (at_ms >= start) & (at_ms < end)
    at, gross = at_ms[inside], mass_kg[inside]
    history = bin_history(bin_, at, gross)
    days = int(np.unique(at // DAY_MS).size)
    taken = history.collected_kg
    few = taken.size < rules.fewest_collections or days < rules.least_days
    dropped = len(history.deposits.events) > rules.most_dropped_ratio * at.size
    why: Why = "too_short" if few else "in_doubt" if dropped else ""
    whole_year = len(months) >= 12
    if bin_.capacity_kg is None:
        fill = 0.0 if why else float(np.quantile(taken, rules.fill_quantile))
        value = None if why else rounded_up(rules.fill_margin_ratio * fill)
        yield Proposal(
            device=bin_.id, field=CAPACITY, value=value, days=days, whole_year=whole_year, why=why
        )
    if bin_.tare_kg == 0:
        empty = gross[np.isin(at, history.collected_at_ms)]
        tare = 0.0 if why else float(np.median(empty))
        scatter = 0.0 if why else float(np.median(np.abs(empty - tare)))
        if not why and scatter > rules.tare_scatter_ratio * max(tare, 1.0):
            why = "in_doubt"
        yield Proposal(
            device=bin_.id,
            field=TARE,
            value=None if why else round(tare, 1),
            days=days,
            whole_year=whole_year,
            why=why,
        )


def rounded_up(value: float) -> float:
    """To two digits, upwards: more would be pretence.

    >>> rounded_up(41.3), rounded_up(0.0123), rounded_up(250.0)
    (42.0, 0.013, 250.0)
    """
    if value <= 0:
        return 0.0
    unit = 10.0 ** (math.floor(math.log10(value)) - 1)
    return float(f"{math.ceil(value / unit - 1e-9) * unit:.2g}")


def _high_rates(
    curve: UseCurve, months: Months, max_gap_ms: int, rules: BoundsRules
) -> tuple[list[float], int, bool]:
    """The high rate an hour of each month that is known and in use, how many days are known, and
    whether twelve months are."""
    found, known_h, known_months = [], 0, 0
    for start, end in months:
        grid = on_grid(curve, np.arange(start, end + 1, HOUR_MS, dtype=np.int64), max_gap_ms)
        known = grid.missing <= 0.0
        if len(grid) == 0 or known.mean() < rules.least_known_ratio:
            continue
        known_h += int(known.sum())
        known_months += 1
        using = grid.use[known & (np.nan_to_num(grid.use) > 0)]
        if using.size >= rules.fewest_hours:
            found.append(float(np.quantile(using, rules.high_quantile)))
    return found, known_h // 24, known_months >= 12


def _doubt(
    curve: UseCurve,
    high: Sequence[float],
    days: int,
    readings: int,
    months: Months,
    rules: BoundsRules,
) -> Why:
    if not months or not high or days < rules.least_days:
        return "too_short" if days else "no_history"
    first, end = months[0][0], months[-1][1]
    events = [e.code for e in curve.events if first <= e.at_ms < end]
    if _SUSPECT.intersection(events):
        return "in_doubt"
    if events.count("reading_dropped") > rules.most_dropped_ratio * readings:
        return "in_doubt"
    uneven = max(high) > rules.most_of_usual_month_ratio * float(np.median(high))
    return "in_doubt" if uneven else ""


def _largest_tick(curve: UseCurve, months: Months, rules: RegisterRules) -> float:
    """The rate that the judge must allow for the steps of a coarse register that is read often."""
    start, end = months[0][0], months[-1][1]
    inside = (curve.segment == MEASURED) & (curve.at_ms[:-1] >= start) & (curve.at_ms[1:] <= end)
    length = np.maximum(np.diff(curve.at_ms)[inside], rules.shortest_ms)
    using = curve.step[inside] > 0
    if not using.any():
        return 0.0
    rate = curve.step[inside][using] / length[using] * HOUR_MS
    return float(np.quantile(rate, 0.999)) / rules.spike_factor


def readings_within(at_ms: Ints, months: Months) -> int:
    """How many of sorted instants lie in the months."""
    if not months:
        return 0
    low, high = np.searchsorted(at_ms, (months[0][0], months[-1][1]))
    return int(high - low)
