"""Faults on the way: readings that are lost, come twice, late or in another order."""

from dataclasses import dataclass

import numpy as np

from simulators.devices.block import Block
from simulators.faults.fault import Act, Fault, FaultAtRate, Sent, rows_of, with_values

_ROWS_REORDERED = 12


@dataclass(frozen=True)
class Loss(FaultAtRate):
    kind = "loss"
    meaning = "readings that never come (`rate` of them inside)"
    turn = 30
    found_as = frozenset(
        {"readings_missing", "use_incomplete", "main_meter_silent", "meter_silent"}
    )

    def effect(self, act: Act, block: Block) -> Sent:
        lost = self.hit(act, block)
        values = block.values.copy()
        values[np.ix_(lost, np.array(act.columns))] = np.nan
        return Sent([with_values(block, values)], touched=int(lost.sum()) * len(act.columns))


@dataclass(frozen=True)
class Duplicate(FaultAtRate):
    kind = "duplicate"
    meaning = "messages sent twice"
    turn = 32

    def effect(self, act: Act, block: Block) -> Sent:
        repeated = rows_of(block, self.hit(act, block))
        return Sent([block], again=[repeated], touched=repeated.readings)


@dataclass(frozen=True)
class Reorder(Fault):
    kind = "reorder"
    meaning = "messages out of order"
    turn = 34

    def effect(self, act: Act, block: Block) -> Sent:
        inside = np.flatnonzero(act.inside(block.at_ms))
        if not len(inside):
            return Sent([block])
        low, high = int(inside[0]), int(inside[-1]) + 1
        parts = [
            block.part(i, min(i + _ROWS_REORDERED, high)) for i in range(low, high, _ROWS_REORDERED)
        ]
        order = act.noise.permutation(len(parts))
        shuffled = [parts[i] for i in order]
        return Sent(
            [block.part(0, low), *shuffled, block.part(high, len(block.at_ms))],
            touched=sum(p.readings for p in parts),
        )


@dataclass(frozen=True)
class Burst(Fault):
    kind = "burst"
    meaning = "nothing during the time, then everything at once"
    turn = 33

    def effect(self, act: Act, block: Block) -> Sent:
        late = act.inside(block.at_ms)
        kept = rows_of(block, late)
        # What was kept in the buffer comes after some of what was read later.
        return Sent([rows_of(block, ~late), kept], touched=kept.readings)


KINDS = (Loss, Duplicate, Reorder, Burst)
