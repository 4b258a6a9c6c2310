"""A reading and the series it belongs to."""

from typing import NamedTuple


class Series(NamedTuple):
    """What one device says of one quantity, e.g. ``Series("b7-elec", "energy_import_kwh")``."""

    device: str
    quantity: str


class Reading(NamedTuple):
    """One value a device reported.

    `at_ms` is the instant in milliseconds since the epoch, UTC. The value is finite, in the
    quantity's unit. (device, quantity, at_ms) identifies it: the same reading may arrive any
    number of times and counts once.
    """

    device: str
    quantity: str
    at_ms: int
    value: float

    @property
    def series(self) -> Series:
        return Series(self.device, self.quantity)
