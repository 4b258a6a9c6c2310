"""Meters that go on reporting but have newly stopped counting."""

import numpy as np

from config.processing import BoardRules, processing_settings
from domain.calendar import DAY_MS
from domain.findings import Finding, Severity
from domain.places import Carrier
from processing.curves.curve import DOUBTFUL, MEASURED
from processing.curves.meter_use import MeterUse

SILENT = "use_fell_silent"

_SEASONAL = {Carrier.HEAT, Carrier.COOLING, Carrier.NATURAL_GAS}
"""What may well rest for a season, as single circuits may: told, but nothing to worry about."""


def fell_silent(
    use: MeterUse, start_ms: int, end_ms: int, rules: BoardRules | None = None
) -> tuple[Finding, ...]:
    """Whether a meter that goes on reporting has newly stopped counting, seen from `end_ms`.

    Its last reading is of the period's last day, its register has rested for over
    `zero_least_days` but not beyond `zero_longest_days`, and for over `zero_rest_factor` times
    its longest rest in the `zero_habit_days` before, in which there was use. Low use, which
    rests between one step of the register and the next, is none; zeros set aside as doubtful
    are. What comes later than `end_ms` changes nothing.
    """
    rules = rules or processing_settings().completeness
    curve = use.curve if use.unfilled is None else use.unfilled
    last = int(np.searchsorted(curve.at_ms, end_ms, "right")) - 1
    if last < 1 or curve.at_ms[last] < max(start_ms, end_ms - DAY_MS):
        return ()
    lately = int(np.searchsorted(curve.at_ms, end_ms - rules.zero_least_days * DAY_MS, "right"))
    if (curve.step[lately:last] > 0).any():
        return ()  # nearly all meters: the rest need not be looked at
    resting = ((curve.segment == MEASURED) | (curve.segment == DOUBTFUL)) & (curve.step <= 0)
    moved = np.flatnonzero(~resting[:last])
    if moved.size == 0 or curve.segment[moved[-1]] != MEASURED:
        return ()
    rests_from = int(curve.at_ms[moved[-1] + 1])
    rest_ms = int(curve.at_ms[last]) - rests_from
    if not rules.zero_least_days <= rest_ms / DAY_MS <= rules.zero_longest_days:
        return ()
    first = int(np.searchsorted(curve.at_ms, rests_from - rules.zero_habit_days * DAY_MS))
    steps = moved[moved >= first]
    # From one step to the next: the register stood still for so long, at most.
    between_ms = np.diff(curve.at_ms[steps + 1])
    if steps.size < 3 or rest_ms <= rules.zero_rest_factor * int(between_ms.max()):
        return ()
    usual = use.carrier in _SEASONAL or not use.is_main
    severity: Severity = "info" if usual else "warning"
    numbers = {"days": round(rest_ms / DAY_MS, 1)}
    return (Finding(SILENT, severity, use.meter, numbers),)
