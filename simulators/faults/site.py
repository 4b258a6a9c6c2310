"""A site whose devices have faults: the same truth, other messages."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import cached_property

from domain.calendar import Month, to_ms
from domain.places import AnyDevice, Meter
from domain.quantities import QUANTITIES
from simulators.devices.block import Block, Carry, Incident, Message, SiteMonth
from simulators.devices.randomness import stream
from simulators.devices.site_around import SiteAround
from simulators.faults.extras import extras_of
from simulators.faults.fault import Act, Fault
from simulators.faults.plans import Plan, plans_for


@dataclass(frozen=True)
class FaultySite(SiteAround):
    """A `Site` whose readings pass through faults on their way; its truth is untouched.

    `until` is the month after the last in which a drawn fault may begin.
    """

    faults: tuple[Fault, ...]
    seed: int
    until: Month

    @cached_property
    def devices(self) -> tuple[AnyDevice, ...]:
        """As without faults, but who registered a meter knows where its register rolls over."""
        sizes = self._sizes
        return tuple(
            replace(d, register_size=sizes[d.id]) if isinstance(d, Meter) and d.id in sizes else d
            for d in self.inner.devices
        )

    @cached_property
    def plans(self) -> tuple[Plan, ...]:
        """Every fault that will happen here."""
        return plans_for(self.inner, self.faults, self.seed, self.until)

    @cached_property
    def _sizes(self) -> dict[str, float]:
        """Where the registers of devices roll over, of those that do."""
        sizes = ((p.device, p.fault.rolls_over_at) for p in self.plans)
        return {device: size for device, size in sizes if math.isfinite(size)}

    def messages(self, block: Block, live: bool = False) -> Iterable[Message]:
        return self.inner.messages(block, live)

    def month(self, month: Month, carry: Carry) -> SiteMonth:
        made = self.inner.month(month, carry)
        sent = SiteMonth(
            truth=made.truth,
            extras=list(made.extras),
            faults=list(made.faults),
            incidents=list(made.incidents),
        )
        for block in made.blocks:
            acting = (p for p in self.plans if p.device == block.device)
            blocks = [block]
            for plan in sorted(acting, key=lambda p: p.turn):
                blocks = self._apply(plan, blocks, month, carry, sent)
            sent.blocks += [b for b in blocks if len(b.at_ms)]
        return sent

    def _apply(
        self, plan: Plan, blocks: list[Block], month: Month, carry: Carry, sent: SiteMonth
    ) -> list[Block]:
        fault = plan.fault
        act = Act(
            plan.key,
            to_ms(plan.start_at),
            to_ms(plan.end_at),
            stream(self.seed, plan.key, month),
            carry,
            self._sizes.get(plan.device, math.inf),
        )
        after: list[Block] = []
        touched = 0
        quantities: set[str] = set()
        for block in blocks:
            columns = _columns(fault, block)
            if not columns:
                after.append(block)
                continue
            names = [block.quantities[c] for c in columns]
            if fault.foresees:
                self._foresee(plan, names, carry)
            effect = fault.effect(replace(act, columns=columns), block)
            after += effect.blocks
            touched += effect.touched
            quantities.update(names)
            sent.extras += extras_of(self.inner, fault.kind, effect)
            sent.incidents += [Incident(fault.kind, at, plan.device) for at in effect.struck_ms]
        start, end = month.interval(self.timezone)
        if touched and start <= plan.start_at < end:
            sent.faults.append(plan.record(tuple(sorted(quantities)), touched))
        return after

    def _foresee(self, plan: Plan, names: list[str], carry: Carry) -> None:
        """Find the register at the start of a fault, by running the site ahead to it."""
        if all(f"{plan.key}/{n}" in carry for n in names):
            return
        ahead: Carry = {}
        month = self.first
        while True:
            made = self.inner.month(month, ahead)
            rows = next(b for b in made.blocks if b.device == plan.device)
            if month.interval(self.timezone)[1] > plan.start_at:
                break
            month = month.plus(1)
        row = int(rows.at_ms.searchsorted(to_ms(plan.start_at)))
        for name in names:
            value = rows.values[min(row, len(rows.at_ms) - 1), rows.quantities.index(name)]
            carry[f"{plan.key}/{name}"] = float(value)


def _columns(fault: Fault, block: Block) -> tuple[int, ...]:
    """The columns a fault may touch: named by it, and of a kind of quantity it makes sense for."""
    return tuple(
        column
        for column, name in enumerate(block.quantities)
        if fault.befalls in (None, QUANTITIES[name].kind)
        and any(fnmatchcase(name, pattern) for pattern in fault.quantities)
    )
