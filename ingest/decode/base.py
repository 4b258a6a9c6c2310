"""What every decoder gives: the readings of one message, and what of it was unusable."""

from collections.abc import Callable
from typing import NamedTuple

from domain.readings import Reading, Run, readings_of
from ingest.mapping import Mapping


class Reject(NamedTuple):
    """One part of a message that is no reading, while the rest of the message goes on.

    `code` is a stable word dead letters are grouped by, as in PayloadError; `detail` is for a
    person. `device` is empty where it cannot be told.
    """

    device: str
    code: str
    detail: str


class Decoded(NamedTuple):
    """What one message says.

    `untimed` counts the readings that carried no time of their own and were given the time of
    arrival: they cannot be recognised as repeated when the broker delivers the message again.
    `ignored` are names in the message that are no readings, for people who write mappings.
    `frame` is the device and the number of its radio frame, where the format counts them. No run
    is empty.
    """

    runs: list[Run]
    rejects: list[Reject]
    untimed: int = 0
    ignored: tuple[str, ...] = ()
    frame: tuple[str, int] | None = None

    def add(self, device: str, quantity: str, at_ms: int, value: float) -> None:
        """Add one reading."""
        self.runs.append(Run(device, quantity, (at_ms,), (value,)))

    @property
    def readings(self) -> list[Reading]:
        """The readings one by one."""
        return list(readings_of(self.runs))


Decoder = Callable[[str, bytes, int, Mapping], Decoded]
"""``decode(topic, payload, arrived_at_ms, mapping)``; raises nothing but PayloadError. Pure, but
for what a format must remember, which belongs to who decodes (see `ingest.decode.decoders`)."""
