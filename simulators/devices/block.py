"""What a simulated device says, and what was true: the two outputs of every site."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import NamedTuple, Protocol
from zlib import crc32

import numpy as np

from domain.calendar import Month
from domain.places import AnyDevice, Building, Contract, Institution
from simulators.devices.grid import Floats, Ints

DECIMALS = {
    "energy_import_kwh": 2,
    "energy_export_kwh": 2,
    "pv_energy_kwh": 3,
    "water_m3": 3,
    "gas_m3": 3,
    "gas_kwh": 1,
    "heat_gj": 3,
    "mass_kg": 2,
    "fill_level_ratio": 3,
    "battery_pct": 0,
}
"""Resolution of a display, by quantity; one decimal for all others."""


@dataclass(frozen=True)
class Block:
    """Readings of one device: `values` has a row a time and a column a quantity.

    Times are distinct and rising; NaN means that the device did not report that quantity then.
    """

    device: str
    quantities: tuple[str, ...]
    at_ms: Ints
    values: Floats

    @classmethod
    def of(cls, device: str, at_ms: Ints, **columns: Floats) -> "Block":
        """Rounds every column to what the device's display shows."""
        values = np.empty((len(at_ms), len(columns)))
        for column, (quantity, exact) in enumerate(columns.items()):
            np.round(exact, DECIMALS.get(quantity, 1), out=values[:, column])
        return cls(device, tuple(columns), at_ms, values)

    @cached_property
    def readings(self) -> int:
        """How many values there are (NaN is none)."""
        return self.values.size - int(np.count_nonzero(np.isnan(self.values)))

    @property
    def full(self) -> bool:
        """Whether every quantity was reported every time."""
        return self.readings == self.values.size

    def part(self, low: int, high: int) -> "Block":
        """Rows `low` to `high`, which is excluded."""
        return Block(self.device, self.quantities, self.at_ms[low:high], self.values[low:high])

    def split(self, at_ms: int) -> tuple["Block", "Block"]:
        """The rows up to and including an instant, and those after it."""
        cut = int(np.searchsorted(self.at_ms, at_ms, side="right"))
        return self.part(0, cut), self.part(cut, len(self.at_ms))


@dataclass(frozen=True)
class TruthDays:
    """What really happened, per local day of one month.

    `name` is a figure name where one exists (see `domain.figures`); `subject` as in Figure.
    `per_day` has one value for each day of the month.
    """

    institution: str
    subject: str
    name: str
    month: Month
    per_day: Floats

    def until(self, day: date) -> "TruthDays":
        """The days before `day` only."""
        if self.month.end_day <= day:
            return self
        kept = max(0, (day - self.month.first_day).days)
        return TruthDays(self.institution, self.subject, self.name, self.month, self.per_day[:kept])


class Message(NamedTuple):
    """A payload for a topic, and how many distinct good readings it carries."""

    topic: str
    payload: bytes
    readings: int


class Extra(NamedTuple):
    """A message beside the good readings: a repetition, a contradiction, garbage."""

    kind: str
    at_ms: int
    topic: str
    payload: bytes


class Incident(NamedTuple):
    """Something that befalls the line of a device when it sends what it read at `at_ms`."""

    kind: str
    at_ms: int
    device: str


@dataclass(frozen=True)
class FaultRecord:
    """A fault that happened: the truth about it. Its time is half-open."""

    kind: str
    device: str
    quantities: tuple[str, ...]
    start_at: datetime
    end_at: datetime
    readings: int
    """How many readings it touched, or struck at, in the month it began."""
    details: dict[str, float] = field(default_factory=dict)

    def as_dict(self) -> dict[str, object]:
        return {
            "kind": self.kind,
            "device": self.device,
            "quantities": list(self.quantities),
            "start": self.start_at.isoformat(),
            "end": self.end_at.isoformat(),
            "readings": self.readings,
            **self.details,
        }


@dataclass
class SiteMonth:
    """One month of one site; blocks in the order they are sent."""

    blocks: list[Block] = field(default_factory=list)
    truth: list[TruthDays] = field(default_factory=list)
    extras: list[Extra] = field(default_factory=list)
    faults: list[FaultRecord] = field(default_factory=list)
    incidents: list[Incident] = field(default_factory=list)


Carry = dict[str, float]
"""What a site hands from one month to the next: registers, masses in bins, charges."""


class Site(Protocol):
    """An institution (or a few) with its devices, simulated or replayed month by month."""

    @property
    def institutions(self) -> tuple[Institution, ...]: ...

    @property
    def buildings(self) -> tuple[Building, ...]: ...

    @property
    def devices(self) -> tuple[AnyDevice, ...]: ...

    @property
    def contracts(self) -> tuple[Contract, ...]: ...

    @property
    def timezone(self) -> str: ...

    @property
    def first(self) -> Month: ...

    @property
    def end(self) -> Month | None:
        """The month after its last, or None when it goes on live."""
        ...

    def messages(self, block: Block, live: bool = False) -> Iterable[Message]:
        """How a block of one of its devices travels: past ones many readings at a time, live
        ones as the device sends them."""
        ...

    def month(self, month: Month, carry: Carry) -> SiteMonth:
        """Everything said and true in a month; `carry` (empty at first) is updated.

        Registers are read at the end of each step; the first month also has a reading at its
        start, so that every month's use is a difference of two readings.
        """
        ...


def register(carry: Carry, name: str, use: Floats) -> Floats:
    """The register's values after each step (before the first one too when it is new).

    A new register starts at some index, as an installed meter does. `carry` keeps the exact
    sum, so rounding never adds up.
    """
    new = name not in carry
    before = carry.get(name, float(crc32(name.encode()) % 50_000))
    values = np.empty(len(use) + 1)
    values[0] = before
    np.cumsum(use, out=values[1:])
    values[1:] += before
    carry[name] = float(values[-1])
    return values if new else values[1:]
