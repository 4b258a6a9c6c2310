"""Faults of registers: from the start on one counts from elsewhere, for ever."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace

import numpy as np

from simulators.devices.block import DECIMALS, Block
from simulators.devices.grid import Floats
from simulators.faults.fault import Act, Bools, Fault, Sent, positive, with_values

_ROLLOVER_NEAR_MS = 3 * 86_400_000


@dataclass(frozen=True)
class RegisterFault(Fault, ABC):
    """Its carry keeps the register at the start; a fault that foresees finds it there from the
    first month on (see FaultySite).
    """

    turn = 0  # one after the other, by their starts
    befalls = "total_increasing"
    anew = True

    def effect(self, act: Act, block: Block) -> Sent:
        values = block.values.copy()
        new = block.at_ms >= act.start_ms
        for column in act.columns:
            key = f"{act.key}/{block.quantities[column]}"
            if key not in act.carry and new.any():
                known = ~np.isnan(values[:, column])
                past = np.flatnonzero(known & ~new)
                first = np.flatnonzero(known & new)
                if len(past) or len(first):
                    act.carry[key] = float(values[past[-1] if len(past) else first[0], column])
            if key in act.carry and (self.foresees or new.any()):
                moved = self.rebased(values[:, column], act.carry[key], new, act.size)
                values[:, column] = np.round(moved, DECIMALS.get(block.quantities[column], 1))
        started = bool(act.inside(block.at_ms).any())
        return Sent([with_values(block, values)], touched=len(act.columns) if started else 0)

    @abstractmethod
    def rebased(self, before: Floats, at_start: float, new: Bools, size: float) -> Floats:
        """A register that showed `at_start` when the fault began, as it shows itself with it;
        `new` are the rows since then, `size` is where it rolls over.
        """


@dataclass(frozen=True)
class Rollover(RegisterFault):
    kind = "rollover"
    meaning = "the register reaches its largest value (`size`) at the start and begins at 0"
    found_as = frozenset({"register_rollover"})
    foresees = True

    size: float = positive(1_000_000.0)

    @property
    def rolls_over_at(self) -> float:
        return self.size

    def effect(self, act: Act, block: Block) -> Sent:
        sent = super().effect(act, block)
        # A register that stands still, as heat does in summer, passes nothing: nothing to find.
        near = np.abs(block.at_ms - act.start_ms) < _ROLLOVER_NEAR_MS
        around = block.values[near][:, np.array(act.columns)]
        moves = around.size > 0 and bool(
            (np.nanmax(around, axis=0) > np.nanmin(around, axis=0)).any()
        )
        return sent if moves else replace(sent, touched=0)

    def rebased(self, before: Floats, at_start: float, new: Bools, size: float) -> Floats:
        # Chosen so that the register passes its size at the start of the fault.
        shifted = before - at_start
        return np.where(new, shifted % self.size, (shifted + self.size) % self.size)


@dataclass(frozen=True)
class Swap(RegisterFault):
    kind = "swap"
    meaning = "another meter from the start on, its register beginning at `value`"
    found_as = frozenset({"meter_replaced", "register_reset"})

    value: float = 12.0

    def rebased(self, before: Floats, at_start: float, new: Bools, size: float) -> Floats:
        return np.where(new, (before - at_start + self.value) % size, before)


@dataclass(frozen=True)
class Reset(RegisterFault):
    kind = "reset"
    meaning = "the register falls to 0 at the start and counts on from there"
    found_as = frozenset({"register_reset", "meter_replaced"})

    def rebased(self, before: Floats, at_start: float, new: Bools, size: float) -> Floats:
        return np.where(new, (before - at_start) % size, before)


KINDS = (Rollover, Swap, Reset)
