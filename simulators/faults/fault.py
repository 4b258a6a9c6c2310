"""What a fault is, and all that one kind of fault has to say of itself.

A kind is a class: its own fields are the numbers it takes (with their defaults), its class
variables say how it is told, when its turn is and what counts as having found it, and `effect`
is what it does. Nothing else has to know of it: fault files, sites, truth, scorecard and
``civicmeter simulate faults`` read it from here.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import Field, dataclass, field, fields
from datetime import datetime
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from domain.quantities import Kind
from simulators.devices.block import Block, Carry
from simulators.devices.grid import Floats, Ints

Bools = NDArray[np.bool_]
_DAY_MS = 86_400_000.0


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
    """One fault at work on one device in one month: when, where, and with which randomness."""

    key: str
    start_ms: int
    end_ms: int
    noise: np.random.Generator
    carry: Carry
    """What it remembers from month to month."""
    size: float = math.inf
    """Where the device's register rolls over, whatever else befalls it."""
    columns: tuple[int, ...] = ()
    """The columns of the block that it may touch."""

    def inside(self, at_ms: Ints) -> Bools:
        """Rows within the fault's time (half-open)."""
        return (at_ms >= self.start_ms) & (at_ms < self.end_ms)

    def hit(self, at_ms: Ints, rate: float) -> Bools:
        """Rows within its time that it hits, so many of them."""
        drawn = self.noise.random(len(at_ms)) < rate
        return self.inside(at_ms) & drawn

    def grown(self, at_ms: Ints, per_day: float) -> Floats:
        """What has grown by so much a day since its start."""
        return np.asarray(per_day * (at_ms - self.start_ms) / _DAY_MS, dtype=np.float64)


class Check(NamedTuple):
    """What a number in a fault file must be."""

    holds: Callable[[float], bool]
    says: str


_CHECK = "check"
_SHARE = Check(lambda value: 0 <= value <= 1, "is a share between 0 and 1")
_POSITIVE = Check(lambda value: value > 0, "must be more than 0")


def a_share(default: float) -> float:
    """A number of a fault that is a share."""
    made: float = field(default=default, metadata={_CHECK: _SHARE})
    return made


def positive(default: float) -> float:
    """A number of a fault that is more than 0."""
    made: float = field(default=default, metadata={_CHECK: _POSITIVE})
    return made


def check_of(number: "Field[Any]") -> Check | None:
    """What a number must be, if anything."""
    check: Check | None = number.metadata.get(_CHECK)
    return check


@dataclass(frozen=True)
class Fault(ABC):
    """A way to lie, on some devices: what a ``[[fault]]`` table says.

    Subclasses with a `kind` are kinds of faults; those without are what several have in common.
    """

    kind: ClassVar[str] = ""
    meaning: ClassVar[str] = ""
    """What it does, in a line; numbers it takes in backticks."""
    turn: ClassVar[int]
    """Of several on one device the lower acts first: what is wrong in a device comes before what
    is wrong on the way."""
    found_as: ClassVar[frozenset[str]] = frozenset()
    """Codes of findings any of which, on that device in that month, means: found. A fault without
    is one that a good pipeline takes without a word."""
    befalls: ClassVar[Kind | None] = None
    """The kind of quantity it makes sense for; None: for all."""
    anew: ClassVar[bool] = False
    """Whether a register begins anew at its start, for ever; others end."""
    foresees: ClassVar[bool] = False
    """Whether it shows before its start, too, and so must know the register at it."""

    devices: tuple[str, ...] = ("*",)
    quantities: tuple[str, ...] = ("*",)
    share: float = a_share(1.0)
    """Of the devices named, how many have it."""
    start_at: datetime | None = None
    """None: drawn for each device."""
    hours: float = positive(24.0)

    @abstractmethod
    def effect(self, act: Act, block: Block) -> Sent:
        """What is really sent of a block; a pure function but for the carry and the randomness
        of `act`.
        """

    @property
    def rolls_over_at(self) -> float:
        """Where it makes its device's register roll over; infinite: nowhere."""
        return math.inf

    @property
    def details(self) -> dict[str, float]:
        """The numbers its kind takes, for the truth."""
        return {f.name: float(getattr(self, f.name)) for f in own_numbers(type(self))}


def own_numbers(kind: type[Fault]) -> "tuple[Field[Any], ...]":
    """The fields a kind adds to those all faults have."""
    return fields(kind)[len(fields(Fault)) :]


@dataclass(frozen=True)
class FaultAtRate(Fault, ABC):
    """One that strikes at some of the readings inside its time."""

    rate: float = a_share(1.0)

    def hit(self, act: Act, block: Block) -> Bools:
        """The rows it strikes at."""
        return act.hit(block.at_ms, self.rate)


def rows_of(block: Block, chosen: Bools) -> Block:
    """Some of a block's rows."""
    return Block(block.device, block.quantities, block.at_ms[chosen], block.values[chosen])


def with_values(block: Block, values: Floats) -> Block:
    """A block's times with other values."""
    return Block(block.device, block.quantities, block.at_ms, values)
