"""What each fault does to the readings of one device in one month.

Pure functions: a block (and what the fault remembers between months) gives what is really sent.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from domain.quantities import QUANTITIES
from simulators.devices.block import DECIMALS, Block, Carry
from simulators.devices.grid import Floats, Ints
from simulators.faults.spec import FaultSpec

Bools = NDArray[np.bool_]
_DAY_MS = 86_400_000.0
_ROWS_REORDERED = 12


@dataclass
class Sent:
    """What leaves the device: blocks in the order of sending, and rows that go wrong."""

    blocks: list[Block]
    again: list[Block] = field(default_factory=list)
    """Rows that are sent once more as they are."""
    contradicting: list[Block] = field(default_factory=list)
    """Rows whose time another reading of the series already has."""
    garbled: list[Block] = field(default_factory=list)
    """Rows that are sent as bytes nobody can read."""
    struck_ms: list[int] = field(default_factory=list)
    """Times of rows at which something befalls the line."""
    touched: int = 0


@dataclass(frozen=True)
class Act:
    """One fault at work on one device: when, how, and with which randomness."""

    spec: FaultSpec
    key: str
    start_ms: int
    end_ms: int
    noise: np.random.Generator
    size: float = math.inf
    """Where the device's register rolls over, whatever else befalls it."""

    def inside(self, at_ms: Ints) -> Bools:
        """Rows within the fault's time (half-open)."""
        return (at_ms >= self.start_ms) & (at_ms < self.end_ms)

    def hit(self, at_ms: Ints) -> Bools:
        """Rows within its time that it hits, by its rate."""
        drawn = self.noise.random(len(at_ms)) < self.spec.rate
        return self.inside(at_ms) & drawn


Effect = Callable[[Act, Block, list[int], Carry], Sent]
"""``effect(act, block, columns, carry)``: `columns` are those the fault may touch."""


def _loss(act: Act, block: Block, columns: list[int], carry: Carry) -> Sent:
    del carry
    lost = act.hit(block.at_ms)
    values = block.values.copy()
    values[np.ix_(lost, np.array(columns))] = np.nan
    return Sent([_with(block, values)], touched=int(lost.sum()) * len(columns))


def _duplicate(act: Act, block: Block, columns: list[int], carry: Carry) -> Sent:
    del columns, carry
    repeated = _rows(block, act.hit(block.at_ms))
    return Sent([block], again=[repeated], touched=repeated.readings)


def _reorder(act: Act, block: Block, columns: list[int], carry: Carry) -> Sent:
    del columns, carry
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


def _burst(act: Act, block: Block, columns: list[int], carry: Carry) -> Sent:
    del columns, carry
    late = act.inside(block.at_ms)
    kept = _rows(block, late)
    # What was kept in the buffer comes after some of what was read later.
    return Sent([_rows(block, ~late), kept], touched=kept.readings)


_ROLLOVER_NEAR_MS = 3 * 86_400_000


def _rollover(act: Act, block: Block, columns: list[int], carry: Carry) -> Sent:
    def rolled(before: Floats, remembered: float, new: Bools) -> Floats:
        # Chosen so that the register passes its size at the start of the fault.
        shifted = before - remembered
        return np.where(new, shifted % act.spec.size, (shifted + act.spec.size) % act.spec.size)

    sent = _rebased(act, block, columns, carry, rolled, before_too=True)
    # A register that stands still, as heat does in summer, passes nothing: no fault to find.
    near = np.abs(block.at_ms - act.start_ms) < _ROLLOVER_NEAR_MS
    around = block.values[near][:, columns]
    moves = around.size > 0 and bool((np.nanmax(around, axis=0) > np.nanmin(around, axis=0)).any())
    return sent if moves else replace(sent, touched=0)


def _swap(act: Act, block: Block, columns: list[int], carry: Carry) -> Sent:
    def replaced(before: Floats, remembered: float, new: Bools) -> Floats:
        return np.where(new, (before - remembered + act.spec.value) % act.size, before)

    return _rebased(act, block, columns, carry, replaced)


def _reset(act: Act, block: Block, columns: list[int], carry: Carry) -> Sent:
    def zeroed(before: Floats, remembered: float, new: Bools) -> Floats:
        return np.where(new, (before - remembered) % act.size, before)

    return _rebased(act, block, columns, carry, zeroed)


def _rebased(
    act: Act,
    block: Block,
    columns: list[int],
    carry: Carry,
    rebase: Callable[[Floats, float, Bools], Floats],
    before_too: bool = False,
) -> Sent:
    """A register that counts from elsewhere after the start, for ever.

    `carry` keeps the register at the start; a rollover, which shows in all months before too,
    finds it there from the first month on (see FaultySite).
    """
    values = block.values.copy()
    new = block.at_ms >= act.start_ms
    for column in columns:
        key = f"{act.key}/{block.quantities[column]}"
        if key not in carry and new.any():
            known = ~np.isnan(values[:, column])
            past = np.flatnonzero(known & ~new)
            first = np.flatnonzero(known & new)
            if len(past) or len(first):
                carry[key] = float(values[past[-1] if len(past) else first[0], column])
        if key in carry and (before_too or new.any()):
            moved = rebase(values[:, column], carry[key], new)
            values[:, column] = np.round(moved, DECIMALS.get(block.quantities[column], 1))
    started = bool(act.inside(block.at_ms).any())
    return Sent([_with(block, values)], touched=len(columns) if started else 0)


def _spike(act: Act, block: Block, columns: list[int], carry: Carry) -> Sent:
    del carry
    hit = act.hit(block.at_ms)
    values = block.values.copy()
    for column in columns:
        quantity = QUANTITIES[block.quantities[column]]
        far = values[hit, column] * act.spec.factor + act.spec.factor
        # A spike beyond what is physically possible is refused at the door: another matter.
        values[hit, column] = np.clip(far, quantity.minimum, quantity.maximum)
    return Sent([_with(block, values)], touched=int(hit.sum()) * len(columns))


def _stuck(act: Act, block: Block, columns: list[int], carry: Carry) -> Sent:
    del carry
    inside = act.inside(block.at_ms)
    values = block.values.copy()
    if inside.any():
        first = int(np.flatnonzero(inside)[0])
        values[np.ix_(inside, np.array(columns))] = values[first, columns]
    return Sent([_with(block, values)], touched=int(inside.sum()) * len(columns))


def _drift(act: Act, block: Block, columns: list[int], carry: Carry) -> Sent:
    del carry
    inside = act.inside(block.at_ms)
    off = act.spec.per_day * (block.at_ms - act.start_ms) / _DAY_MS
    values = block.values.copy()
    for column in columns:
        quantity = QUANTITIES[block.quantities[column]]
        wrong = np.clip(values[:, column] + off, quantity.minimum, quantity.maximum)
        wrong = np.round(wrong, DECIMALS.get(quantity.name, 1))
        values[:, column] = np.where(inside, wrong, values[:, column])
    return Sent([_with(block, values)], touched=int(inside.sum()) * len(columns))


def _unit_slip(act: Act, block: Block, columns: list[int], carry: Carry) -> Sent:
    del carry
    inside = act.inside(block.at_ms)
    values = block.values.copy()
    values[np.ix_(inside, np.array(columns))] *= act.spec.factor
    return Sent([_with(block, values)], touched=int(inside.sum()) * len(columns))


def _zone_slip(act: Act, block: Block, columns: list[int], carry: Carry) -> Sent:
    del columns, carry
    inside = act.inside(block.at_ms)
    return _retimed(block, inside, np.full(len(block.at_ms), round(act.spec.slip_h * 3_600_000)))


def _clock_drift(act: Act, block: Block, columns: list[int], carry: Carry) -> Sent:
    del columns, carry
    inside = act.inside(block.at_ms)
    gained = act.spec.per_day * 1000.0 * (block.at_ms - act.start_ms) / _DAY_MS
    return _retimed(block, inside, np.round(gained).astype(np.int64))


def _retimed(block: Block, moved: Bools, by_ms: Ints) -> Sent:
    """Rows with their stamps moved; one that meets an unmoved row contradicts it."""
    at = block.at_ms + np.where(moved, by_ms, 0)
    clash = moved & np.isin(at, block.at_ms[~moved])
    wrong = Block(block.device, block.quantities, at, block.values)
    good = _rows(wrong, ~clash)
    order = np.argsort(good.at_ms, kind="stable")
    sorted_rows = Block(block.device, block.quantities, good.at_ms[order], good.values[order])
    return Sent(
        [sorted_rows], contradicting=[_rows(wrong, clash)], touched=_rows(block, moved).readings
    )


def _malformed(act: Act, block: Block, columns: list[int], carry: Carry) -> Sent:
    del columns, carry
    hit = act.hit(block.at_ms)
    garbled = _rows(block, hit)
    return Sent([_rows(block, ~hit)], garbled=[garbled], touched=garbled.readings)


def _on_line(act: Act, block: Block, columns: list[int], carry: Carry) -> Sent:
    del columns, carry
    struck: list[int] = block.at_ms[act.hit(block.at_ms)].tolist()
    return Sent([block], struck_ms=struck, touched=len(struck))


def _rows(block: Block, chosen: Bools) -> Block:
    return Block(block.device, block.quantities, block.at_ms[chosen], block.values[chosen])


def _with(block: Block, values: Floats) -> Block:
    return Block(block.device, block.quantities, block.at_ms, values)


EFFECTS: dict[str, Effect] = {
    "loss": _loss,
    "duplicate": _duplicate,
    "reorder": _reorder,
    "burst": _burst,
    "rollover": _rollover,
    "swap": _swap,
    "reset": _reset,
    "spike": _spike,
    "stuck": _stuck,
    "drift": _drift,
    "unit_slip": _unit_slip,
    "zone_slip": _zone_slip,
    "clock_drift": _clock_drift,
    "malformed": _malformed,
    "flapping": _on_line,
    "wrong_credentials": _on_line,
    "oversized": _on_line,
}
