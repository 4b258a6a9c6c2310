"""A site whose devices have faults: the same truth, other messages."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from functools import cached_property

from domain.calendar import Month, from_ms, local_midnight, to_ms
from domain.places import AnyDevice, Meter
from domain.quantities import QUANTITIES
from simulators.devices.block import (
    Block,
    Carry,
    Extra,
    FaultRecord,
    Incident,
    Message,
    Site,
    SiteMonth,
)
from simulators.devices.randomness import stream
from simulators.devices.site_around import SiteAround
from simulators.faults.effects import EFFECTS, Act, Sent
from simulators.faults.spec import KINDS, ON_REGISTERS, ON_STATES, FaultSpec

# What is wrong in a device comes before what is wrong on the way.
_ORDER = (
    "rollover",
    "swap",
    "reset",
    "drift",
    "stuck",
    "unit_slip",
    "spike",
    "zone_slip",
    "clock_drift",
    "loss",
    "malformed",
    "duplicate",
    "burst",
    "reorder",
    "flapping",
    "wrong_credentials",
    "oversized",
)
assert set(_ORDER) == set(EFFECTS) == set(KINDS)
_APART = timedelta(days=2)
_ROWS = 32
"""Rows in one extra message."""
FIRST_DAY, LAST_DAY = 4, 22
"""Days of the month between which drawn faults begin, so that most end within it."""


@dataclass(frozen=True)
class Plan:
    """One fault of one device."""

    spec: FaultSpec
    number: int
    device: str
    start_at: datetime
    end_at: datetime

    @property
    def key(self) -> str:
        return f"fault/{self.number}/{self.device}"


@dataclass(frozen=True)
class FaultySite(SiteAround):
    """A `Site` whose readings pass through faults on their way; its truth is untouched.

    `until` is the month after the last in which a drawn fault may begin.
    """

    specs: tuple[FaultSpec, ...]
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
        """Every fault that will happen here; two on one device keep days apart, and a register
        that has begun anew does not roll over within the few months of a scenario.
        """
        found: list[Plan] = []
        for number, spec in enumerate(self.specs):
            for device in self.inner.devices:
                if not any(fnmatchcase(device.id, pattern) for pattern in spec.devices):
                    continue
                plan = self._drawn(number, spec, device.id)
                if plan and not any(_clash(plan, other) for other in found):
                    found.append(plan)
        return tuple(found)

    @cached_property
    def _sizes(self) -> dict[str, float]:
        """Where the registers of devices roll over, of those that do."""
        return {p.device: p.spec.size for p in self.plans if p.spec.kind == "rollover"}

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
            acts = sorted(
                (p for p in self.plans if p.device == block.device),
                key=_turn,
            )
            blocks = [block]
            for plan in acts:
                blocks = self._apply(plan, blocks, month, carry, sent)
            sent.blocks += [b for b in blocks if len(b.at_ms)]
        return sent

    def _apply(
        self, plan: Plan, blocks: list[Block], month: Month, carry: Carry, sent: SiteMonth
    ) -> list[Block]:
        act = Act(
            plan.spec,
            plan.key,
            to_ms(plan.start_at),
            to_ms(plan.end_at),
            stream(self.seed, plan.key, month),
            self._sizes.get(plan.device, math.inf),
        )
        after: list[Block] = []
        touched = 0
        names: set[str] = set()
        for block in blocks:
            columns = _columns(plan.spec, block)
            if not columns:
                after.append(block)
                continue
            if plan.spec.kind == "rollover":
                self._foresee(plan, block, columns, carry)
            effect = EFFECTS[plan.spec.kind](act, block, columns, carry)
            after += effect.blocks
            touched += effect.touched
            names.update(block.quantities[c] for c in columns)
            sent.extras += _extras(self.inner, plan.spec.kind, effect)
            sent.incidents += [Incident(plan.spec.kind, at, plan.device) for at in effect.struck_ms]
        start, end = month.interval(self.timezone)
        if touched and start <= plan.start_at < end:
            sent.faults.append(_record(plan, tuple(sorted(names)), touched))
        return after

    def _foresee(self, plan: Plan, block: Block, columns: list[int], carry: Carry) -> None:
        """Find the register at the start of a rollover, by running the site ahead to it."""
        names = [block.quantities[c] for c in columns]
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

    def _drawn(self, number: int, spec: FaultSpec, device: str) -> Plan | None:
        noise = stream(self.seed, "fault", number, spec.kind, device)
        if noise.random() >= spec.share:
            return None
        start = spec.start_at
        if start is None:
            months = (self.until.year - self.first.year) * 12 + self.until.month - self.first.month
            month = self.first.plus(int(noise.integers(max(1, months))))
            day = int(noise.integers(FIRST_DAY, LAST_DAY + 1))
            on = month.first_day + timedelta(days=day - 1)
            start = local_midnight(on, self.timezone) + timedelta(hours=int(noise.integers(24)))
        return Plan(spec, number, device, start, start + timedelta(hours=spec.hours))


def _turn(plan: Plan) -> tuple[int, int]:
    """When a fault's turn is; registers that begin anew twice do so one after the other."""
    if plan.spec.kind in ON_REGISTERS:
        return 0, to_ms(plan.start_at)
    return _ORDER.index(plan.spec.kind), 0


def _clash(one: Plan, other: Plan) -> bool:
    if one.device != other.device:
        return False
    first, then = sorted((one, other), key=lambda p: p.start_at)
    near = then.start_at < first.end_at + _APART and first.start_at < then.end_at + _APART
    return near or (first.spec.kind in ON_REGISTERS and then.spec.kind == "rollover")


def _columns(spec: FaultSpec, block: Block) -> list[int]:
    """The columns a fault may touch: named by it, and of a kind of quantity it makes sense for."""
    found = []
    for column, name in enumerate(block.quantities):
        kind = QUANTITIES[name].kind
        fits = (
            spec.kind not in ON_REGISTERS | ON_STATES
            or (spec.kind in ON_REGISTERS and kind == "total_increasing")
            or (spec.kind in ON_STATES and kind == "measurement")
        )
        if fits and any(fnmatchcase(name, pattern) for pattern in spec.quantities):
            found.append(column)
    return found


def _extras(site: Site, kind: str, sent: Sent) -> Iterator[Extra]:
    for what, blocks, rows in (
        ("duplicate", sent.again, _ROWS),
        ("contradiction", sent.contradicting, _ROWS),
        (kind, sent.garbled, 1),
    ):
        for block in blocks:
            for low in range(0, len(block.at_ms), rows):
                part = block.part(low, low + rows)
                at_ms = int(part.at_ms[0])
                for message in site.messages(part):
                    garbled = blocks is sent.garbled
                    body = _garbled(message.payload, at_ms) if garbled else message.payload
                    yield Extra(what, at_ms, message.topic, body)


def _garbled(payload: bytes, at_ms: int) -> bytes:
    """Broken in one of three ways: cut off, overwritten, or not even text."""
    way = at_ms // 60_000 % 3
    if way == 0:
        return payload[: 2 * len(payload) // 3]
    middle = len(payload) // 2
    return payload[:middle] + (b"#?{" if way == 1 else b"\xff\xfe\x00") + payload[middle:]


def _record(plan: Plan, quantities: tuple[str, ...], touched: int) -> FaultRecord:
    used = {
        "loss": ("rate",),
        "rollover": ("size",),
        "swap": ("value",),
        "spike": ("rate", "factor"),
        "drift": ("per_day",),
        "unit_slip": ("factor",),
        "zone_slip": ("slip_h",),
        "clock_drift": ("per_day",),
        "malformed": ("rate",),
        "duplicate": ("rate",),
        "flapping": ("rate",),
        "wrong_credentials": ("rate",),
        "oversized": ("rate",),
    }
    details = {name: float(getattr(plan.spec, name)) for name in used.get(plan.spec.kind, ())}
    lasts = plan.spec.kind not in ON_REGISTERS
    end = plan.end_at if lasts else plan.start_at + timedelta(milliseconds=1)
    return FaultRecord(
        plan.spec.kind,
        plan.device,
        quantities,
        from_ms(to_ms(plan.start_at)),
        end,
        touched,
        details,
    )
