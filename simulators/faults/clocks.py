"""Faults of clocks: right values under wrong times."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np

from simulators.devices.block import Block
from simulators.devices.grid import Ints
from simulators.faults.fault import Act, Bools, Fault, Sent, rows_of


@dataclass(frozen=True)
class ClockFault(Fault, ABC):
    """One that moves the stamps of the rows within its time."""

    def effect(self, act: Act, block: Block) -> Sent:
        return _retimed(block, act.inside(block.at_ms), self.off_ms(act, block.at_ms))

    @abstractmethod
    def off_ms(self, act: Act, at_ms: Ints) -> Ints:
        """How far the clock is off at instants."""


@dataclass(frozen=True)
class ZoneSlip(ClockFault):
    kind = "zone_slip"
    meaning = "the clock off by `slip_h` hours"
    turn = 20
    found_as = frozenset({"conflict", "conflicting_readings", "use_incomplete", "use_estimated"})

    slip_h: float = 8.0

    def off_ms(self, act: Act, at_ms: Ints) -> Ints:
        return np.full(len(at_ms), round(self.slip_h * 3_600_000))


@dataclass(frozen=True)
class ClockDrift(ClockFault):
    kind = "clock_drift"
    meaning = "the clock gains `per_day` seconds a day"
    turn = 21

    per_day: float = 0.2

    def off_ms(self, act: Act, at_ms: Ints) -> Ints:
        return np.round(act.grown(at_ms, self.per_day * 1000.0)).astype(np.int64)


KINDS = (ZoneSlip, ClockDrift)


def _retimed(block: Block, moved: Bools, by_ms: Ints) -> Sent:
    """Rows with their stamps moved; one that meets an unmoved row contradicts it."""
    at = block.at_ms + np.where(moved, by_ms, 0)
    clash = moved & np.isin(at, block.at_ms[~moved])
    wrong = Block(block.device, block.quantities, at, block.values)
    good = rows_of(wrong, ~clash)
    order = np.argsort(good.at_ms, kind="stable")
    sorted_rows = Block(block.device, block.quantities, good.at_ms[order], good.values[order])
    return Sent(
        [sorted_rows], contradicting=[rows_of(wrong, clash)], touched=rows_of(block, moved).readings
    )
