"""What a dialect is."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone

import numpy as np

from simulators.devices.block import Block, Message

Row = dict[str, float]
"""What a device reports at one time: quantity → value, without those it did not report."""


@dataclass(frozen=True)
class Speech:
    """How one make of devices speaks.

    `say(device, rows)` makes the messages of some rows, each (time in ms, row). `mapping` is the
    collector's mapping entry (topic filter, format, device, fields …) as TOML values. `batch` is
    how many rows go into one message. `timed` is False where messages carry no time: then only
    what is said live has a meaning. `quantities` are what it can report: others are left out.
    `measured` changes a block into what the device itself measures.
    """

    name: str
    say: Callable[[str, list[tuple[int, Row]]], Iterator[tuple[str, bytes]]]
    mapping: dict[str, object]
    quantities: tuple[str, ...]
    batch: int = 1
    timed: bool = True
    measured: Callable[[Block], Block] = field(default=lambda block: block)
    called: Callable[[str], str] | None = None
    """The name by which messages call a device, where a mapping must translate it."""

    def messages(self, block: Block) -> Iterator[Message]:
        """A block in this device's words; readings it cannot say were left out by `heard`."""
        rows = [(at, row) for at, row in _rows(block) if row]
        for low in range(0, len(rows), self.batch):
            some = rows[low : low + self.batch]
            said = list(self.say(block.device, some))
            count = sum(len(row) for _, row in some)
            for number, (topic, payload) in enumerate(said):
                # Several messages of one row share its readings; the last one counts them.
                yield Message(topic, payload, count if number == len(said) - 1 else 0)

    def heard(self, block: Block) -> Block | None:
        """The block as this device can report it; None when nothing is left."""
        own = self.measured(block)
        columns = [i for i, q in enumerate(own.quantities) if q in self.quantities]
        if not columns:
            return None
        names = tuple(own.quantities[i] for i in columns)
        return Block(own.device, names, own.at_ms, own.values[:, columns])


def _rows(block: Block) -> Iterator[tuple[int, Row]]:
    for at, values in zip(block.at_ms.tolist(), block.values.tolist(), strict=True):
        yield at, {q: v for q, v in zip(block.quantities, values, strict=True) if v == v}


def text(content: object) -> bytes:
    """JSON without spaces, as small firmware writes it."""
    return json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode()


def iso(at_ms: int, offset_h: float | None = 0.0) -> str:
    """ISO 8601; with `offset_h` None it is local Shanghai time that does not say so."""
    zone = timezone(timedelta(hours=8 if offset_h is None else offset_h))
    at = datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(zone)
    return at.replace(tzinfo=None).isoformat() if offset_h is None else at.isoformat()


def watt_hours(kwh: float) -> float:
    """kWh as Wh with one decimal, as meters count them."""
    return float(np.round(kwh * 1000.0, 1))
