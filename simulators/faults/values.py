"""Faults of values: a device that measures wrongly for a time."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np

from domain.quantities import QUANTITIES
from simulators.devices.block import DECIMALS, Block
from simulators.devices.grid import Floats, Ints
from simulators.faults.fault import Act, Bools, Fault, FaultAtRate, Sent, with_values

_FAR_OFF = frozenset({"reading_dropped", "register_jump", "use_doubtful"})


@dataclass(frozen=True)
class ValueFault(Fault, ABC):
    """One that replaces values of some rows, all within its time."""

    def effect(self, act: Act, block: Block) -> Sent:
        wrong = self.struck(act, block)
        values = block.values.copy()
        if wrong.any():
            for column in act.columns:
                name, right = block.quantities[column], block.values[wrong, column]
                values[wrong, column] = self.measured(act, block.at_ms[wrong], name, right)
        return Sent([with_values(block, values)], touched=int(wrong.sum()) * len(act.columns))

    def struck(self, act: Act, block: Block) -> Bools:
        """The rows it replaces values of."""
        return act.inside(block.at_ms)

    @abstractmethod
    def measured(self, act: Act, at_ms: Ints, quantity: str, right: Floats) -> Floats | float:
        """What the device says of a quantity in place of what is right (at least one value)."""


@dataclass(frozen=True)
class Spike(ValueFault, FaultAtRate):
    kind = "spike"
    meaning = "single readings far off (times `factor`)"
    turn = 13
    found_as = _FAR_OFF

    factor: float = 1000.0

    def struck(self, act: Act, block: Block) -> Bools:
        return self.hit(act, block)

    def measured(self, act: Act, at_ms: Ints, quantity: str, right: Floats) -> Floats:
        return _possible(right * self.factor + self.factor, quantity)


@dataclass(frozen=True)
class Stuck(ValueFault):
    kind = "stuck"
    meaning = "the same value again and again, then the right one"
    turn = 11
    found_as = frozenset({"register_caught_up", "register_stuck", "register_jump", "use_doubtful"})

    def measured(self, act: Act, at_ms: Ints, quantity: str, right: Floats) -> float:
        return float(right[0])


@dataclass(frozen=True)
class Drift(ValueFault):
    kind = "drift"
    meaning = "a measurement goes off by `per_day` more each day"
    turn = 10
    found_as = frozenset({"sensor_drift"})
    befalls = "measurement"

    per_day: float = 0.2

    def measured(self, act: Act, at_ms: Ints, quantity: str, right: Floats) -> Floats:
        there = _possible(right + act.grown(at_ms, self.per_day), quantity)
        return np.round(there, DECIMALS.get(quantity, 1))


@dataclass(frozen=True)
class UnitSlip(ValueFault):
    kind = "unit_slip"
    meaning = "the value in another unit (times `factor`)"
    turn = 12
    found_as = _FAR_OFF

    factor: float = 1000.0

    def measured(self, act: Act, at_ms: Ints, quantity: str, right: Floats) -> Floats:
        return right * self.factor


KINDS = (Spike, Stuck, Drift, UnitSlip)


def _possible(values: Floats, quantity: str) -> Floats:
    """Within what is physically possible: beyond it is refused at the door, another matter."""
    low, high = _POSSIBLE.get(quantity, (None, None))
    if QUANTITIES[quantity].kind == "total_increasing":
        low = 0.0
    return np.asarray(np.clip(values, low, high), dtype=np.float64)


_POSSIBLE: dict[str, tuple[float | None, float | None]] = {
    **{f"voltage_{phase}_v": (0.0, None) for phase in "abc"},
    "power_factor_ratio": (-1.0, 1.0),
    "frequency_hz": (0.0, None),
    "module_temperature_c": (-90.0, 150.0),
    "outdoor_temperature_c": (-90.0, 70.0),
    "relative_humidity_pct": (0.0, 100.0),
    "fill_level_ratio": (0.0, 1.5),
    "distance_mm": (0.0, None),
    "bin_temperature_c": (-90.0, 900.0),
    "battery_pct": (0.0, 100.0),
}
"""What the simulated things cannot leave, whatever their devices say of them."""
